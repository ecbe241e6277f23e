/** @file Stage 5: the target. While it trains, its curve is held against the band and its final loss forecast anew; the record keeps both. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { trainPlanned } from "../../fleet/recorded-run.ts";
import { reforecast } from "../../laws/forecast/reforecast.ts";
import { median } from "../../math/statistics.ts";
import { readRunSeries } from "../../record/run-series.ts";
import { columnOf } from "../../record/series.ts";
import { seriesFolder } from "../../record/workspace.ts";
import { tokensOf } from "../../train/run-spec.ts";
import type { RunSummary } from "../../train/summary.ts";
import { NUM_CURVE_POINTS, runSummarySchema } from "../../train/summary.ts";
import type { Context } from "../context.ts";
import { runStage } from "../context.ts";
import type { Plan } from "../planning/plan.ts";
import type { FitResult } from "./fit.ts";

export const targetSchema = z.strictObject({ name: z.string(), summary: runSummarySchema });

export type TargetResult = z.infer<typeof targetSchema>;

export async function target(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  fit: FitResult,
  name: string,
): Promise<TargetResult> {
  const bytesPerToken = manifest.tokenizer.trainBytesPerToken;
  return runStage(context, "target", { name }, targetSchema, async () => {
    const summary: RunSummary = await trainPlanned(
      context,
      { run: plan.target, numThreads: context.machine.numThreads },
      name,
      (event) => {
        if (event.kind === "checkpoint") compareSoFar(context, plan, fit, name, event.step, bytesPerToken);
      },
    );
    return { name, summary };
  });
}

/** At every checkpoint the series is on disk up to this step: where does the run stand against what was promised? */
function compareSoFar(
  { record, workspace, tell }: Context,
  plan: Plan,
  fit: FitResult,
  name: string,
  step: number,
  bytesPerToken: number,
): void {
  const { spec } = plan.target;
  const series = readRunSeries(seriesFolder(workspace.folder, name));
  const points = seenPoints(columnOf(series, "loss").subarray(0, step), spec.numSteps, bytesPerToken);
  const now = reforecast(fit.loss, fit.band, points);
  const stepGapPercent = 100 * (median(columnOf(series, "stepSeconds")) / fit.stepSeconds.median - 1);
  const { median: middle, lo, hi, onTrack: status, reason } = now;
  const tokens = Math.round((tokensOf(spec) * step) / spec.numSteps);
  record.append({
    run: name,
    kind: "reforecast",
    data: {
      step,
      tokens,
      fraction: step / spec.numSteps,
      median: middle,
      lo,
      hi,
      status,
      reason,
      stepGapPercent,
    },
  });
  tell({ kind: "on-track", status, reason, stepGapPercent });
}

/** The stretches of the curve that are complete, in bits per byte. */
export function seenPoints(
  losses: Float64Array,
  numSteps: number,
  bytesPerToken: number,
): readonly { readonly fraction: number; readonly loss: number }[] {
  const points: { fraction: number; loss: number }[] = [];
  for (let i = 0; i < NUM_CURVE_POINTS; i++) {
    const from = Math.floor((i * numSteps) / NUM_CURVE_POINTS);
    const to = Math.max(from + 1, Math.floor(((i + 1) * numSteps) / NUM_CURVE_POINTS));
    if (to > losses.length) break;
    const mean = losses.subarray(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
    points.push({ fraction: (i + 0.5) / NUM_CURVE_POINTS, loss: mean / Math.LN2 / bytesPerToken });
  }
  return points;
}
