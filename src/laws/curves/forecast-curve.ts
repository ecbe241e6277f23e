/** @file The loss curve to expect under a schedule, with a 90 % band tested on curves left out. */

import { UserError } from "../../errors.ts";
import { type Interval, intervalAround, within } from "../../math/interval.ts";
import { Z_90 } from "../../math/normal.ts";
import { Random } from "../../math/random.ts";
import { mean, quantile, standardDeviation } from "../../math/statistics.ts";
import type { CurveLaw } from "./curve-laws.ts";
import {
  type CurveFit,
  type CurvePoints,
  expectedLosses,
  fitCurves,
  inverseHessian,
  meanSquare,
  refit,
} from "./fit-curves.ts";
import type { LossCurve } from "./read-curve.ts";
import { isSameShape, type RateSchedule } from "./schedule.ts";

/** An interval after so many steps. */
export type Expected = Interval & { readonly step: number };

/** A fit with what its forecasts are worth: refits, misfit, and tests on curves left out. */
export type CurveForecaster = {
  readonly fit: CurveFit;
  readonly replicates: readonly Float64Array[];
  /** Distance of the law from curves, seen and unseen, as a share of the loss, one standard deviation. */
  readonly misfit: number;
  readonly widening: number;
  readonly folds: readonly Fold[];
};

/** One fit without something, and the points it was tried on. */
export type Fold = { readonly without: string; readonly fit: CurveFit; readonly test: LossCurve };

/** Errors in percent of the measured loss; positive is predicted too high. */
export type CurveErrors = {
  readonly curve: string;
  readonly points: number;
  readonly meanAbsoluteError: number;
  readonly meanPercent: number;
  readonly worstPercent: number;
  /** At the last point, with its sign. */
  readonly finalPercent: number;
};

/** Resampled fits: their spread is then known to about 10 %. */
const NUM_REPLICATES = 64;
const NUM_FOLD_REPLICATES = 24;
/** Stretches of a curve that are resampled together, since neighbouring residuals are alike. */
const BLOCKS = 8;
/**
 * Error of the law itself on a schedule it has not seen, as a share of the loss and beyond its distance from
 * the curves it was fitted to. The paper reports mean absolute errors of .11 to .17 % (arXiv 2503.12811,
 * quoted): a deviation of .2 % where nothing can be left out, and half of that where the back-test says what
 * more is needed (assumption).
 */
const UNTESTED = 0.002;
const TESTED = 0.001;

/** Hears how many of the fits are done; the first call comes before the first fit. */
export type TellFits = (done: number, total: number) => void;

/** Fits the curves and learns the band's width by leaving each of them out. */
export function forecasterOf(
  curves: readonly LossCurve[],
  law: CurveLaw,
  tell: TellFits = () => {},
  seed = 1,
): CurveForecaster {
  let done = 0;
  const most = 1 + NUM_REPLICATES + curves.length * (1 + NUM_FOLD_REPLICATES);
  const next = () => {
    done++;
    tell(done, most);
  };
  tell(done, most);
  const fit = fitCurves(curves, law);
  next();
  const folds = leaveOut(curves, law, next);
  const distances = folds.map(({ fit: without, test }) => {
    const own = withSpread(without, NUM_FOLD_REPLICATES, seed, TESTED, next);
    const expected = expectedAt(own, test.schedule, test.steps);
    return expected.map(
      ({ median, hi }, i) => (Z_90 * Math.log(test.losses[i]! / median)) / Math.log(hi / median),
    );
  });
  const floor = folds.length === 0 ? UNTESTED : TESTED;
  const own = withSpread(fit, NUM_REPLICATES, seed, floor, next);
  return { ...own, widening: wideningFrom(distances), folds };
}

function withSpread(
  fit: CurveFit,
  count: number,
  seed: number,
  floor: number,
  next: () => void,
): CurveForecaster {
  const { law, theta, curves } = fit;
  const random = new Random(seed, "curve bootstrap");
  const replicates = Array.from({ length: count }, () => {
    next();
    return refit(
      fit,
      curves.map((points) => reweighted(points, random)),
      // The priors are themselves uncertain: without this, a parameter that no curve speaks of would look
      // certain.
      law.priors.map((prior) => prior && { mean: prior.mean + prior.sd * random.normal(), sd: prior.sd }),
    );
  });
  const square = mean(curves.map((points) => meanSquare(points, law, theta)));
  return { fit, replicates, misfit: Math.hypot(floor, Math.sqrt(square)), widening: 1, folds: [] };
}

/**
 * Random weights of mean 1, exponential for each curve and each block of it (the Bayesian bootstrap, Rubin
 * 1981): with two or three curves, drawing them with replacement would leave out the very one that shows the
 * drop.
 */
function reweighted(points: CurvePoints, random: Random): CurvePoints {
  const exponential = () => -Math.log(1 - random.uniform());
  const ofCurve = exponential();
  const ofBlock = Array.from({ length: BLOCKS }, exponential);
  const { length } = points.weights;
  const weights = points.weights.map(
    (weight, i) => weight * ofCurve * ofBlock[Math.floor((i * BLOCKS) / length)]!,
  );
  return { ...points, weights };
}

/** The curve under `schedule`; the law does not hold before the end of the warm-up. */
export function expectedAt(
  { fit, replicates, misfit, widening }: CurveForecaster,
  schedule: RateSchedule,
  steps: ArrayLike<number>,
): readonly Expected[] {
  const centre = expectedLosses(fit, schedule, steps);
  const logs = replicates.map((theta) => expectedLosses({ ...fit, theta }, schedule, steps).map(Math.log));
  return Array.from(steps, (step, i) => {
    const spread = standardDeviation(logs.map((values) => values[i]!));
    return { step, ...within(centre[i]!, widening * Math.hypot(spread, misfit)) };
  });
}

/** How far a fit is from a curve. */
export function errorsOf(fit: CurveFit, curve: LossCurve): CurveErrors {
  const expected = expectedLosses(fit, curve.schedule, curve.steps);
  const gaps = Array.from(curve.losses, (loss, i) => expected[i]! - loss);
  const percents = gaps.map((gap, i) => (100 * gap) / curve.losses[i]!);
  return {
    curve: curve.name,
    points: gaps.length,
    meanAbsoluteError: mean(gaps.map(Math.abs)),
    meanPercent: mean(percents.map(Math.abs)),
    worstPercent: Math.max(...percents.map(Math.abs)),
    finalPercent: percents.at(-1)!,
  };
}

/**
 * Fits without each curve in turn, and without its repeats under the same schedule, where the others still
 * tell the drop apart. Two curves cannot spare one: then their later part is predicted from the part before,
 * if that has a falling rate.
 */
export function leaveOut(
  curves: readonly LossCurve[],
  law: CurveLaw,
  next: () => void = () => {},
): readonly Fold[] {
  const folds = curves.flatMap((test) => {
    next();
    const others = curves.filter((curve) => !isSameShape(curve.schedule, test.schedule));
    return foldsOf(test.name, others, [test], law);
  });
  if (folds.length > 0) return folds;
  const parts = curves.map(splitCurve);
  return foldsOf(
    "the later part",
    parts.map(([early]) => early),
    parts.map(([, late]) => late),
    law,
  );
}

/** A curve's early part is this share of its points. */
const EARLY_SHARE = 0.6;

function splitCurve(curve: LossCurve): readonly [LossCurve, LossCurve] {
  const cut = Math.ceil(EARLY_SHARE * curve.steps.length);
  const part = (schedule: RateSchedule, from: number, to?: number): LossCurve => ({
    ...curve,
    schedule,
    steps: curve.steps.slice(from, to),
    losses: curve.losses.slice(from, to),
  });
  const early = curve.schedule.filter(({ step }) => step <= curve.steps[cut - 1]!);
  return [part(early, 0, cut), part(curve.schedule, cut)];
}

/** No fold where what is left is refused. */
function foldsOf(
  without: string,
  training: readonly LossCurve[],
  tests: readonly LossCurve[],
  law: CurveLaw,
): readonly Fold[] {
  if (training.length === 0) return [];
  try {
    const fit = fitCurves(training, law);
    return tests.map((test) => ({ without, fit, test }));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/**
 * The factor on a band's width with which it would have held 90 % of the left-out points, every curve
 * counting the same: the 90 % quantile of their distances in the band's own standard deviations, over that of
 * a normal. Never below 1.
 */
export function wideningFrom(distances: readonly (readonly number[])[]): number {
  const perCurve = 256;
  const pooled = distances.flatMap((own) =>
    Array.from({ length: perCurve }, (_, i) => quantile(own.map(Math.abs), (i + 0.5) / perCurve)),
  );
  return pooled.length === 0 ? 1 : Math.max(1, quantile(pooled, 0.9) / Z_90);
}

/** A number of the law of loss curves. */
export type CurveParameter = Interval & {
  readonly name: string;
  readonly unit: string;
  readonly standardError: number | null;
  /**
   * False where the interval is that of the prior, or spans more than `WIDEST`-fold (then read the interval,
   * not the value), and where the fit has driven the parameter to a bound at which it does nothing: there
   * refits stay, and their spread says nothing.
   */
  readonly identified: boolean;
};

const WIDEST = 4;
/** The curves have said something once the spread is below this share of the prior's. */
const LEARNT = 0.7;
/**
 * Variance, in e-folds squared, that the curvature of the fit leaves a parameter to which it lends 1 to begin
 * with: above this the curves have said next to nothing. It is 1 where the parameter does nothing, and 1/2
 * where two have the same effect.
 */
const UNIDENTIFIED = 0.25;

/** 90 % intervals over the resampled fits; the value always lies inside. */
export function curveParameters({
  fit,
  replicates,
}: Pick<CurveForecaster, "fit" | "replicates">): readonly CurveParameter[] {
  const { law, units, theta, curves } = fit;
  const inverse = inverseHessian(curves, law, theta);
  const values = law.natural(theta, units);
  const drawn = replicates.map((replicate) => law.natural(replicate, units));
  return law.parameters.map(({ name, unit }, j): CurveParameter => {
    const prior = law.priors[j];
    const median = values[j]!;
    if (!prior && inverse[j * (theta.length + 1)]! > UNIDENTIFIED)
      return { name, unit, median, lo: -Infinity, hi: Infinity, standardError: null, identified: false };
    const own = drawn.map((natural) => natural[j]!);
    const interval = intervalAround(median, own);
    const isLearnt = !prior || standardDeviation(replicates.map((draw) => draw[j]!)) < LEARNT * prior.sd;
    const identified = isLearnt && interval.lo > 0 && interval.hi / interval.lo < WIDEST;
    return { name, unit, ...interval, standardError: standardDeviation(own), identified };
  });
}
