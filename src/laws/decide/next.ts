/** @file The next rung: which design that a budget can pay would narrow a question's answer most? */

import { UserError } from "../../errors.ts";
import { chinchillaLaw, computeLaw } from "../../law/formulas/power-laws.ts";
import type { Design, Law, Run } from "../../law/law.ts";
import { flopsPerPairOf } from "../../law/law.ts";
import { optimumOn, splitLossOf } from "../../law/optimum.ts";
import type { Interval } from "../../math/interval.ts";
import { Z_90 } from "../../math/normal.ts";
import { formatCount, formatFlops } from "../../units/print.ts";
import { fitLaw } from "../fit/fit.ts";
import { checkTable } from "../table/checks.ts";
import type { RunTable } from "../table/table.ts";
import { freshRuns } from "./fitted.ts";
import { informationOf, type Knowledge, learnt, type Measurement, varianceOf } from "./information.ts";
import { type LadderKnowledge, ladderKnowledge } from "./ladder-knowledge.ts";
import { type Asked, asked, type NextQuestion, questionText } from "./next-question.ts";

/** One rung and what it would buy. */
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
  /** What "loss at" means: the design asked about. */
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

/** The most informative rungs within `budget` FLOPs. Throws a `UserError` where the law cannot be fitted. */
export function nextRung(law: Law, table: RunTable, question: NextQuestion, budget: number): NextReport {
  const check = checkTable(table, law);
  if (check.decision === "refuse") throw check.refusal;
  const { runs, warnings } = freshRuns(law, table.runs);
  const { theta } = fitLaw(law, runs, { weights: runs.map(({ weight }) => weight ?? 1) });
  const k = flopsPerPairOf(runs);
  const target = targetOf(law, theta, runs, question, k);
  const designs = candidateDesigns(law, runs, target, budget, k);
  const dearer = dearerDesigns(law, target, budget, k);
  const ladder = ladderKnowledge(law, theta, runs, [target.c, ...[...designs, ...dearer].map(({ c }) => c)]);
  const ask = asked(question, ladder, target, k);
  const offers = offersOf(ladder, ask, designs, runs);
  const listed = bestOfEach(offers);
  const [mostPerFlop] = listed.filter(isWorth).sort((a, b) => narrowingPerFlop(b) - narrowingPerFlop(a));
  const beyond = mostPerFlop ? undefined : offersOf(ladder, ask, dearer, runs).find(isWorth);
  const now = knownAt(ask, varianceOf(ladder.knowledge, ask.row));
  const facts = {
    question,
    law: law.name,
    budget,
    target,
    now,
    offers: listed,
    mostPerFlop: mostPerFlop ?? null,
    plan: planOf(ladder, ask, designs, budget),
    beyond: beyond ?? null,
    noisePercent: 100 * ladder.noise,
    driftPercent: 100 * ladder.drift,
    warnings: [...table.warnings, ...check.warnings, ...warnings, ...untried(law, runs)],
  };
  return { ...facts, ...decide(facts) };
}

/** The intervals here were tried with the usual laws only: those of a stiffer one may be too narrow. */
function untried(law: Law, runs: readonly Run[]): readonly string[] {
  const usual = usualLaw(runs).name;
  if (law.name === usual) return [];
  return [
    `the interval of the law ${law.name} is not calibrated: it was tried with ${usual} on such tables; the loss to sign is that of \`longrun laws forecast\``,
  ];
}

/** The law for these runs: over N and D where they differ in D / N, over compute where they do not. */
export function usualLaw(runs: readonly Run[]): Law {
  const ratios = runs.map(({ n, d }) => d / n);
  return Math.max(...ratios) >= 2 * Math.min(...ratios) ? chinchillaLaw : computeLaw;
}

/** The design in question: the optimum where runs differ in D / N, else at the largest run's ratio. */
function targetOf(
  law: Law,
  theta: Float64Array,
  runs: readonly Run[],
  question: NextQuestion,
  k: number,
): Design {
  const largest = runs.reduce((best, run) => (run.c > best.c ? run : best));
  const compute = question.kind === "exponent" ? largest.c : question.compute;
  const atRatio = (ratio: number): Design => {
    const n = Math.sqrt(compute / (k * ratio));
    return { n, d: ratio * n, c: compute };
  };
  const ratios = runs.map(({ n, d }) => d / n);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  if (!law.uses.includes("n") || !law.uses.includes("d") || most < 2 * least)
    return atRatio(largest.d / largest.n);
  const best = optimumOn(splitLossOf(law, theta, k), Math.log(compute / k));
  // An optimum far from every run is a guess of the law's, not a design that anyone would train.
  return atRatio(Math.max(least, Math.min(most, Math.exp(best.logD - best.logN))));
}

function candidateDesigns(
  law: Law,
  runs: readonly Run[],
  target: Design,
  budget: number,
  k: number,
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
    designsAt(law, target, budget * 10 ** (-decades * (1 - level / (LEVELS - 1))), k),
  ).flat();
  const existing = [...new Map(runs.map(({ n, d, c }) => [`${n}/${d}/${c}`, { n, d, c }])).values()];
  return [...fresh, ...existing.filter(({ c }) => c <= budget)].filter(({ n, d }) => n >= 1 && d >= 1);
}

/** Ways to spend `c`: at several ratios about the target's, where the law tells them apart. */
function designsAt(law: Law, target: Design, c: number, k: number): Design[] {
  const factors = law.uses.includes("n") && law.uses.includes("d") ? RATIO_FACTORS : [1];
  return factors.map((factor): Design => {
    const ratio = (factor * target.d) / target.n;
    const n = Math.sqrt(c / (k * ratio));
    return { n, d: ratio * n, c };
  });
}

const narrowingPerFlop = ({ widthRatio, design }: RungOffer) => (1 - widthRatio) / design.c;

const isWorth = ({ widthRatio }: RungOffer) => widthRatio <= LEAST_WORTH;

const SMALLEST_FIRST = Array.from({ length: 16 }, (_, i) => 10 ** ((i + 1) / 4));

/** Designs of 1.8 to 10,000 times the budget, to the target, cheapest first, at its ratio and others. */
function dearerDesigns(law: Law, target: Design, budget: number, k: number): Design[] {
  return SMALLEST_FIRST.map((times) => times * budget)
    .filter((c) => c < target.c)
    .flatMap((c) => designsAt(law, target, c, k));
}

function offersOf(
  ladder: LadderKnowledge,
  ask: Asked,
  designs: readonly Design[],
  runs: readonly Run[],
): RungOffer[] {
  const measurements = designs.map((design) => measurementOf(ladder, design));
  return informationOf(ladder.knowledge, measurements, ask.row).map(
    ({ varianceBefore, varianceAfter }, i): RungOffer => {
      const design = designs[i]!;
      const widthRatio = varianceBefore > 0 ? Math.sqrt(varianceAfter / varianceBefore) : 1;
      return {
        design,
        replicates: runs.filter(({ n, d, c }) => n === design.n && d === design.d && c === design.c).length,
        after: knownAt(ask, varianceAfter),
        widthRatio,
      };
    },
  );
}

function measurementOf(ladder: LadderKnowledge, design: Design): Measurement {
  return { row: ladder.rowOf(design), noiseVariance: ladder.noise ** 2, flops: design.c };
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
function planOf(ladder: LadderKnowledge, ask: Asked, designs: readonly Design[], budget: number): RungPlan {
  const before = varianceOf(ladder.knowledge, ask.row);
  const plans = SPLITS.map((count) => {
    const affordable = designs.filter(({ c }) => c <= (budget / count) * (1 + 1e-9));
    const rungs: Design[] = [];
    let knowledge: Knowledge = ladder.knowledge;
    while (rungs.length < count && affordable.length > 0) {
      const measurements = affordable.map((design) => measurementOf(ladder, design));
      const variances = informationOf(knowledge, measurements, ask.row).map(
        ({ varianceAfter }) => varianceAfter,
      );
      const best = variances.reduce((a, value, i) => (value < variances[a]! ? i : a), 0);
      knowledge = learnt(knowledge, [measurements[best]!]);
      rungs.push(affordable[best]!);
    }
    return { rungs, variance: varianceOf(knowledge, ask.row) };
  });
  const { rungs, variance } = plans.reduce((a, b) => (b.variance < a.variance ? b : a));
  return {
    rungs,
    after: knownAt(ask, variance),
    widthRatio: before > 0 ? Math.sqrt(variance / before) : 1,
    flops: rungs.reduce((sum, { c }) => sum + c, 0),
  };
}

function knownAt({ value, scale }: Asked, variance: number): Interval {
  const half = Z_90 * Math.sqrt(variance);
  return scale === "log"
    ? { median: value, lo: value * Math.exp(-half), hi: value * Math.exp(half) }
    : { median: value, lo: value - half, hi: value + half };
}

/** Whether the best rung is worth running, in a sentence. */
export function decide(
  facts: Pick<NextReport, "question" | "budget" | "offers" | "plan" | "beyond">,
): Pick<NextReport, "decision" | "reason"> {
  const best = facts.offers[0]!;
  const what = questionText(facts.question);
  const rung = ({ n, d, c }: Design) =>
    `N ${formatCount(n, 2)}, D ${formatCount(d, 2)} (${formatFlops(c, 2)})`;
  if (Math.min(best.widthRatio, facts.plan.widthRatio) > LEAST_WORTH) {
    const dearer = facts.beyond
      ? `; ${rung(facts.beyond.design)} would buy ${percentOff(facts.beyond.widthRatio)}`
      : "; nor does a dearer one below the target";
    return {
      decision: "nothing helps",
      reason: `no rung within ${formatFlops(facts.budget, 2)} narrows the 90 % interval of ${what} by 5 % or more: the best, ${rung(best.design)}, buys ${percentOff(best.widthRatio)}${dearer}`,
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

const percentOff = (ratio: number) => `${(100 * (1 - ratio)).toFixed(1)} %`;
