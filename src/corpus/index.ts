/** @file The public surface of the corpus: text prepared once, any batch a function of seed and step. */

export { type BatchRequest, batchAt, epochsAfter, type TokenBatch, type TrainSource } from "./batches.ts";
export { type Corpus, openCorpus, type TokenSource } from "./corpus.ts";
export { type HeldOutBatch, type HeldOutRequest, heldOutBatches } from "./held-out.ts";
export { type Manifest, readManifest } from "./manifest.ts";
export { prepareCorpus } from "./prepare.ts";
export { type CorpusSpec, corpusSpec } from "./spec.ts";
export type { PrepareOptions, PrepareProgress } from "./steps.ts";
export { readTokenizer, Tokenizer } from "./tokenizer.ts";
export type { Merge } from "./vocabulary.ts";
