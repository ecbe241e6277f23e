/** @file Held-out loss in nats per token and bits per byte, by source and in all, on one set for all. */

import type { Corpus } from "../corpus/corpus.ts";
import { heldOutBatches } from "../corpus/held-out.ts";
import type { Session } from "../engine/session.ts";
import { bitsPerByte } from "./bits-per-byte.ts";
import type { RunSpec } from "./run-spec.ts";

export type HeldOutScore = {
  readonly numTokens: number;
  readonly numBytes: number;
  readonly natsPerToken: number;
  /** Nats over ln 2 over bytes: the loss that does not depend on the tokenizer. */
  readonly bitsPerByte: number;
};

export type HeldOut = {
  readonly all: HeldOutScore;
  readonly sources: Readonly<Record<string, HeldOutScore>>;
};

/** Scores with the `evaluate` program; sums in float64 in a fixed order. */
export async function scoreHeldOut(
  session: Session,
  corpus: Corpus,
  {
    sequenceLength,
    batchSequences,
    heldOutTokens,
  }: Pick<RunSpec, "sequenceLength" | "batchSequences" | "heldOutTokens">,
): Promise<HeldOut> {
  const sums = corpus.sources.map(() => ({ nats: 0, tokens: 0, bytes: 0 }));
  const request = {
    sequenceLength,
    batchSequences,
    tokenBytes: corpus.tokenizer.tokenBytes,
    maximumTokensPerSource: Math.ceil(heldOutTokens / corpus.sources.length),
  };
  for (const batch of heldOutBatches(corpus.sources, request)) {
    session.integers("tokens").set(batch.inputs);
    session.integers("targets").set(batch.targets);
    await session.run("evaluate");
    const losses = session.output("evaluate", "losses");
    const sum = sums[batch.sourceIndex]!;
    sum.bytes += batch.numBytes;
    sum.tokens += batch.numTokens;
    for (const loss of losses) sum.nats += loss; // 0 where the target is not counted
  }
  const total = sums.reduce((a, b) => ({
    nats: a.nats + b.nats,
    tokens: a.tokens + b.tokens,
    bytes: a.bytes + b.bytes,
  }));
  return {
    all: score(total),
    sources: Object.fromEntries(corpus.sources.map(({ name }, i) => [name, score(sums[i]!)])),
  };
}

function score({ nats, tokens, bytes }: Readonly<Record<"nats" | "tokens" | "bytes", number>>): HeldOutScore {
  return {
    numTokens: tokens,
    numBytes: bytes,
    natsPerToken: nats / tokens,
    bitsPerByte: bitsPerByte(nats, bytes),
  };
}
