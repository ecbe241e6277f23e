/**
 * @file Interruptions per second of a cluster: what a record says of each cause, and how burn-in raises it.
 */

import { drawGamma } from "../../math/gamma.ts";
import type { Random } from "../../math/random.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { type BurnIn, hardwareFactor, isSettled, softwareFactor, trendFactor } from "./burn-in.ts";
import { CAUSE, CAUSES, type CauseName, exposureOf, type FailureRecord } from "./causes.ts";

/** Settled interruptions per second, by what burn-in does to them. */
export type Hazard = {
  readonly hardware: number;
  readonly software: number;
  /** Part of the two after which a node goes to repair. */
  readonly removing: number;
};

/** A cause's settled interruptions per second in this cluster, and how many the record has counted. */
export type CauseRate = {
  readonly cause: CauseName;
  readonly perSecond: number;
  readonly count: number;
};

/** The rates that the record gives a cluster of this size. */
export function causeRates(
  record: FailureRecord,
  numDevices: number,
  devicesPerNode: number,
): readonly CauseRate[] {
  return CAUSES.flatMap((cause) => {
    const count = record.counts[cause] ?? 0;
    if (count === 0) return [];
    const seen = exposureOf(cause, record.numDevices, record.devicesPerNode) * record.days * DAY_SECONDS;
    return [{ cause, count, perSecond: (count / seen) * exposureOf(cause, numDevices, devicesPerNode) }];
  });
}

/** How far this cluster's hazard is from the record's: log-normal. */
export function drawClusterFactor(clusterLogSd: number, random: Random): number {
  return Math.exp(clusterLogSd * random.normal());
}

/** A cause's rate over its estimate: its count's posterior (Jeffreys: Gamma, count + 1/2), mean kept. */
export function drawCauseFactor({ count }: CauseRate, random: Random): number {
  const shape = count + 0.5;
  return drawGamma(random, shape) / shape;
}

/** The hazard with each cause's rate times a factor; 1: as the record has it. */
export function hazardOf(rates: readonly CauseRate[], factorOf: (rate: CauseRate) => number): Hazard {
  let [hardware, software, removing] = [0, 0, 0];
  for (const each of rates) {
    const rate = each.perSecond * factorOf(each);
    const { ages, removesNode } = CAUSE[each.cause];
    if (ages === "hardware") hardware += rate;
    else software += rate;
    if (removesNode) removing += rate;
  }
  return { hardware, software, removing };
}

/** Interruptions per second so many days into the run. */
export function hazardAt(hazard: Hazard, burnIn: BurnIn, days: number): number {
  const hardware = hazard.hardware * hardwareFactor(burnIn, days) * trendFactor(burnIn, days);
  return hardware + softwareHazardAt(hazard, burnIn, days);
}

/** Those of them that software brings about. */
export function softwareHazardAt({ software }: Hazard, burnIn: BurnIn, days: number): number {
  return software * softwareFactor(burnIn, days) * trendFactor(burnIn, days);
}

/** Stretches of a run of nearly constant rate: one where settled, else the shorter the earlier. */
export function stretches(burnIn: BurnIn, days: number): readonly { from: number; to: number }[] {
  if (isSettled(burnIn.ages)) return [{ from: 0, to: days }];
  const cuts: number[] = [0];
  for (let at = 0; at < days; ) {
    at += Math.max(0.5, at / 10);
    cuts.push(Math.min(at, days));
  }
  return cuts.slice(1).map((to, i) => ({ from: cuts[i]!, to }));
}
