/**
 * @file A fitted law over size and tokens as a value: its best fit, the fits that its runs could as well have
 * given, the surfaces they are.
 */

import { readFileSync } from "node:fs";
import { UserError } from "../errors.ts";
import { lawNamed } from "./formulas/all.ts";
import { flopsPerPairFrom, type Law } from "./law.ts";
import { readLawFile, type SavedLaw } from "./law-file.ts";
import { type SplitLoss, splitLossOf } from "./optimum.ts";

/** A fitted law as a value: what a forecast, an optimum or the planner needs of it. */
export type ScalingLaw = {
  readonly law: Law;
  readonly theta: Float64Array;
  /**
   * Together they carry how its numbers vary with one another. Empty: how well the law is known is not known.
   */
  readonly draws: readonly Float64Array[];
  /** C / (N D). */
  readonly flopsPerPair: number;
  /** FLOPs of the largest run that it was fitted to; null: not known. */
  readonly largestCompute: number | null;
  /** What N counts, in the words of the table. */
  readonly counts: string;
};

/**
 * Reads a law file. Throws a `UserError` where it is none, or where its law does not tell size from tokens.
 */
export function readScalingLaw(path: string): ScalingLaw {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new UserError(`no file ${path}`, "a law saved by longrun laws fit --save", "check the path");
  }
  return scalingLawOf(readLawFile(text, path));
}

/** The law of a file. Throws a `UserError` where it does not tell size from tokens. */
export function scalingLawOf(saved: SavedLaw): ScalingLaw {
  const law = lawNamed(saved.law);
  checkTellsSizeFromTokens(law);
  return {
    law,
    theta: Float64Array.from(saved.theta),
    draws: saved.draws.map((draw) => Float64Array.from(draw)),
    flopsPerPair: flopsPerPairFrom(saved.flopsPerParameterToken ?? 6),
    largestCompute: saved.largest.c,
    counts: saved.conventions.parameters,
  };
}

/** Throws a `UserError` for a law that is not one over N and D. */
export function checkTellsSizeFromTokens(law: Law): void {
  if (law.uses.includes("n") && law.uses.includes("d")) return;
  throw new UserError(
    `the law ${law.formula}, which does not tell size from tokens`,
    "a law over N and D",
    "choose another with --law: chinchilla is the usual one",
  );
}

/** Loss over size and tokens: of the best fit, and of each draw. */
export type Surfaces = { readonly best: SplitLoss; readonly draws: readonly SplitLoss[] };

/** The surfaces of the best fit and of its draws. */
export function surfacesOf({
  law,
  theta,
  draws,
  flopsPerPair,
}: Pick<ScalingLaw, "law" | "theta" | "draws" | "flopsPerPair">): Surfaces {
  return {
    best: splitLossOf(law, theta, flopsPerPair),
    draws: draws.map((draw) => splitLossOf(law, draw, flopsPerPair)),
  };
}

/** log(N D) of a budget. */
export function logPairsOf({ flopsPerPair }: Pick<ScalingLaw, "flopsPerPair">, compute: number): number {
  return Math.log(compute / flopsPerPair);
}
