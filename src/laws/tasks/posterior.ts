/**
 * @file Draws from the posterior of a task law. A sample of the prior is carried over by raising the
 * likelihood's power step by step (Del Moral, Doucet and Jasra 2006); its members stretch towards and away
 * from one another, which follows the bent ridges of an unfinished sigmoid.
 */

import { stretchMoves } from "../../math/ensemble.ts";
import type { Random } from "../../math/random.ts";
import { dot, sum } from "../../math/statistics.ts";
import type { TaskLaw } from "./task-laws.ts";

export type ScoredPoint = {
  readonly x: number;
  readonly score: number;
  /** Of measuring the score: of the items drawn; 0 where it is not known. */
  readonly sd: number;
};

/** One draw: the parameters, then the log of the factor on every point's noise. */
export type Draw = Float64Array;

/**
 * Items are the same for all runs, so that runs scatter less about each other than the standard deviation
 * over items; seeds and a formula that is wrong add to it. One factor on all noise, log-normal about 1, is
 * learnt from the scatter.
 */
const NOISE_FACTOR_SD = 0.5;
/** Where no standard deviations are given: two points, within a factor of 5 either way. */
const UNKNOWN_SD = 0.02;
const UNKNOWN_FACTOR_SD = 1;
/** A score cannot be known better than half a point. */
export const LEAST_SD = 0.005;

/** Each rise of the likelihood's power leaves at least this share of the sample effective. */
const KEPT_SHARE = 0.5;
/** Moves of every draw after each rise, and at the end: quantiles then move by a 20th of the interval. */
const MOVES_PER_RISE = 12;
const LAST_MOVES = 24;

type Member = { readonly point: Draw; readonly logPrior: number; readonly logLikelihood: number };

/** Draws from the posterior, in no order. */
export function posteriorDraws(
  law: TaskLaw,
  points: readonly ScoredPoint[],
  numDraws: number,
  random: Random,
): readonly Draw[] {
  const isUnknown = points.length > 0 && points.every(({ sd }) => sd === 0);
  const priors = [...law.priors, { mean: 0, sd: isUnknown ? UNKNOWN_FACTOR_SD : NOISE_FACTOR_SD }];
  const logLikelihood = logLikelihoodOf(law, points);
  const memberAt = (point: Draw): Member => ({
    point,
    logPrior: priors.reduce((sum, { mean, sd }, j) => sum - ((point[j]! - mean) / sd) ** 2 / 2, 0),
    logLikelihood: logLikelihood(point),
  });
  let sample = Array.from({ length: numDraws }, () =>
    memberAt(Float64Array.from(priors, ({ mean, sd }) => mean + sd * random.normal())),
  );
  for (let power = 0; power < 1; ) {
    const next = nextPower(sample, power);
    sample = resampled(sample, next - power, random);
    power = next;
    const logDensity = (member: Member) => member.logPrior + power * member.logLikelihood;
    for (let move = 0; move < (power < 1 ? MOVES_PER_RISE : LAST_MOVES); move++)
      stretchMoves(sample, memberAt, logDensity, random);
  }
  return sample.map(({ point }) => point);
}

/** Standard deviation of one measurement about the formula, under a draw. */
export function noiseOf(law: TaskLaw, draw: Draw, sd: number): number {
  return Math.exp(draw[law.priors.length]!) * itemSd(sd);
}

function itemSd(sd: number): number {
  return sd === 0 ? UNKNOWN_SD : Math.max(sd, LEAST_SD);
}

function logLikelihoodOf(law: TaskLaw, points: readonly ScoredPoint[]): (draw: Draw) => number {
  const sds = points.map(({ sd }) => itemSd(sd));
  return (draw) => {
    const logFactor = draw[law.priors.length]!;
    const score = law.curve(draw);
    let squares = 0;
    for (let i = 0; i < points.length; i++)
      squares += ((points[i]!.score - score(points[i]!.x)) / sds[i]!) ** 2;
    const value = -(Math.exp(-2 * logFactor) * squares) / 2 - points.length * logFactor;
    return Number.isFinite(value) ? value : -1e300;
  };
}

/** The largest power, up to 1, at which the sample reweighted from `power` keeps its effective share. */
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
  return sum(weights) ** 2 / dot(weights, weights) / sample.length;
}

function weightsOf(sample: readonly Member[], rise: number): readonly number[] {
  const largest = sample.reduce((most, { logLikelihood }) => Math.max(most, logLikelihood), -Infinity);
  return sample.map(({ logLikelihood }) => Math.exp(rise * (logLikelihood - largest)));
}

/** Systematic resampling: each member as often as its weight says, rounded up or down. */
function resampled(sample: readonly Member[], rise: number, random: Random): Member[] {
  const weights = weightsOf(sample, rise);
  const step = sum(weights) / sample.length;
  const offset = random.uniform();
  let reached = weights[0]!;
  let index = 0;
  return sample.map((_, i) => {
    while (reached < (i + offset) * step && index < sample.length - 1) reached += weights[++index]!;
    return sample[index]!;
  });
}
