/** @file Do the units fit? Tokens in billions, perplexities, FLOPs that no such model could have used. */

import { UserError } from "../../errors.ts";
import { median } from "../../math/statistics.ts";
import { formatList, formatNumber, scientific } from "../../units/print.ts";
import type { TableRun } from "./run-table.ts";

/** Which of the numbers stand in the table by themselves, and which the user vouched for by --columns. */
export type Given = {
  readonly n: boolean;
  readonly d: boolean;
  readonly c: boolean;
  readonly compute: "found" | "named";
  /** Named: one of N, D and C at least. */
  readonly sizes: "found" | "named";
  readonly loss: "found" | "named";
};

/** No model of a published ladder has fewer parameters; sizes written in millions or billions stay below. */
const LEAST_PARAMETERS = 1e4;
/** exp(15) is a vocabulary of three million: an untrained model's loss in nats is below that. */
export const MOST_LOSS = 15;
/** 6 N D, give or take conventions: attention, recomputed activations, embeddings counted or not. */
const USUAL = { lo: 5, hi: 10 };
/** Forward alone is 2 N D; at width 64 attention and head make some 40 (assumption: at most 60). */
const POSSIBLE = { lo: 2, hi: 60 };

/** No table is beyond these: Porian et al. begin at 0.1 tokens a parameter, over-training ends near 1e4. */
const RATIOS = { lo: 0.01, hi: 1e5 };
/** FLOPs of a run of a thousand tokens at 1e5 parameters; a table in units of its own stays below. */
const LEAST_FLOPS = 1e9;
/** A million times the largest model and the largest text, and what they would compute. */
const MOST = { n: 1e19, d: 1e19, c: 1e39 } as const;

/** Warnings of odd units. Throws a `UserError` where a unit cannot be meant. */
export function checkUnits(runs: readonly TableRun[], source: string, given: Given): readonly string[] {
  if (runs.length === 0) return [];
  for (const quantity of ["n", "d", "c"] as const) {
    const odd = runs.find((run) => run[quantity] > MOST[quantity]);
    if (odd)
      throw new UserError(
        `${source}: ${odd.run} has ${quantity.toUpperCase()} ${formatNumber(odd[quantity])}`,
        `at most ${scientific(MOST[quantity])}: no run was ever near it`,
        "correct the cell or the heading's unit, or leave the run out",
      );
  }
  const middle = (of: (run: TableRun) => number) => median(runs.map(of));
  if (given.n && middle(({ n }) => n) < LEAST_PARAMETERS) throw tooSmall(source, runs, "n", "parameters");
  if (given.d && middle(({ d }) => d) < 1e5 && middle(({ n }) => n) > 1e7)
    throw tooSmall(source, runs, "d", "tokens");
  const ratio = middle(({ n, d }) => d / n);
  if (given.sizes === "found" && (ratio < RATIOS.lo || ratio > RATIOS.hi))
    throw unlikely(
      source,
      given,
      runs,
      `${formatNumber(ratio)} tokens a parameter`,
      `${RATIOS.lo} to ${RATIOS.hi}`,
    );
  // With N and D beside it, C is held against them below.
  const isAlone = !(given.n && given.d);
  if (given.c && isAlone && given.compute === "found" && middle(({ c }) => c) < LEAST_FLOPS)
    throw unlikely(source, given, runs, `${formatNumber(middle(({ c }) => c))} FLOPs`, "1e9 and more");
  const loss = middle((run) => run.loss);
  if (loss > MOST_LOSS && given.loss === "found") {
    throw new UserError(
      `${source}: a middle loss of ${formatNumber(loss)}`,
      `nats per token or bits per byte, below ${MOST_LOSS}`,
      "if these are perplexities, give their logarithms; where commas are decimal, write 3.142 for 3,142; if " +
        "they are losses in a unit of their own, say so with --columns loss=...",
    );
  }
  return given.n && given.d && given.c ? checkCompute(runs, source, given.compute) : [];
}

function checkCompute(
  runs: readonly TableRun[],
  source: string,
  compute: Given["compute"],
): readonly string[] {
  const ratio = ({ n, d, c }: TableRun) => c / (n * d);
  const outside = ({ lo, hi }: { readonly lo: number; readonly hi: number }) =>
    runs.filter((run) => !(ratio(run) >= lo && ratio(run) <= hi));
  const listed = (odd: readonly TableRun[]) =>
    formatList(
      odd.map((run) => `${formatNumber(ratio(run))} at ${run.run}`),
      5,
    );
  const impossible = outside(POSSIBLE);
  if (impossible.length > 0 && compute === "found") {
    throw new UserError(
      `${source}: C / (N D) is ${listed(impossible)}`,
      `about 6, and within ${POSSIBLE.lo} to ${POSSIBLE.hi} in any convention`,
      "correct the units of these rows (a heading may carry one: tokens (B)), or say with --columns c=... " +
        "that the column is meant as it is",
    );
  }
  const unusual = outside(USUAL);
  if (unusual.length === 0) return [];
  const count = `${unusual.length} of ${runs.length} runs`;
  return [
    `C is outside ${USUAL.lo} to ${USUAL.hi} times N D in ${count}: ${listed(unusual)}. Attention and ` +
      "embeddings make it larger at small width; other conventions of counting, or wrong units, do so too",
  ];
}

function unlikely(
  source: string,
  given: Given,
  [run]: readonly TableRun[],
  what: string,
  expected: string,
): UserError {
  const { n, d, c } = run!;
  const sizes = (["n", "d", "c"] as const).filter((quantity) => given[quantity]);
  const named = sizes.map((quantity) => `${quantity.toUpperCase()} ${formatNumber({ n, d, c }[quantity])}`);
  return new UserError(
    `${source}: a run of ${what} in the middle; ${run!.run} has ${named.join(", ")}`,
    expected,
    "write the units in the headings, as tokens (B) or total_gflops, or vouch for the columns: --columns " +
      sizes.map((quantity) => `${quantity}=...`).join(","),
  );
}

function tooSmall(
  source: string,
  runs: readonly TableRun[],
  quantity: "n" | "d",
  what: "parameters" | "tokens",
): UserError {
  const example = runs[0]!;
  return new UserError(
    `${source}: ${what} such as ${formatNumber(example[quantity])} (${example.run})`,
    `${what} as a count`,
    `write the unit in the heading, as "${what} (B)" or ${what}_millions, or in the cells, as 1.4B`,
  );
}
