/** @file Interruptions per second of a cluster: what a record makes us believe, cause by cause, and how youth raises it. */

import { drawGamma } from "../../math/gamma.ts";
import type { Random } from "../../math/random.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { type BurnIn, hardwareFactor, isYoung, softwareFactor, trendFactor } from "./burn-in.ts";
import { CAUSE, CAUSES, type CauseName, exposureOf, type FailureRecord } from "./causes.ts";

/** Settled interruptions per second, by what youth does to them. */
export type Hazard = {
  readonly hardware: number;
  readonly software: number;
  /** Part of the two after which a node goes to repair. */
  readonly removing: number;
};

/** Settled rates of each cause in this cluster, per second, as the record has them. */
export function causeRates(
  record: FailureRecord,
  numDevices: number,
  devicesPerNode: number,
): readonly { readonly cause: CauseName; readonly perSecond: number }[] {
  return CAUSES.flatMap((cause) => {
    const count = record.counts[cause] ?? 0;
    if (count === 0) return [];
    const seen = exposureOf(cause, record.numDevices, record.devicesPerNode) * record.days * DAY_SECONDS;
    return [{ cause, perSecond: (count / seen) * exposureOf(cause, numDevices, devicesPerNode) }];
  });
}

/** The middle of the belief. */
export function typicalHazard(rates: ReturnType<typeof causeRates>): Hazard {
  return sumOf(rates, () => 1);
}

/**
 * One belief: each cause's rate from its count (Jeffreys: Gamma of count + 1/2, over the count, its mean kept), all times how this
 * cluster may differ from the recorded one.
 */
export function drawHazard(
  rates: ReturnType<typeof causeRates>,
  record: FailureRecord,
  clusterLogSd: number,
  random: Random,
): Hazard {
  const all = Math.exp(clusterLogSd * random.normal());
  return sumOf(rates, (cause) => {
    const shape = record.counts[cause]! + 0.5;
    return (all * drawGamma(random, shape)) / shape;
  });
}

function sumOf(rates: ReturnType<typeof causeRates>, factorOf: (cause: CauseName) => number): Hazard {
  let [hardware, software, removing] = [0, 0, 0];
  for (const { cause, perSecond } of rates) {
    const rate = perSecond * factorOf(cause);
    if (CAUSE[cause].ages === "hardware") hardware += rate;
    else software += rate;
    if (CAUSE[cause].removesNode) removing += rate;
  }
  return { hardware, software, removing };
}

/** Interruptions per second so many days into the run. */
export function rateAt(hazard: Hazard, youth: BurnIn, days: number): number {
  const hardware = hazard.hardware * hardwareFactor(youth, days) * trendFactor(youth, days);
  return hardware + softwareRateAt(hazard, youth, days);
}

/** Those of them that software brings about. */
export function softwareRateAt({ software }: Hazard, youth: BurnIn, days: number): number {
  return software * softwareFactor(youth, days) * trendFactor(youth, days);
}

/** Stretches of a run over which a rate may be taken as constant: one where settled, else shorter while it is young. */
export function stretches(youth: BurnIn, days: number): readonly { from: number; to: number }[] {
  if (!isYoung(youth.ages)) return [{ from: 0, to: days }];
  const cuts: number[] = [0];
  for (let at = 0; at < days; ) {
    at += Math.max(0.5, at / 10);
    cuts.push(Math.min(at, days));
  }
  return cuts.slice(1).map((to, i) => ({ from: cuts[i]!, to }));
}
