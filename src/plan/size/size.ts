/** @file Size and tokens for a budget, whether compute or data binds, and how sure that is. */

import { checkOptimum, type LossOverND, type LossSurface, optimumOn, pointOf } from "../../law/optimum.ts";
import {
  type Bound,
  boundAt,
  computeThatWants,
  epochsUntilWorthless,
  NEARLY_FREE_EPOCHS,
  PUBLISHED_REPETITION,
  REPETITIONS,
  type Repetition,
  repeatedOptimum,
  withRepetition,
} from "../../law/repeats.ts";
import { checkReach, logNDOf, type ScalingLaw, widthWarnings } from "../../law/scaling-law.ts";
import {
  drawFrom,
  type Interval,
  intervalsAround,
  mapInterval,
  scaledBy,
  withSpreadOf,
} from "../../math/interval.ts";
import { Random } from "../../math/random.ts";
import { fixed, formatCount, formatPercent, significant } from "../../units/print.ts";

/** A budget, a law, and the distinct tokens at hand. */
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

/** The same where tokens are few. */
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

/** Size and tokens for a budget, and what binds. */
export type SizeAnswer = {
  readonly compute: Interval;
  /** With fresh tokens for all of the budget. */
  readonly optimum: Sizing;
  readonly data: DataAnswer | null;
  readonly reason: string;
  readonly warnings: readonly string[];
};

const SEED = 20_243;
/** Draws of the budget and of what repeats are worth, for a law that has none of its own. */
const NUM_DRAWS = 200;

/**
 * Answers the question. Throws a `UserError` where the law has no optimum between all size and all tokens.
 */
export function sizeFor(question: SizeQuestion): SizeAnswer {
  const { law, compute, uniqueTokens } = question;
  checkReach(law, compute.median);
  const cases = casesOf(question);
  const { surface, logND } = cases[0]!;
  checkOptimum(surface(), logND, law.formula);
  const sized = intervals(cases.map(({ surface, logND }) => sizing(pointOf(surface(), logND))));
  const optimum = { ...sized, loss: lossOf(question, sized) };
  const data =
    uniqueTokens === null ? null : dataAnswer(cases, optimum, law.flopsPerParameterToken, uniqueTokens);
  return {
    compute,
    optimum,
    data,
    reason: reasonFor(optimum, data),
    warnings: warningsFor(question, optimum),
  };
}

/** One more run's loss at the optimum of the middle budget, and what the budget leaves open beside it. */
function lossOf({ law, compute }: SizeQuestion, { params, tokens }: Sizing): Interval {
  const best = (flops: number) => Math.exp(optimumOn(law.best(), logNDOf(law, flops)).logLoss);
  const byBudget = mapInterval(compute, best);
  const design = { n: params.median, d: tokens.median, c: compute.median };
  return withSpreadOf(law.lossAt(design), byBudget);
}

/** One way that it might be: the law, with what repeats are worth in it, and log(N D) of the budget. */
type Case = { readonly surface: LossSurface; readonly logND: number };

/** The middle of everything, then draws. A law that knows repeats says itself what they are worth. */
function casesOf({ law, compute }: SizeQuestion): readonly Case[] {
  const random = new Random(SEED, "plan size");
  const surfaces = law.draws.length > 0 ? law.draws : new Array<LossSurface>(NUM_DRAWS).fill(law.best);
  const one = (surface: LossSurface, flops: number, repetition: Repetition): Case => ({
    surface: law.knowsRepeats ? surface : withRepetition(surface, repetition),
    logND: logNDOf(law, flops),
  });
  return [
    one(law.best, compute.median, PUBLISHED_REPETITION),
    ...surfaces.map((surface) => one(surface, drawFrom(compute, random), random.pick(REPETITIONS))),
  ];
}

/** Each number in the middle case, with its interval over all the others. */
function intervals<K extends string>(cases: readonly Readonly<Record<K, number>>[]): Record<K, Interval> {
  return intervalsAround(cases[0]!, cases.slice(1));
}

const sizing = ({ n, d, tokensPerParameter, loss }: ReturnType<typeof pointOf>) => ({
  params: n,
  tokens: d,
  tokensPerParameter,
  loss,
});

function dataAnswer(
  cases: readonly Case[],
  optimum: Sizing,
  flopsPerParameterToken: number,
  uniqueTokens: number,
): DataAnswer {
  const numbers = cases.map((each) => limitedNumbers(each, flopsPerParameterToken, uniqueTokens));
  const { computeHelps, tokensHelp, wantedEpochs, ...answer } = intervals(numbers);
  const bounds = numbers.slice(1).map((each) => boundAt(each.wantedEpochs));
  const chance = (bound: Bound) => bounds.filter((each) => each === bound).length / bounds.length;
  const dearer = mapInterval(answer.lossToRepetitionPercent, (percent) => 1 + percent / 100);
  return {
    ...answer,
    loss: withSpreadOf(scaledBy(optimum.loss, dearer.median), dearer),
    uniqueTokens,
    boundBy: boundAt(wantedEpochs.median),
    chances: { compute: chance("compute"), repeats: chance("repeats"), data: chance("data") },
    doublingHelpsPercent: { compute: computeHelps, tokens: tokensHelp },
  };
}

/** The optimum of one case when so many tokens are distinct, and what more of either would change. */
function limitedNumbers({ surface, logND }: Case, flopsPerParameterToken: number, uniqueTokens: number) {
  const { n, d, tokensPerParameter, loss, ...repeated } = repeatedOptimum(surface, logND, uniqueTokens);
  const helps = (better: LossOverND, budget: number) =>
    Math.max(0, 100 * (1 - Math.exp(optimumOn(better, budget).logLoss) / loss));
  const wants = (tokens: number) => computeThatWants(surface(), flopsPerParameterToken, tokens);
  return {
    ...sizing({ n, d, tokensPerParameter, loss }),
    ...repeated,
    computeHelps: helps(surface(uniqueTokens), logND + Math.LN2),
    tokensHelp: helps(surface(2 * uniqueTokens), logND),
    repeatsFrom: wants(uniqueTokens),
    bindsFrom: wants(NEARLY_FREE_EPOCHS * uniqueTokens),
  };
}

/** Less than any run's scatter shows, in percent of the loss. */
const NOTICEABLE_PERCENT = 0.01;

/** What the passes cost; or, where twice the compute buys nothing, that they are of no use. */
function passesText(data: DataAnswer, price: string): string {
  const { epochs, params, doublingHelpsPercent } = data;
  if (doublingHelpsPercent.compute.median >= NOTICEABLE_PERCENT) {
    return (
      `; ${fixed(epochs.median, 1)} passes over them with ${formatCount(params.median)} parameters ` +
      `cost ${price}`
    );
  }
  return (
    `, and no more compute helps: past about ${significant(epochsUntilWorthless(PUBLISHED_REPETITION), 2)} ` +
    "passes another one is worth less than 1 % of the first, and the budget pays for " +
    `${formatCount(epochs.median)}; repetition costs ${price}. Get more tokens or spend less`
  );
}

function reasonFor({ params, tokens }: Sizing, data: DataAnswer | null): string {
  const wants =
    `the budget is best spent on ${formatCount(params.median)} parameters ` +
    `and ${formatCount(tokens.median)} tokens`;
  if (data === null)
    return `Compute binds: ${wants}; nothing was said of how many distinct tokens there are.`;
  const { boundBy, uniqueTokens, chances, lossToRepetitionPercent, epochs } = data;
  const sure = `(${formatPercent(100 * chances[boundBy], 0)} sure)`;
  const stock = `there are ${formatCount(uniqueTokens)} distinct ones`;
  const price = `${formatPercent(lossToRepetitionPercent.median, 2)} of loss`;
  switch (boundBy) {
    case "compute":
      return `Compute binds ${sure}: ${wants}, and ${stock}.`;
    case "repeats":
      return (
        `Compute binds ${sure}, with repeats: ${wants}, and ${stock}; ${fixed(epochs.median, 1)} ` +
        `passes over them cost ${price}.`
      );
    case "data":
      return (
        `Data binds ${sure}: with fresh tokens for all ${wants}, but ` +
        `${stock}${passesText(data, price)}. ${doubling(data)}.`
      );
  }
}

function doubling({ doublingHelpsPercent: { compute, tokens } }: DataAnswer): string {
  const percent = ({ median, lo, hi }: Interval) =>
    `${formatPercent(median, 2)} (90 % interval ${fixed(lo, 2)} to ${fixed(hi, 2)})`;
  return (
    `Twice the distinct tokens would take ${percent(tokens)} off the loss, twice the compute ` +
    `${percent(compute)}`
  );
}

function warningsFor({ law, compute }: SizeQuestion, { loss }: Pick<Sizing, "loss">): readonly string[] {
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
          `the budget is ${significant(reach, 3)} times the law's largest run: size and tokens are ` +
            `extrapolated${law.isCalibrated ? "" : ", by scatter of the runs alone"}`,
        ]
      : []),
    ...widthWarnings([{ compute: compute.median, loss }]),
  ];
}
