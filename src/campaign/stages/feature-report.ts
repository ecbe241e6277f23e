/** @file A feature's judgement as recorded: a number without a bound is null, for JSON has no infinity. */

import { z } from "zod";
import type { FeatureReport } from "../../laws/decide/feature/feature.ts";

/** Null in JSON: without a bound. */
const bound = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.POSITIVE_INFINITY);

const rangeSchema = z.object({ median: bound, lo: bound, hi: bound });

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
  multiplierPerDecade: rangeSchema.nullable(),
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
    atLargestPercent: bound,
    atTargetPercent: bound,
    atTargetMultiplier: bound,
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

/** As JSON has it. */
export function storedReport(report: FeatureReport): z.input<typeof featureReportSchema> {
  return JSON.parse(JSON.stringify(report)) as z.input<typeof featureReportSchema>;
}
