/** @file Small results of stages for tests, every number of them made up and easy to reckon with. */

import type { EventDraft } from "../record/events.ts";
import { curveFractions } from "../train/curve.ts";
import { summaryWith } from "../train/fixture.ts";
import type { RunSummary } from "../train/summary.ts";
import type { TargetForecast } from "./quantities.ts";
import type { FitResult } from "./stages/fit.ts";
import type { LadderRun } from "./stages/ladder.ts";

export function ladderRunWith(changes: Partial<RunSummary>, name = "rung-0-seed-1"): LadderRun {
  return { name, rung: 0, seed: 1, numThreads: 2, summary: summaryWith(changes) };
}

const around = (median: number) => ({
  median,
  lo: 0.9 * median,
  hi: 1.1 * median,
  basis: "made up for a test",
});

/** Forecasts what `summaryWith({})` measured. */
export const targetForecast: TargetForecast = {
  loss: around(2),
  sources: { tales: around(2) },
  cost: {
    stepSeconds: around(0.01),
    wallSeconds: around(2),
    peakBytes: around(101e6),
    operationSeconds: { matmul: 0.008, add: 0.002 },
    parts: { steps: 1, betweenSteps: 0.1, start: 0.5, evaluation: 0.4 },
    arenaBytes: 1e6,
  },
};

/** What the fit stage keeps in the record. */
export const storedFit: Omit<FitResult, "predictions"> = {
  reach: 8,
  laws: [],
  backTest: [],
  widening: 1,
  noisePercent: 0.5,
  line: [],
  band: curveFractions().map((fraction) => ({
    fraction,
    median: 2,
    lo: 1.9,
    hi: 2.1,
  })),
};

/** The event that says where a campaign was planned. */
export const environment: EventDraft<"environment"> = {
  run: null,
  kind: "environment",
  data: {
    commit: null,
    versions: {},
    processor: "a test's",
    instructionSet: "baseline",
    cores: 2,
    memoryBytes: 1e9,
  },
};
