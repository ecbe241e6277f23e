/** @file Where the target is in its band: the curve so far, from the record and the series alone. */

import { existsSync } from "node:fs";
import { UserError } from "../../errors.ts";
import type { BandPoint } from "../../laws/forecast/curve.ts";
import { type Reforecast, reforecast } from "../../laws/forecast/reforecast.ts";
import type { Interval } from "../../math/interval.ts";
import { refuseDamagedIn } from "../../record/custody.ts";
import { readRecord } from "../../record/record.ts";
import { readWholeRunSeries } from "../../record/run-series.ts";
import { columnOf } from "../../record/series.ts";
import { seriesFolder } from "../../record/workspace.ts";
import { WARM_UP_SHARE } from "../../train/schedule.ts";
import { type CurveInBand, curveAgainstBand, seenPoints } from "../curve-band.ts";
import { LOSS } from "../quantities.ts";
import { historyOf } from "./history.ts";

/** A target on its way: its curve, its band, its forecast. */
export type CurveState = {
  readonly run: string;
  readonly step: number;
  readonly numSteps: number;
  readonly tokens: number;
  readonly warmupTokens: number;
  /** Locked before the first step. */
  readonly locked: Interval;
  readonly band: readonly BandPoint[];
  readonly seen: CurveInBand;
  readonly now: Reforecast;
  /** Bits per byte on held-out text, once the run is done. */
  readonly measured: number | null;
};

/** Reads a campaign's folder; works while the campaign runs. */
export function curveState(folder: string): CurveState {
  const { planned, manifest, targetName, fit, target } = historyOf(readRecord(folder).events);
  if (!manifest || !targetName || !fit)
    throw new UserError(
      `the campaign in ${folder} has not forecast its target yet`,
      "a campaign whose ladder is done and whose predictions are locked",
      "let it run further; `longrun status` shows where it is",
    );
  const { spec, tokens } = planned.plan.target;
  refuseDamagedIn(folder, ({ path, of }) => of === "run" && path.startsWith(`series/${targetName}/`));
  const series = seriesFolder(folder, targetName);
  const losses = existsSync(series) ? columnOf(readWholeRunSeries(series), "loss") : new Float64Array();
  const locked = fit.predictions.get(LOSS.name)!;
  const seen = seenPoints(Float64Array.from(losses), spec.numSteps, manifest.tokenizer.trainBytesPerToken);
  return {
    run: targetName,
    step: losses.length,
    numSteps: spec.numSteps,
    tokens,
    warmupTokens: WARM_UP_SHARE * tokens,
    locked,
    band: fit.band,
    seen: curveAgainstBand(fit.band, seen),
    now: reforecast(locked, fit.band, seen),
    measured: target?.heldOut.all.bitsPerByte ?? null,
  };
}
