/** @file A feature's judgement as recorded: unbounded numbers are null, for JSON has no infinity. */

import { z } from "zod";
import type { FeatureReport } from "../../laws/decide/feature/feature.ts";

/** Median and 90 % interval; null is unbounded. */
const rangeSchema = z.object({
  median: z.number().nullable(),
  lo: z.number().nullable(),
  hi: z.number().nullable(),
});

export const featureReportSchema = z.object({
  target: z.object({ n: z.number(), d: z.number(), c: z.number() }),
  reach: z.number(),
  scales: z.array(
    z.object({
      c: z.number(),
      n: z.number(),
      d: z.number(),
      numDesigns: z.number(),
      numPairs: z.number(),
      comparison: z.enum(["pairs", "means", "law"]),
      effectPercent: rangeSchema,
      computeMultiplier: rangeSchema,
      tokenMultiplier: rangeSchema.nullable(),
    }),
  ),
  trendPercentPerDecade: rangeSchema,
  /** Campaigns of before it was told have none. */
  multiplierPerDecade: rangeSchema.nullable().default(null),
  pairNoisePercent: z.number(),
  driftPercent: z.number(),
  atTarget: z.object({
    effectPercent: rangeSchema,
    computeMultiplier: rangeSchema,
    tokenMultiplier: rangeSchema.nullable(),
    probabilityHelps: z.number(),
  }),
  crossover: z.object({
    kind: z.enum(["stops helping above", "starts helping above"]),
    compute: rangeSchema,
    params: rangeSchema,
  }),
  minimumDetectable: z.object({
    atLargestPercent: z.number().nullable(),
    atTargetPercent: z.number().nullable(),
    atTargetMultiplier: z.number().nullable(),
  }),
  backTest: z.array(
    z.object({
      c: z.number(),
      reach: z.number(),
      predictedPercent: rangeSchema,
      actualPercent: z.number(),
      inside: z.boolean(),
    }),
  ),
  furtherRung: z
    .object({
      c: z.number(),
      n: z.number(),
      d: z.number(),
      numPairs: z.number(),
      cost: z.number(),
      widthNowPercent: z.number(),
      widthAfterPercent: z.number(),
    })
    .nullable(),
  verdict: z.object({ decision: z.enum(["adopt", "drop", "undecided"]), reason: z.string() }),
  warnings: z.array(z.string()),
});

export type StoredFeatureReport = z.infer<typeof featureReportSchema>;

/** As JSON will have it. */
export function storedReport(report: FeatureReport): StoredFeatureReport {
  return featureReportSchema.parse(JSON.parse(JSON.stringify(report)));
}

const UNBOUNDED = ["median", "lo", "hi", "atLargestPercent", "atTargetPercent", "atTargetMultiplier"];

/** As the laws have it. */
export function reportFrom(stored: StoredFeatureReport): FeatureReport {
  return JSON.parse(JSON.stringify(stored), (key, value: unknown) =>
    value === null && UNBOUNDED.includes(key) ? Number.POSITIVE_INFINITY : value,
  ) as FeatureReport;
}
