/**
 * @file Fits a formula for a task's score: draws from the posterior under weak priors. A sample of the prior is carried over to the posterior
 * by raising the likelihood's power step by step (Del Moral, Doucet and Jasra 2006); its members move by stretching towards and away from one
 * another (Goodman and Weare 2010), which asks for no gradient and no scales, and follows the bent ridges of an unfinished sigmoid.
 */

import type { Random } from "../../math/random.ts";

/** A formula of one variable x, with a normal prior on each internal parameter. */
export type ScoreLaw = {
  readonly centres: readonly number[];
  readonly sds: readonly number[];
  /** The score as a function of x, under these parameters. */
  readonly curve: (theta: ArrayLike<number>) => (x: number) => number;
};

export type ScoredPoint = {
  readonly x: number;
  readonly score: number;
  /** Of measuring the score: of the items drawn; 0 where it is not known. */
  readonly sd: number;
};

/** One draw: the parameters, then the log of the factor on every point's noise. */
export type Draw = Float64Array;

/**
 * Items are the same for all runs, so that runs scatter less about each other than the standard deviation over items; seeds and a formula
 * that is wrong add to it. One factor on all noise, log-normal about 1, is learnt from the scatter.
 */
const NOISE_FACTOR_SD = 0.5;
/** Where no standard deviations are given: two points, within a factor of 5 either way. */
const UNKNOWN_SD = 0.02;
const UNKNOWN_FACTOR_SD = 1;
/** A score cannot be known better than half a point. */
export const LEAST_SD = 0.005;

/** Goodman and Weare's choice of the largest stretch. */
const STRETCH = 2;
/** Each rise of the likelihood's power leaves at least this share of the sample effective. */
const KEPT_SHARE = 0.5;
/** Moves of every draw after each rise, and at the end. Quantiles of 640 draws then move between seeds by about a twentieth of the interval. */
const MOVES_PER_RISE = 12;
const LAST_MOVES = 24;

/** Draws from the posterior, in no order. */
export function posteriorDraws(
  law: ScoreLaw,
  points: readonly ScoredPoint[],
  numDraws: number,
  random: Random,
): readonly Draw[] {
  const logPrior = logPriorOf(law, points);
  const logLikelihood = logLikelihoodOf(law, points);
  const member = (draw: Draw): Member => ({
    draw,
    logPrior: logPrior(draw),
    logLikelihood: logLikelihood(draw),
  });
  let sample = Array.from({ length: numDraws }, () => member(priorDraw(law, points, random)));
  for (let power = 0; power < 1; ) {
    const next = nextPower(sample, power);
    sample = resampled(sample, next - power, random);
    power = next;
    const moves = power < 1 ? MOVES_PER_RISE : LAST_MOVES;
    for (let move = 0; move < moves; move++)
      for (let i = 0; i < numDraws; i++) moveMember(sample, i, power, member, random);
  }
  return sample.map(({ draw }) => draw);
}

/** Standard deviation of one measurement about the formula, under a draw. */
export function noiseOf(law: ScoreLaw, draw: Draw, sd: number): number {
  return Math.exp(draw[law.centres.length]!) * itemSd(sd);
}

function itemSd(sd: number): number {
  return sd === 0 ? UNKNOWN_SD : Math.max(sd, LEAST_SD);
}

type Member = {
  readonly draw: Draw;
  readonly logPrior: number;
  readonly logLikelihood: number;
};

function factorSdOf(points: readonly ScoredPoint[]): number {
  return points.length > 0 && points.every(({ sd }) => sd === 0) ? UNKNOWN_FACTOR_SD : NOISE_FACTOR_SD;
}

function priorDraw({ centres, sds }: ScoreLaw, points: readonly ScoredPoint[], random: Random): Draw {
  const factorSd = factorSdOf(points);
  return Float64Array.from([...centres, 0], (centre, i) => centre + (sds[i] ?? factorSd) * random.normal());
}

function logPriorOf(law: ScoreLaw, points: readonly ScoredPoint[]): (draw: Draw) => number {
  const centres = [...law.centres, 0];
  const sds = [...law.sds, factorSdOf(points)];
  return (draw) => {
    let sum = 0;
    for (let j = 0; j < centres.length; j++) sum -= ((draw[j]! - centres[j]!) / sds[j]!) ** 2 / 2;
    return sum;
  };
}

function logLikelihoodOf(law: ScoreLaw, points: readonly ScoredPoint[]): (draw: Draw) => number {
  const sds = points.map(({ sd }) => itemSd(sd));
  return (draw) => {
    const logFactor = draw[law.centres.length]!;
    const score = law.curve(draw);
    let squares = 0;
    for (let i = 0; i < points.length; i++)
      squares += ((points[i]!.score - score(points[i]!.x)) / sds[i]!) ** 2;
    const value = -(Math.exp(-2 * logFactor) * squares) / 2 - points.length * logFactor;
    return Number.isFinite(value) ? value : -1e300;
  };
}

/** The largest power of the likelihood, up to 1, at which the sample reweighted from `power` keeps its effective share. */
function nextPower(sample: readonly Member[], power: number): number {
  let [low, high] = [power, 1];
  if (effectiveShare(sample, 1 - power) >= KEPT_SHARE) return 1;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (effectiveShare(sample, middle - power) >= KEPT_SHARE) low = middle;
    else high = middle;
  }
  return high;
}

/** Kish's effective sample size over the size. */
function effectiveShare(sample: readonly Member[], rise: number): number {
  const weights = weightsOf(sample, rise);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0) / sample.length;
}

function weightsOf(sample: readonly Member[], rise: number): readonly number[] {
  const largest = sample.reduce((most, { logLikelihood }) => Math.max(most, logLikelihood), -Infinity);
  return sample.map(({ logLikelihood }) => Math.exp(rise * (logLikelihood - largest)));
}

/** Systematic resampling: each member as often as its weight says, rounded up or down. */
function resampled(sample: readonly Member[], rise: number, random: Random): Member[] {
  const weights = weightsOf(sample, rise);
  const step = weights.reduce((total, weight) => total + weight, 0) / sample.length;
  const offset = random.uniform();
  let reached = weights[0]!;
  let index = 0;
  return sample.map((_, i) => {
    while (reached < (i + offset) * step && index < sample.length - 1) reached += weights[++index]!;
    return sample[index]!;
  });
}

/** Moves one member along the line through another. */
function moveMember(
  sample: Member[],
  index: number,
  power: number,
  member: (draw: Draw) => Member,
  random: Random,
): void {
  const other = sample[(index + 1 + random.integer(sample.length - 1)) % sample.length]!.draw;
  const now = sample[index]!;
  // Density proportional to 1 / sqrt(z) between 1 / STRETCH and STRETCH.
  const stretch = ((STRETCH - 1) * random.uniform() + 1) ** 2 / STRETCH;
  const moved = member(now.draw.map((coordinate, j) => other[j]! + stretch * (coordinate - other[j]!)));
  const logRatio =
    (now.draw.length - 1) * Math.log(stretch) +
    (moved.logPrior - now.logPrior) +
    power * (moved.logLikelihood - now.logLikelihood);
  if (Math.log(random.uniform()) < logRatio) sample[index] = moved;
}
