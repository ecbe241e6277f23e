/** @file A learning-rate schedule as plain data: rates at steps, straight lines between, jumps. */

import { assert } from "../../errors.ts";

/** The learning rate from a step on. */
export type SchedulePoint = { readonly step: number; readonly rate: number };

/** Ascending steps from 0, in any unit; two rates at one step are a jump. After the last the rate stays. */
export type RateSchedule = readonly SchedulePoint[];

/** Steps, rates and losses are 0 or within these: of areas and powers of others a computer loses count. */
export const CURVE_NUMBERS = { least: 1e-12, most: 1e18, text: "0, or a number from 1e-12 to 1e18" } as const;

export const DECAYS = ["linear", "exponential", "cosine", "sqrt"] as const;
export type Decay = (typeof DECAYS)[number];

type Common = { readonly peak: number; readonly steps: number; readonly warmup: number };

/** The schedules that have a name. `final` and `second` are rates; `decay` and `at` are steps. */
export type NamedSchedule =
  | (Common & { readonly kind: "constant" })
  | (Common & { readonly kind: "cosine" | "linear"; readonly final: number })
  | (Common & { readonly kind: "wsd"; readonly final: number; readonly decay: number; readonly shape: Decay })
  | (Common & { readonly kind: "two-stage"; readonly at: number; readonly second: number });

/** Straight lines that stand for one curved stretch: a cosine is then within 2e-4 of its height. */
const NUM_LINES = 128;
/** A schedule's lines may be this far from its table, as a share of the peak. */
const THINNING = 5e-4;

/** Writes a named schedule out. */
export function scheduleOf(named: NamedSchedule): RateSchedule {
  return thin(pointsOf(named));
}

function pointsOf(named: NamedSchedule): RateSchedule {
  const { peak, steps, warmup } = named;
  const start: SchedulePoint[] = [
    { step: 0, rate: 0 },
    { step: warmup, rate: peak },
  ];
  switch (named.kind) {
    case "constant":
      return [...start, { step: steps, rate: peak }];
    case "cosine":
    case "linear":
      return [...start, ...decayPoints(named.kind, warmup, steps, peak, named.final)];
    case "wsd":
      return [
        ...start,
        { step: steps - named.decay, rate: peak },
        ...decayPoints(named.shape, steps - named.decay, steps, peak, named.final),
      ];
    case "two-stage":
      return [
        ...start,
        { step: named.at, rate: peak },
        { step: named.at, rate: named.second },
        { step: steps, rate: named.second },
      ];
  }
}

/** "sqrt" is the 1 - sqrt decay of Haegele et al. (arXiv 2405.18392). */
const REMAINDER: Record<Decay, (share: number, ratio: number) => number> = {
  linear: (share) => 1 - share,
  cosine: (share) => (1 + Math.cos(Math.PI * share)) / 2,
  sqrt: (share) => 1 - Math.sqrt(share),
  // From the peak to the final rate by equal factors; the form below takes the final rate out again.
  exponential: (share, ratio) => (ratio ** share - ratio) / (1 - ratio),
};

function decayPoints(shape: Decay, from: number, to: number, peak: number, final: number): SchedulePoint[] {
  const ratio = Math.max(final / peak, 1e-6);
  if (from >= to || final === peak) return [{ step: to, rate: peak }];
  const numLines = shape === "linear" ? 1 : NUM_LINES;
  return Array.from({ length: numLines }, (_, i) => {
    // Squared shares put short lines where 1 - sqrt is steep.
    const share = shape === "sqrt" ? ((i + 1) / numLines) ** 2 : (i + 1) / numLines;
    return {
      step: from + share * (to - from),
      rate: final + (peak - final) * REMAINDER[shape](share, ratio),
    };
  });
}

/** The largest rate. */
export function peakRate(schedule: RateSchedule): number {
  return schedule.reduce((peak, { rate }) => Math.max(peak, rate), 0);
}

/** The last step that the schedule names. */
export function endOf(schedule: RateSchedule): number {
  return schedule.at(-1)?.step ?? 0;
}

/** Where the rate first stops rising: the end of the warm-up. */
export function warmupOf(schedule: RateSchedule): number {
  const after = schedule.findIndex((point, i) => i > 0 && point.rate <= schedule[i - 1]!.rate);
  return schedule[Math.max(0, after === -1 ? schedule.length - 1 : after - 1)]!.step;
}

/** The rate at a step; at a jump, the rate after it. */
export function rateAtStep(schedule: RateSchedule, step: number): number {
  const after = schedule.findIndex((point) => point.step > step);
  if (after === -1) return schedule.at(-1)!.rate;
  if (after === 0) return 0;
  const a = schedule[after - 1]!;
  const b = schedule[after]!;
  return a.rate + ((b.rate - a.rate) * (step - a.step)) / (b.step - a.step);
}

/** True where two schedules follow each other as far as both go: they then say the same about the drop. */
export function isSameShape(a: RateSchedule, b: RateSchedule): boolean {
  const end = Math.min(endOf(a), endOf(b));
  const limit = 0.01 * Math.max(peakRate(a), peakRate(b));
  const steps = [...a, ...b].map(({ step }) => step).filter((step) => step <= end);
  return (
    Math.abs(endOf(a) - endOf(b)) <= 0.01 * end &&
    steps.every((step) => Math.abs(rateAtStep(a, step) - rateAtStep(b, step)) <= limit)
  );
}

/** Drops points on the line between their neighbours, within `THINNING` of the peak. */
export function thin(schedule: RateSchedule): RateSchedule {
  const tolerance = THINNING * peakRate(schedule);
  const kept: SchedulePoint[] = [];
  let lowest = Number.NEGATIVE_INFINITY;
  let highest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < schedule.length; i++) {
    const point = schedule[i]!;
    const last = kept.at(-1);
    const previous = schedule[i - 1];
    if (last === undefined || previous === undefined) {
      kept.push(point);
      continue;
    }
    const slopeTo = (rate: number) => (rate - last.rate) / (point.step - last.step);
    const fits = point.step > last.step && slopeTo(point.rate) >= lowest && slopeTo(point.rate) <= highest;
    if (!fits) {
      if (previous !== last) kept.push(previous);
      const from = kept.at(-1)!;
      if (point.step === from.step) kept.push(point);
      [lowest, highest] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    }
    const from = kept.at(-1)!;
    if (point.step === from.step) continue;
    lowest = Math.max(lowest, (point.rate - tolerance - from.rate) / (point.step - from.step));
    highest = Math.min(highest, (point.rate + tolerance - from.rate) / (point.step - from.step));
  }
  const last = schedule.at(-1);
  assert(last !== undefined, "a schedule has points");
  return kept.at(-1) === last ? kept : [...kept, last];
}
