/** @file A prepared corpus, opened: its tokens in memory, checked against checksums and tokenizer. */

import { UserError } from "../errors.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { readShard } from "./shards.ts";
import { concatenate } from "./step-encode.ts";
import { tokenizerPath, tokensFolder } from "./steps.ts";
import { readTokenizer, type Tokenizer } from "./tokenizer.ts";

/** What batches are cut from. */
export type TokenSource = {
  readonly name: string;
  /** Share of the training sequences; the shares of a corpus add up to 1. */
  readonly share: number;
  /** Passages one after the other, each led by the end-of-text token. */
  readonly train: Uint16Array;
  readonly heldOut: Uint16Array;
};

/** A prepared corpus, its shards in memory. */
export type Corpus = {
  readonly manifest: Manifest;
  readonly tokenizer: Tokenizer;
  readonly sources: readonly TokenSource[];
};

/** Opens what `prepareCorpus` left in a folder. */
export function openCorpus(folder: string): Corpus {
  const manifest = readManifest(folder);
  const tokenizer = readTokenizer(tokenizerPath(folder));
  if (tokenizer.hash !== manifest.tokenizer.hash) {
    throw new UserError(
      `${tokenizerPath(folder)} is the tokenizer ${tokenizer.hash.slice(0, 12)}`,
      `the tokenizer ${manifest.tokenizer.hash.slice(0, 12)} that the manifest names`,
      "prepare the corpus again, or put the tokenizer back",
    );
  }
  const read = (shards: readonly string[]) =>
    concatenate(shards.map((name) => readShard(tokensFolder(folder), name, tokenizer.hash)));
  const sources = manifest.sources.map(({ name, share, train, heldOut }) => ({
    name,
    share,
    train: read(train.shards),
    heldOut: read(heldOut.shards),
  }));
  return { manifest, tokenizer, sources };
}
