/** @file Stage 5: the target. As it trains, its curve is held against the band and its end forecast anew. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { finishedSummary } from "../../fleet/recorded-run.ts";
import { reforecast } from "../../laws/forecast/reforecast.ts";
import { median } from "../../math/statistics.ts";
import { readWholeRunSeries } from "../../record/run-series.ts";
import { columnOf } from "../../record/series.ts";
import { seriesFolder } from "../../record/workspace.ts";
import type { RunEvent } from "../../train/run-event.ts";
import type { RunSummary } from "../../train/summary.ts";
import { type Context, runStage } from "../context.ts";
import { seenPoints } from "../curve-band.ts";
import type { Plan } from "../planning/plan.ts";
import { LOSS, STEP_TIME } from "../quantities.ts";
import type { FitResult } from "./fit.ts";
import { trainAll } from "./ladder.ts";

export async function target(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  fit: FitResult,
  name: string,
): Promise<RunSummary> {
  const bytesPerToken = manifest.tokenizer.trainBytesPerToken;
  await runStage(context, "target", { name }, z.null(), async () => {
    const placed = { run: plan.target, numThreads: context.machine.numThreads };
    const onEvent = (event: RunEvent) => {
      if (event.kind === "checkpoint") compareSoFar(context, plan, fit, name, event.step, bytesPerToken);
    };
    await trainAll(context, () => name, [placed], onEvent);
    return null;
  });
  return finishedSummary(context.record.events, name)!;
}

/** At a checkpoint the series is on disk up to this step: where does the run stand against its band? */
function compareSoFar(
  { record, workspace, tell }: Context,
  plan: Plan,
  fit: FitResult,
  name: string,
  step: number,
  bytesPerToken: number,
): void {
  const { spec } = plan.target;
  const series = readWholeRunSeries(seriesFolder(workspace.folder, name));
  const points = seenPoints(columnOf(series, "loss").subarray(0, step), spec.numSteps, bytesPerToken);
  const now = reforecast(fit.predictions.get(LOSS.name)!, fit.band, points);
  const stepGapPercent =
    100 * (median(columnOf(series, "stepSeconds")) / fit.predictions.get(STEP_TIME.name)!.median - 1);
  const { median: middle, lo, hi, onTrack: status, reason } = now;
  const data = { step, median: middle, lo, hi, status, reason, stepGapPercent };
  record.append({ run: name, kind: "reforecast", data });
  tell({ kind: "on-track", status, reason, stepGapPercent });
}
