/** @file The questions that a further rung can answer, with their answers now, law by law. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import { type LossOverND, pointOf } from "../../law/optimum.ts";
import { type Posterior, termsOf } from "../../law/posterior.ts";
import { predict } from "../../law/predict.ts";
import { lawOfPosterior, logNDOf, surfacesOf } from "../../law/scaling-law.ts";
import { type LikelyLaw, surfaceOf } from "../../law/surfaces.ts";
import { type Interval, intervalAround } from "../../math/interval.ts";
import { momentsOf } from "../../math/mixture.ts";
import { Z_90 } from "../../math/normal.ts";
import { formatFlops } from "../../units/print.ts";
import type { GivenTarget } from "../forecast/target.ts";
import { exponentsAt } from "./allocate.ts";

/** What is to be known better. */
export type NextQuestion =
  | { readonly kind: "loss"; readonly target: GivenTarget }
  /** a of N* ~ C^a; along one ratio, b of L = E + a C^-b. */
  | { readonly kind: "exponent" }
  /** The compute-optimal size at this compute. */
  | { readonly kind: "allocation"; readonly compute: number };

/** The question of this kind: the loss of any target, the allocation of a compute, the exponent of none. */
export function readQuestion(kind: string, target: GivenTarget): NextQuestion {
  const about = Object.keys(target).join("");
  if (kind === "loss") return { kind, target };
  if (kind === "allocation" && about === "c") return { kind, compute: target.c! };
  if (kind === "exponent" && about === "") return { kind };
  throw new UserError(
    `the question "${kind}" with ${about === "" ? "no target" : `the target's ${[...about].join(", ").toUpperCase()}`}`,
    "loss with a target, allocation with --compute alone, or exponent without a target",
    "ask one of these with --question",
  );
}

/** Words for people. */
export function questionText({ kind }: NextQuestion, target: Pick<Design, "c">): string {
  switch (kind) {
    case "loss":
      return `the loss at ${formatFlops(target.c)}`;
    case "exponent":
      return "the exponent";
    case "allocation":
      return `the optimal size at ${formatFlops(target.c)}`;
  }
}

/** The question's present answer, and what each draw of the posterior answers. */
export type Answer = {
  readonly now: Interval;
  readonly scale: "log" | "plain";
  /** On that scale, one for each draw of each law; null: the answer is one more run at the target. */
  readonly byDraw: readonly number[] | null;
};

/**
 * The answer of a posterior; `target` is the design whose loss is meant. Throws a `UserError` where it cannot
 * answer.
 */
export function answerOf(question: NextQuestion, posterior: Posterior, target: Design): Answer {
  if (question.kind === "loss") {
    return { now: predict(posterior, target), scale: "log", byDraw: null };
  }
  if (question.kind === "exponent" && posterior.recipeRatio !== null) {
    const answers = ofDraws(posterior, ({ terms, reads }) =>
      reads === "compute" ? terms.alpha : terms.alpha / 2,
    );
    return { now: normalInterval(posterior, answers), scale: "plain", byDraw: answers };
  }
  const law = lawOfPosterior(posterior, "", null);
  const logND = logNDOf(law, target.c);
  const isSize = question.kind === "allocation";
  const of = (surface: LossOverND) => (isSize ? pointOf(surface, logND).n : exponentsAt(surface, logND).n);
  const { best, draws } = surfacesOf(law);
  const now = intervalAround(of(best), draws.map(of));
  if (![now.median, now.lo, now.hi].every(Number.isFinite)) {
    throw new UserError(
      "runs that leave laws possible without an optimum between all size and all tokens",
      "loss that falls with N and with D",
      "ask for the loss first, or add runs at other ratios D / N",
    );
  }
  const k = posterior.flopsPerParameterToken;
  const answers = ofDraws(posterior, ({ terms, reads }) => {
    const answer = of(surfaceOf({ terms, reads }, k)());
    return isSize ? Math.log(answer) : answer;
  });
  return { now, scale: isSize ? "log" : "plain", byDraw: answers };
}

/** Something of every draw of every law, in their order. */
function ofDraws(posterior: Posterior, of: (drawn: LikelyLaw) => number): readonly number[] {
  return posterior.laws.flatMap((law) =>
    law.draws.weight.map((_, i) => of({ terms: termsOf(law, i), reads: law.reads })),
  );
}

/** Mean and 90 % interval of answers, taken as normal. */
function normalInterval(posterior: Posterior, answers: readonly number[]): Interval {
  const parts = posterior.laws
    .flatMap(({ weight, draws }) => draws.weight.map((own) => weight * own))
    .map((weight, i) => ({ weight, mean: answers[i]!, sd: 0 }));
  const { mean, sd } = momentsOf(parts);
  return { median: mean, lo: mean - Z_90 * sd, hi: mean + Z_90 * sd };
}
