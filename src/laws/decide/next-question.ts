/** @file The questions that a further rung can answer, linear functions of what a ladder leaves unknown. */

import { UserError } from "../../errors.ts";
import type { Design, Law } from "../../law/law.ts";
import { optimumOn, type SplitLoss, splitLossOf } from "../../law/optimum.ts";
import { FLOPS } from "../../units/kinds.ts";
import { formatFlops } from "../../units/print.ts";
import { parseAmount } from "../../units/read.ts";
import { exponentsAt } from "./allocate.ts";
import type { LadderKnowledge } from "./ladder-knowledge.ts";

/** What is to be known better. */
export type NextQuestion =
  | { readonly kind: "loss"; readonly compute: number }
  /** a of N* ~ C^a; for a law of compute alone, its b. */
  | { readonly kind: "exponent" }
  /** The compute-optimal size at this compute. */
  | { readonly kind: "allocation"; readonly compute: number };

/** A question with its present answer. */
export type Asked = {
  readonly value: number;
  /** How the answer reads the variables of the ladder's knowledge: in log for "loss" and "allocation". */
  readonly row: Float64Array;
  readonly scale: "log" | "plain";
};

/** Reads "loss at 1e22", "exponent", "allocation at 1e22". */
export function readQuestion(text: string, targetCompute: number | undefined): NextQuestion {
  const match = /^\s*(loss|exponent|allocation)(?:\s+at\s+(.+?))?\s*$/i.exec(text);
  const kind = match?.[1]?.toLowerCase();
  const compute = match?.[2] === undefined ? targetCompute : parseAmount(match[2], FLOPS);
  if (kind === "exponent") return { kind };
  if ((kind === "loss" || kind === "allocation") && compute != null) return { kind, compute };
  throw new UserError(
    `the question "${text}"`,
    `"loss at 1e22", "allocation at 1e22" or "exponent"`,
    "ask one of these; --target-compute may give the FLOPs instead",
  );
}

/** Words for people. */
export function questionText(question: NextQuestion): string {
  switch (question.kind) {
    case "loss":
      return `the loss at ${formatFlops(question.compute)}`;
    case "exponent":
      return "the exponent";
    case "allocation":
      return `the optimal size at ${formatFlops(question.compute)}`;
  }
}

/** The question against a ladder; `target` is the design meant by "loss at". */
export function asked(question: NextQuestion, ladder: LadderKnowledge, target: Design, k: number): Asked {
  const { law, theta } = ladder;
  switch (question.kind) {
    case "loss": {
      const scratch = new Float64Array(theta.length);
      const value = Math.exp(law.logLoss(theta, law.covariates(target), scratch));
      return { value, row: ladder.rowOf(target), scale: "log" };
    }
    case "exponent":
      return { ...ofParameters(ladder, exponentOf(law, k, target)), scale: "plain" };
    case "allocation": {
      const logPairs = Math.log(question.compute / k);
      const logN = (at: Float64Array) => optimumOn(splitLossOf(law, at, k), logPairs).logN;
      const { value, row } = ofParameters(ladder, logN);
      const shift = shiftPerTilt(splitLossOf(law, theta, k), logPairs, value);
      ladder.tiltRowOf(question.compute).forEach((share, i) => {
        row[i]! += shift * share;
      });
      return { value: Math.exp(value), row, scale: "log" };
    }
  }
}

/**
 * How far a tilt moves the optimal log N. On a budget log10(D / N) = constant - 2 log N / ln 10, so a tilt T
 * adds the slope -2 T / ln 10 to a valley of this curvature.
 */
function shiftPerTilt(surface: SplitLoss, logPairs: number, logN: number): number {
  const h = 0.05;
  const at = (x: number) => surface(x, logPairs - x);
  const curvature = (at(logN + h) - 2 * at(logN) + at(logN - h)) / (h * h);
  return 2 / Math.LN10 / curvature;
}

function exponentOf(law: Law, k: number, target: Design): (theta: Float64Array) => number {
  if (law.uses.includes("n") && law.uses.includes("d")) {
    const logPairs = Math.log(target.c / k);
    return (theta) => exponentsAt(splitLossOf(law, theta, k), logPairs).n;
  }
  const index = law.parameters.findIndex(({ name }) => name === "b");
  if (index >= 0) return (theta) => law.natural(theta)[index]!;
  throw new UserError(
    `the exponent of ${law.formula}`,
    "a law over N and D, or one with a parameter b",
    "choose another with --law",
  );
}

/** A function of the parameters alone, and its slope over them by central differences. */
function ofParameters(ladder: LadderKnowledge, at: (theta: Float64Array) => number) {
  const { theta, knowledge } = ladder;
  const row = new Float64Array(knowledge.dimension);
  const value = at(theta);
  for (let j = 0; j < theta.length; j++) {
    const h = 1e-3 * Math.max(1, Math.abs(theta[j]!));
    const moved = (step: number) => at(theta.map((x, i) => (i === j ? x + step : x)));
    row[j] = (moved(h) - moved(-h)) / (2 * h);
  }
  if (![value, ...row].every(Number.isFinite)) {
    throw new UserError(
      `a fit of ${ladder.law.formula} without an optimum between all size and all tokens`,
      "loss that falls with N and with D",
      "ask for the loss first, or add runs at other ratios D / N",
    );
  }
  return { value, row };
}
