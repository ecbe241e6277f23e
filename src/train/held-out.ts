/** @file Held-out loss in nats per token and bits per byte, of the mixture and by source. */

import type { Corpus } from "../corpus/corpus.ts";
import { heldOutBatches } from "../corpus/held-out.ts";
import type { Session } from "../engine/session.ts";
import { sum } from "../math/statistics.ts";
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
  /** Of the mixture: each source weighs as much as in training. Its counts are of all that was scored. */
  readonly all: HeldOutScore;
  readonly sources: Readonly<Record<string, HeldOutScore>>;
};

/** Scores with the `evaluate` program; sums in float64 in a fixed order. `onBatch` hears of each batch. */
export async function scoreHeldOut(
  session: Session,
  corpus: Corpus,
  {
    sequenceLength,
    batchSequences,
    heldOutTokens,
  }: Pick<RunSpec, "sequenceLength" | "batchSequences" | "heldOutTokens">,
  onBatch: () => void = () => {},
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
    onBatch();
    const losses = session.output("evaluate", "losses");
    const ofSource = sums[batch.sourceIndex]!;
    ofSource.bytes += batch.numBytes;
    ofSource.tokens += batch.numTokens;
    for (const loss of losses) ofSource.nats += loss; // 0 where the target is not counted
  }
  return heldOutOf(corpus.sources.map(({ name, share }, i) => ({ name, share, ...sums[i]! })));
}

/** The scores by what was summed over each source. */
export function heldOutOf(
  sources: readonly (Sums & { readonly name: string; readonly share: number })[],
): HeldOut {
  const shares = sources.map(({ share }) => share);
  return {
    all: mixtureOf(sources, shares),
    sources: Object.fromEntries(sources.map(({ name, ...sums }) => [name, score(sums)])),
  };
}

type Sums = Readonly<Record<"nats" | "tokens" | "bytes", number>>;

/** The score of text that comes from the sources by their shares of the tokens, as training text does. */
export function mixtureOf(sums: readonly Sums[], shares: readonly number[]): HeldOutScore {
  const tokens = sum(sums.map((one) => one.tokens));
  const weighted = (name: "nats" | "bytes") =>
    sum(sums.map((one, i) => ((shares[i]! * tokens) / one.tokens) * one[name]));
  const numBytes = sum(sums.map((one) => one.bytes));
  return { ...score({ nats: weighted("nats"), tokens, bytes: weighted("bytes") }), numBytes };
}

function score({ nats, tokens, bytes }: Sums): HeldOutScore {
  return {
    numTokens: tokens,
    numBytes: bytes,
    natsPerToken: nats / tokens,
    bitsPerByte: bitsPerByte(nats, bytes),
  };
}
