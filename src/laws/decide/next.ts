/** @file The next rung: which design that a budget can pay would narrow a question's answer most? */

import { UserError } from "../../errors.ts";
import type { Design, Run } from "../../law/law.ts";
import type { Posterior } from "../../law/posterior.ts";
import { widthWarnings } from "../../law/scaling-law.ts";
import { designAt } from "../../law/surfaces.ts";
import type { Interval } from "../../math/interval.ts";
import { formatCount, formatFlops, formatShare } from "../../units/print.ts";
import { meanOf } from "../forecast/forecast.ts";
import { strayRuns, strayWarnings } from "../forecast/stray-runs.ts";
import { study } from "../forecast/study.ts";
import { designFrom } from "../forecast/target.ts";
import type { RunTable } from "../table/run-table.ts";
import { type Covariance, measured, varianceAfter, varianceOf } from "./information.ts";
import { type Answer, answerOf, type NextQuestion, questionText } from "./next-question.ts";
import { type Prospect, prospectOf } from "./prospect.ts";

/** One rung and how far it would narrow the answer. */
export type RungOffer = {
  readonly design: Design;
  /** "new", or how many runs of this design there are already. */
  readonly replicates: number;
  /** The answer's 90 % interval after it, about the present value. */
  readonly after: Interval;
  /** Width of the interval after, over the width now. */
  readonly widthRatio: number;
};

/** Several rungs that spend the budget together, in the order in which they tell most. */
export type RungPlan = {
  readonly rungs: readonly Design[];
  readonly after: Interval;
  readonly widthRatio: number;
  readonly flops: number;
};

/** What each further rung would tell, for its price. */
export type NextReport = {
  readonly question: NextQuestion;
  readonly law: string;
  readonly budget: number;
  /** The design asked about; of the exponent the best at the largest compute. */
  readonly target: Design;
  readonly now: Interval;
  /** The best rung of each compute, and the best replicate of an existing one; what tells most first. */
  readonly offers: readonly RungOffer[];
  /** Of the offers worth running, the one that takes away most of the width per FLOP; null: none. */
  readonly mostPerFlop: RungOffer | null;
  readonly plan: RungPlan;
  /** The cheapest rung worth running beyond the budget; null: none up to the target, or one within it. */
  readonly beyond: RungOffer | null;
  /** Noise of one run and drift per square root of a decade, in percent: the ends that no rung narrows. */
  readonly noisePercent: number;
  readonly driftPercent: number;
  readonly decision: "run" | "nothing helps";
  readonly reason: string;
  readonly warnings: readonly string[];
};

/** A rung that leaves more of the width than this is not worth its name (assumption). */
const LEAST_WORTH = 0.95;

/** Computes from at most a hundredth of the budget to all of it, and ratios D / N about the target's. */
const LEVELS = 9;
const LEVEL_DECADES = 2;

/** How far below the smallest run a rung may lie: further down, the law is unproven (assumption). */
const LEAST_SHARE = 1 / 3;
const RATIO_FACTORS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16];

/** Candidates with what they would tell of the answer. */
type Offered = Prospect & { readonly answer: Answer; readonly runs: readonly Run[] };

/**
 * The most informative rungs within `budget` FLOPs for `question`; by one law alone where it is named. Throws
 * a `UserError` where the runs allow no forecast, or no answer.
 */
export function nextRung(table: RunTable, question: NextQuestion, budget: number, law?: string): NextReport {
  const studied = study(table.runs);
  const { runs } = studied;
  const posterior = law === undefined ? studied.posterior : byLaw(studied.posterior, law);
  const target =
    question.kind === "loss"
      ? designFrom({ posterior }, question.target)
      : designAt(posterior, question.kind === "exponent" ? posterior.largestCompute : question.compute);
  const answer = answerOf(question, posterior, target);
  const offersFor = (designs: readonly Design[]) => {
    const all = answer.byDraw === null ? [target, ...designs] : designs;
    return { ...prospectOf(posterior, studied.rungs, all, answer.byDraw), answer, runs };
  };
  const designs = candidateDesigns(posterior, runs, target, budget);
  const offered = offersFor(designs);
  const listed = bestOfEach(offersOf(offered, designs));
  const [mostPerFlop] = listed.filter(isWorth).sort((a, b) => narrowingPerFlop(b) - narrowingPerFlop(a));
  const designsBeyond = designsBeyondBudget(posterior, target, budget);
  const beyond = mostPerFlop ? undefined : offersOf(offersFor(designsBeyond), designsBeyond).find(isWorth);
  const facts = {
    question,
    law: posterior.laws.map(({ name, weight }) => `${name} ${formatShare(weight, 0)}`).join(", "),
    budget,
    target,
    now: answer.now,
    offers: listed,
    mostPerFlop: mostPerFlop ?? null,
    plan: planOf(offered, designs, budget),
    beyond: beyond ?? null,
    noisePercent: 100 * meanOf(posterior, "scatter"),
    driftPercent: 100 * meanOf(posterior, "drift"),
    warnings: [
      ...table.warnings,
      ...(question.kind === "loss" ? widthWarnings([{ compute: target.c, loss: answer.now }]) : []),
      ...strayWarnings(strayRuns(runs)),
      ...(law === undefined ? [] : [`by ${law} alone: the other laws of a forecast are left out`]),
    ],
  };
  return { ...facts, ...decide(facts) };
}

/** The posterior with one law left. */
function byLaw(posterior: Posterior, name: string): Posterior {
  const law = posterior.laws.find((one) => one.name === name);
  if (law) return { ...posterior, laws: [{ ...law, weight: 1 }] };
  throw new UserError(
    `the law ${name}`,
    `one that the forecast weighs: ${posterior.laws.map((one) => one.name).join(", ")}`,
    "choose one of these with --law, or leave it out for all of them",
  );
}

function candidateDesigns(
  posterior: Posterior,
  runs: readonly Run[],
  target: Design,
  budget: number,
): Design[] {
  const smallest = runs.reduce((least, run) => Math.min(least, run.c), Infinity);
  if (budget < LEAST_SHARE * smallest) {
    throw new UserError(
      `a budget of ${formatFlops(budget, 2)}, where the smallest run took ${formatFlops(smallest, 2)}`,
      "enough for a rung that the law has been seen to describe, or nearly",
      `raise --budget to ${formatFlops(smallest, 2)} or more`,
    );
  }
  const decades = Math.min(LEVEL_DECADES, Math.log10(budget / (LEAST_SHARE * smallest)));
  const fresh = Array.from({ length: LEVELS }, (_, level) =>
    designsAt(posterior, target, budget * 10 ** (-decades * (1 - level / (LEVELS - 1)))),
  ).flat();
  const existing = [...new Map(runs.map(({ n, d, c }) => [`${n}/${d}/${c}`, { n, d, c }])).values()];
  return [...fresh, ...existing.filter(({ c }) => c <= budget)].filter(({ n, d }) => n >= 1 && d >= 1);
}

/** Ways to spend `c`: at several ratios about the target's, where the runs tell size from data. */
function designsAt({ recipeRatio, flopsPerParameterToken }: Posterior, target: Design, c: number): Design[] {
  return (recipeRatio === null ? RATIO_FACTORS : [1]).map((factor): Design => {
    const ratio = (factor * target.d) / target.n;
    const n = Math.sqrt(c / (flopsPerParameterToken * ratio));
    return { n, d: ratio * n, c };
  });
}

const narrowingPerFlop = ({ widthRatio, design }: RungOffer) => (1 - widthRatio) / design.c;

const isWorth = ({ widthRatio }: RungOffer) => widthRatio <= LEAST_WORTH;

const SMALLEST_FIRST = Array.from({ length: 16 }, (_, i) => 10 ** ((i + 1) / 4));

/** Designs of 1.8 to 10,000 times the budget, to the target, cheapest first, at its ratio and others. */
function designsBeyondBudget(posterior: Posterior, target: Design, budget: number): Design[] {
  return SMALLEST_FIRST.map((times) => times * budget)
    .filter((c) => c < target.c)
    .flatMap((c) => designsAt(posterior, target, c));
}

/** Variables before the candidates: the answer. */
const FIRST = 1;

function offersOf({ covariance, noise, answer, runs }: Offered, designs: readonly Design[]): RungOffer[] {
  const before = varianceOf(covariance, 0) + noise[0]!;
  return designs.map((design, i): RungOffer => {
    const after = varianceAfter(covariance, 0, FIRST + i, noise[FIRST + i]!) + noise[0]!;
    const widthRatio = before > 0 ? Math.sqrt(after / before) : 1;
    return {
      design,
      replicates: runs.filter(({ n, d, c }) => n === design.n && d === design.d && c === design.c).length,
      after: narrowed(answer, widthRatio),
      widthRatio,
    };
  });
}

/** The best of each compute among new rungs, and the best replicate; narrowest answer first. */
function bestOfEach(offers: readonly RungOffer[]): RungOffer[] {
  const groups = Map.groupBy(offers, ({ design, replicates }) => (replicates > 0 ? "again" : design.c));
  return [...groups.values()]
    .map((group) => group.reduce((best, offer) => (offer.widthRatio < best.widthRatio ? offer : best)))
    .sort((a, b) => a.widthRatio - b.widthRatio);
}

const SPLITS = [1, 2, 3, 4, 6, 8];

/** Splits the budget evenly over 1 to 8 rungs, chosen in turn, and keeps the split that tells most. */
function planOf(
  { covariance, noise, answer }: Offered,
  designs: readonly Design[],
  budget: number,
): RungPlan {
  const before = varianceOf(covariance, 0) + noise[0]!;
  const plans = SPLITS.map((count) => {
    const affordable = designs.flatMap(({ c }, i) => (c <= (budget / count) * (1 + 1e-9) ? [FIRST + i] : []));
    const rungs: Design[] = [];
    let known: Covariance = covariance;
    while (rungs.length < count && affordable.length > 0) {
      const left = affordable.map((i) => varianceAfter(known, 0, i, noise[i]!));
      const best = affordable[left.indexOf(Math.min(...left))]!;
      known = measured(known, best, noise[best]!);
      rungs.push(designs[best - FIRST]!);
    }
    return { rungs, variance: varianceOf(known, 0) + noise[0]! };
  });
  const { rungs, variance } = plans.reduce((a, b) => (b.variance < a.variance ? b : a));
  const widthRatio = before > 0 ? Math.sqrt(variance / before) : 1;
  return {
    rungs,
    after: narrowed(answer, widthRatio),
    widthRatio,
    flops: rungs.reduce((sum, { c }) => sum + c, 0),
  };
}

/** The answer's interval, narrowed about its value. */
function narrowed({ now: { median, lo, hi }, scale }: Answer, ratio: number): Interval {
  const toward = (end: number) =>
    scale === "log" ? median * (end / median) ** ratio : median + ratio * (end - median);
  return { median, lo: toward(lo), hi: toward(hi) };
}

/** Whether the best rung is worth running, in a sentence. */
export function decide(
  facts: Pick<NextReport, "question" | "target" | "budget" | "offers" | "plan" | "beyond">,
): Pick<NextReport, "decision" | "reason"> {
  const best = facts.offers[0]!;
  const what = questionText(facts.question, facts.target);
  const rung = ({ n, d, c }: Design) =>
    `N ${formatCount(n, 2)}, D ${formatCount(d, 2)} (${formatFlops(c, 2)})`;
  if (Math.min(best.widthRatio, facts.plan.widthRatio) > LEAST_WORTH) {
    const beyond = facts.beyond
      ? `; ${rung(facts.beyond.design)} would narrow it by ${percentOff(facts.beyond.widthRatio)}`
      : ", and no larger run below the target narrows it by 5 % either";
    return {
      decision: "nothing helps",
      reason: `No run within ${formatFlops(facts.budget, 2)} narrows the 90 % interval of ${what} by 5 %: the best, ${rung(best.design)}, narrows it by ${percentOff(best.widthRatio)}${beyond}`,
    };
  }
  if (best.widthRatio > LEAST_WORTH) {
    return {
      decision: "run",
      reason: `${facts.plan.rungs.length} rungs within ${formatFlops(facts.budget, 2)} narrow the 90 % interval of ${what} by ${percentOff(facts.plan.widthRatio)} together; no single one narrows it by 5 % (the best, ${rung(best.design)}, by ${percentOff(best.widthRatio)})`,
    };
  }
  const alone = `${rung(best.design)} narrows the 90 % interval of ${what} by ${percentOff(best.widthRatio)}`;
  const together =
    facts.plan.rungs.length > 1 && facts.plan.widthRatio < best.widthRatio - 0.01
      ? `; ${facts.plan.rungs.length} rungs for the same budget do better: ${percentOff(facts.plan.widthRatio)}`
      : "";
  return { decision: "run", reason: alone + together };
}

const percentOff = (ratio: number) => formatShare(1 - ratio);
