/** @file Size and tokens for a budget, whether compute or data binds, and how sure that is. */

import { drawFrom, type Interval, intervalOfDraws } from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { formatCount, formatPercent, significant } from "../../units/print.ts";
import type { LawTerms, ScalingLaw } from "../scaling-law.ts";
import {
  AS_GOOD,
  computeThatWants,
  freeOptimum,
  limitedOptimum,
  NEARLY_FREE_EPOCHS,
  PUBLISHED,
  type Repetition,
  wornOutEpochs,
} from "./limited-data.ts";

export type SizeQuestion = {
  readonly law: ScalingLaw;
  readonly compute: Interval;
  /** Distinct tokens on hand; null: as many as wanted. */
  readonly uniqueTokens: number | null;
};

/** Size and tokens with what follows from them. */
export type Sizing = {
  readonly params: Interval;
  readonly tokens: Interval;
  readonly tokensPerParameter: Interval;
  readonly loss: Interval;
};

/** What the budget meets first: its own end, repeats that cost little, or repeats that cost. */
export type Bound = "compute" | "repeats" | "data";

export type DataAnswer = Sizing & {
  readonly uniqueTokens: number;
  readonly boundBy: Bound;
  readonly chances: Readonly<Record<Bound, number>>;
  readonly epochs: Interval;
  /** Over the optimum with fresh tokens for all. */
  readonly lossToRepetitionPercent: Interval;
  /** What twice as much of either would take off the loss. */
  readonly doublingHelpsPercent: { readonly compute: Interval; readonly tokens: Interval };
  /** FLOPs from which the optimum repeats, and from which it wants more than the nearly free passes. */
  readonly repeatsFrom: Interval;
  readonly bindsFrom: Interval;
};

export type SizeAnswer = {
  readonly compute: Interval;
  /** With fresh tokens for all of the budget. */
  readonly optimum: Sizing;
  readonly data: DataAnswer | null;
  readonly reason: string;
  readonly warnings: readonly string[];
};

const SEED = 20_243;
const NUM_DRAWS = 200;

/** One belief: a law as it may be, a budget as it may turn out, what repeats may be worth. */
type Belief = {
  readonly terms: LawTerms;
  readonly compute: number;
  readonly repetition: Repetition;
};

/** Answers the question. */
export function sizeFor(question: SizeQuestion): SizeAnswer {
  const { law, compute, uniqueTokens } = question;
  const beliefs = beliefsOf(question);
  const middle: Belief = { terms: law.terms, compute: compute.median, repetition: PUBLISHED };
  const k = law.flopsPerPair;
  const optimum = sizingOf(beliefs, middle, ({ terms, compute }) => freeOptimum(terms, compute, k));
  const data = uniqueTokens === null ? null : dataAnswer(beliefs, middle, k, uniqueTokens);
  return { compute, optimum, data, reason: reasonFor(optimum, data), warnings: warningsFor(question) };
}

function beliefsOf({ law, compute }: SizeQuestion): readonly Belief[] {
  const random = new Random(SEED, "plan size");
  const laws = law.draws.length > 0 ? law.draws : [law.terms];
  return Array.from({ length: NUM_DRAWS }, (_, i) => ({
    terms: laws[Math.floor((i * laws.length) / NUM_DRAWS)]!,
    compute: drawFrom(compute, random),
    repetition: AS_GOOD[random.integer(AS_GOOD.length)]!,
  }));
}

/** The answer at the middle of everything, with the interval over the beliefs. */
function around(beliefs: readonly Belief[], middle: Belief, of: (belief: Belief) => number): Interval {
  const { lo, hi } = intervalOfDraws(beliefs.map(of));
  const median = of(middle);
  return { median, lo: Math.min(lo, median), hi: Math.max(hi, median) };
}

function sizingOf(
  beliefs: readonly Belief[],
  middle: Belief,
  optimumAt: (belief: Belief) => { readonly n: number; readonly d: number; readonly loss: number },
): Sizing {
  const answers = new Map([middle, ...beliefs].map((belief) => [belief, optimumAt(belief)]));
  const of = (pick: (optimum: ReturnType<typeof optimumAt>) => number) =>
    around(beliefs, middle, (belief) => pick(answers.get(belief)!));
  return {
    params: of(({ n }) => n),
    tokens: of(({ d }) => d),
    tokensPerParameter: of(({ n, d }) => d / n),
    loss: of(({ loss }) => loss),
  };
}

function dataAnswer(beliefs: readonly Belief[], middle: Belief, k: number, uniqueTokens: number): DataAnswer {
  const limited = new Map(
    [middle, ...beliefs].map((belief) => {
      const { terms, compute, repetition } = belief;
      return [belief, limitedOptimum(terms, compute, k, uniqueTokens, repetition)];
    }),
  );
  const wanted = ({ terms, compute }: Belief) => freeOptimum(terms, compute, k);
  const bounds = beliefs.map((belief) => boundAt(wanted(belief).d / uniqueTokens));
  const chance = (bound: Bound) => bounds.filter((each) => each === bound).length / bounds.length;
  const fromEpochs = (epochs: number) =>
    around(beliefs, middle, ({ terms }) => computeThatWants(terms, epochs * uniqueTokens, k));
  const helps = (moreCompute: number, moreTokens: number) =>
    around(beliefs, middle, (belief) => {
      const { terms, compute, repetition } = belief;
      const more = limitedOptimum(terms, moreCompute * compute, k, moreTokens * uniqueTokens, repetition);
      return Math.max(0, 100 * (1 - more.loss / limited.get(belief)!.loss));
    });
  return {
    ...sizingOf(beliefs, middle, (belief) => limited.get(belief)!),
    uniqueTokens,
    boundBy: boundAt(wanted(middle).d / uniqueTokens),
    chances: { compute: chance("compute"), repeats: chance("repeats"), data: chance("data") },
    epochs: around(beliefs, middle, (belief) => limited.get(belief)!.d / uniqueTokens),
    lossToRepetitionPercent: around(
      beliefs,
      middle,
      (belief) => 100 * Math.max(0, limited.get(belief)!.loss / wanted(belief).loss - 1),
    ),
    doublingHelpsPercent: { compute: helps(2, 1), tokens: helps(1, 2) },
    repeatsFrom: fromEpochs(1),
    bindsFrom: fromEpochs(NEARLY_FREE_EPOCHS),
  };
}

/** Less than any run's scatter shows, in percent of the loss. */
const NOTICEABLE_PERCENT = 0.01;

/** What the passes cost; or, where twice the compute buys nothing, that there is no use in them: nor in more parameters. */
function passesText(data: DataAnswer, price: string): string {
  const { epochs, params, doublingHelpsPercent } = data;
  if (doublingHelpsPercent.compute.median >= NOTICEABLE_PERCENT) {
    return `; ${epochs.median.toFixed(1)} passes over them with ${formatCount(params.median)} parameters cost ${price}`;
  }
  return `, and no more compute helps: past about ${significant(wornOutEpochs(PUBLISHED), 2)} passes another one is worth less than 1 % of the first, and the budget pays for ${formatCount(epochs.median)}; repetition costs ${price}. Get more tokens or spend less`;
}

/** What binds, from the tokens that the optimum wants over the distinct ones. */
export function boundAt(wantedEpochs: number): Bound {
  if (wantedEpochs <= 1) return "compute";
  return wantedEpochs <= NEARLY_FREE_EPOCHS ? "repeats" : "data";
}

function reasonFor({ params, tokens }: Sizing, data: DataAnswer | null): string {
  const wants = `the budget is best spent on ${formatCount(params.median)} parameters and ${formatCount(tokens.median)} tokens`;
  if (data === null)
    return `Compute binds: ${wants}; nothing was said of how many distinct tokens there are.`;
  const { boundBy, uniqueTokens, chances, lossToRepetitionPercent, epochs } = data;
  const sure = `(${formatPercent(100 * chances[boundBy], 0)} sure)`;
  const stock = `there are ${formatCount(uniqueTokens)} distinct ones`;
  const price = `${lossToRepetitionPercent.median.toFixed(2)} % of loss`;
  switch (boundBy) {
    case "compute":
      return `Compute binds ${sure}: ${wants}, and ${stock}.`;
    case "repeats":
      return `Compute binds ${sure}, with repeats: ${wants}, and ${stock}; ${epochs.median.toFixed(1)} passes over them cost ${price}.`;
    case "data":
      return `Data binds ${sure}: with fresh tokens for all ${wants}, but ${stock}${passesText(data, price)}. ${doubling(data)}.`;
  }
}

function doubling({ doublingHelpsPercent: { compute, tokens } }: DataAnswer): string {
  const percent = ({ median, lo, hi }: Interval) =>
    `${median.toFixed(2)} % (90 % interval ${lo.toFixed(2)} to ${hi.toFixed(2)})`;
  return `Twice the distinct tokens would take ${percent(tokens)} off the loss, twice the compute ${percent(compute)}`;
}

function warningsFor({ law, compute }: SizeQuestion): readonly string[] {
  const reach = law.largestCompute === null ? null : compute.median / law.largestCompute;
  return [
    ...(law.draws.length === 0
      ? ["the law file holds no refits: the intervals leave out how well the law is known"]
      : []),
    ...(reach === null
      ? ["the law file does not say how large its runs were: how far this is stretched is not known"]
      : []),
    ...(reach !== null && reach > 1
      ? [
          `the budget is ${reach.toPrecision(3)} times the law's largest run: size and tokens are extrapolated, by scatter of the runs alone`,
        ]
      : []),
  ];
}
