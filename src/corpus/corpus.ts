/** @file A prepared corpus, opened: its shards mapped to memory, checked against checksums and tokenizer. */

import { UserError } from "../errors.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { concatenate, readShard, ShardedTokens } from "./shards.ts";
import { tokenizerPath, tokensFolder } from "./steps.ts";
import { readTokenizer, type Tokenizer } from "./tokenizer.ts";

/** What batches are cut from. */
export type TokenSource = {
  readonly name: string;
  /** Share of the training sequences; the shares of a corpus add up to 1. */
  readonly share: number;
  /** Passages one after the other, each led by the end-of-text token. */
  readonly train: Pick<Uint16Array, "length"> & { subarray(start: number, end: number): Uint16Array };
  readonly heldOut: Uint16Array;
};

/** A prepared corpus, its shards mapped into memory. */
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
    shards.map((name) => readShard(tokensFolder(folder), name, tokenizer.hash));
  const sources = manifest.sources.map(({ name, share, train, heldOut }) => ({
    name,
    share,
    train: new ShardedTokens(read(train.shards)),
    heldOut: concatenate(read(heldOut.shards)),
  }));
  return { manifest, tokenizer, sources };
}
