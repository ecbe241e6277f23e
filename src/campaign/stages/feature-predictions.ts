/**
 * @file What is foretold of a feature, locked in the record before it is seen: its effect on the largest rung from those below it, and its
 * effect at the target from all of them.
 */

import { z } from "zod";
import { Z_90 } from "../../math/normal.ts";
import type { Context } from "../context.ts";
import { QUANTITIES } from "../quantities.ts";
import type { StoredFeatureReport } from "./feature-report.ts";

/** The effect on the largest rung, log ratio of losses in percent, as foretold from the rungs below and as measured. */
export const foretoldSchema = z.strictObject({
  median: z.number(),
  lo: z.number(),
  hi: z.number(),
  measured: z.number(),
});

export type Foretold = z.infer<typeof foretoldSchema>;

type Predicted = {
  readonly quantity: string;
  readonly unit: string;
  readonly median: number;
  readonly lo: number;
  readonly hi: number;
  readonly basis: string;
};

/**
 * Foretells the mean difference of `numPairs` pairs on the rung that the report was made for. The report's interval is that of the effect itself;
 * the noise of the pairs, which the measurement will have too, is added in quadrature.
 */
export function predictRung(
  { record }: Pick<Context, "record">,
  subject: string,
  report: StoredFeatureReport,
  numPairs: number,
): void {
  const { median, lo, hi } = report.atTarget.effectPercent;
  if (median === null || lo === null || hi === null) return;
  const noise = (Z_90 * report.pairNoisePercent) / Math.sqrt(numPairs);
  append(record, subject, {
    quantity: QUANTITIES.featureOnRung,
    unit: "percent",
    median,
    lo: median - Math.hypot(median - lo, noise),
    hi: median + Math.hypot(hi - median, noise),
    basis: basisOf(report),
  });
}

/** The prediction of the largest rung beside what it came to, which is recorded; null where nothing was foretold. */
export function measureRung(
  { record }: Pick<Context, "record">,
  subject: string,
  report: StoredFeatureReport,
): Foretold | null {
  const predicted = find(record, subject, QUANTITIES.featureOnRung);
  const { numPairs, effectPercent } = report.scales.at(-1)!;
  const value = effectPercent.median;
  if (predicted === null || value === null) return null;
  const isKnown = record.events.some(({ run, kind }) => run === subject && kind === "measurement");
  if (!isKnown) {
    const data = {
      quantity: predicted.quantity,
      unit: predicted.unit,
      value,
      source: `${numPairs} pairs of runs`,
    };
    record.append({ run: subject, kind: "measurement", data });
  }
  const { median, lo, hi } = predicted;
  return { median, lo, hi, measured: value };
}

/** Foretells the effect at the target. */
export function predictTarget(
  { record }: Pick<Context, "record">,
  subject: string,
  report: StoredFeatureReport,
): void {
  const { effectPercent, computeMultiplier } = report.atTarget;
  // A multiplier may have no bound, and a prediction without one could not be scored: the effect on the loss always has.
  for (const [quantity, unit, { median, lo, hi }] of [
    [QUANTITIES.featureEffect, "percent", effectPercent],
    [QUANTITIES.featureMultiplier, "times", computeMultiplier],
  ] as const)
    if (median !== null && lo !== null && hi !== null)
      append(record, subject, { quantity, unit, median, lo, hi, basis: basisOf(report) });
}

function basisOf({ scales, reach }: StoredFeatureReport): string {
  const numPairs = scales.reduce((sum, scale) => sum + scale.numPairs, 0);
  return `${numPairs} pairs of runs on ${scales.length} rungs, with and without the change, reach ${reach.toFixed(1)}`;
}

/** Once: a stage that was killed after it makes the same prediction again. */
function append(record: Context["record"], run: string, data: Predicted): void {
  if (find(record, run, data.quantity) === null) record.append({ run, kind: "prediction", data });
}

function find({ events }: Context["record"], run: string, quantity: string): Predicted | null {
  const event = events.find(
    (candidate) =>
      candidate.kind === "prediction" && candidate.run === run && candidate.data.quantity === quantity,
  );
  return event?.kind === "prediction" ? event.data : null;
}
