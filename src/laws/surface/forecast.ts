/** @file The loss of a run from a table of smaller ones: several laws weighed by their back-tests, one calibrated interval, or a refusal. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import type { Interval } from "../../math/interval.ts";
import { formatCount, significant } from "../../units/print.ts";
import type { TableRun } from "../table/table.ts";
import { MOST_WIDTH } from "./back-test.ts";
import {
  averaged,
  type Calibration,
  calibrate,
  calibratedInterval,
  cutsOf,
  studyCut,
} from "./calibration.ts";
import { DRAWS, type SurfacePosterior, surfacePosterior } from "./posterior.ts";
import { type Surface, surfacesFor } from "./surface.ts";
import { checkTarget } from "./target.ts";
import { usableRuns } from "./usable.ts";

export type TableForecast = Interval & {
  readonly target: Design;
  /** Target compute over the table's largest. */
  readonly reach: number;
  /** What each law alone says, and its share in the forecast. */
  readonly laws: readonly (Interval & {
    readonly name: string;
    readonly formula: string;
    readonly weight: number;
  })[];
  /** Factor that the back-test put on the interval. */
  readonly widening: number;
  /** Scatter of single runs and drift per root decade of compute, one standard deviation, in percent. */
  readonly scatterPercent: number;
  readonly driftPercent: number;
  /** One sentence with numbers. */
  readonly basis: string;
  readonly warnings: readonly string[];
  readonly setAside: readonly { readonly run: string; readonly reason: string }[];
};

/** A table that has been studied once, ready to forecast any design. */
export type StudiedTable = {
  readonly runs: readonly TableRun[];
  readonly setAside: TableForecast["setAside"];
  readonly surfaces: readonly Surface[];
  readonly posteriors: readonly SurfacePosterior[];
  readonly calibration: Calibration;
};

/** Fits every surface, and back-tests them all. Throws a `UserError` where too few runs are usable. Deterministic. */
export function studyTable(all: readonly TableRun[]): StudiedTable {
  const { runs, setAside } = usableRuns(all);
  const surfaces = surfacesFor(runs);
  const studies = cutsOf(runs).map((cut) => studyCut(runs, surfaces, cut));
  return {
    runs,
    setAside,
    surfaces,
    posteriors: surfaces.map((surface) => surfacePosterior(surface, runs, DRAWS.forecast)),
    calibration: calibrate(studies, surfaces, topOf(runs)),
  };
}

const topOf = (runs: readonly TableRun[]) => runs.reduce((most, { c }) => Math.max(most, c), 0);

/** Median and 90 % interval at one design, whatever its width. */
export function intervalAt({ posteriors, calibration }: StudiedTable, design: Design): Interval {
  const parts = averaged(
    posteriors.map(({ predict }) => predict(design)),
    calibration.weights,
  );
  return calibratedInterval(parts, calibration.widening);
}

/** Forecast at one design. Throws a `UserError` with the interval in it where that is too wide to decide anything. */
export function forecastTable(table: StudiedTable, target: Design): TableForecast {
  const { runs, setAside, surfaces, posteriors, calibration } = table;
  checkTarget(runs, target);
  const interval = intervalAt(table, target);
  const reach = target.c / topOf(runs);
  const mean = (of: (posterior: SurfacePosterior) => number) =>
    posteriors.reduce((sum, posterior, k) => sum + calibration.weights[k]! * of(posterior), 0);
  const scatterPercent = 100 * mean(({ scatter }) => scatter);
  const driftPercent = 100 * mean(({ drift }) => drift);
  const decades = Math.log10(topOf(runs) / Math.min(...runs.map(({ c }) => c)));
  const basis =
    `${runs.length} runs over ${decades.toFixed(1)} decades of compute, reach ${significant(reach, 3)}; scatter ${scatterPercent.toFixed(2)} %, ` +
    `drift ${driftPercent.toFixed(2)} % per root decade; ${calibration.numCuts} back-tests, interval ${calibration.widening.toFixed(2)} times as wide as the laws alone say`;
  refuseWhereUseless(interval, basis, scatterPercent > driftPercent);
  return {
    ...interval,
    target,
    reach,
    laws: surfaces.map(({ name, formula }, k) => ({
      name,
      formula,
      weight: calibration.weights[k]!,
      ...calibratedInterval(posteriors[k]!.predict(target), calibration.widening),
    })),
    widening: calibration.widening,
    scatterPercent,
    driftPercent,
    basis,
    warnings: warningsFor(runs, target, reach, calibration),
    setAside,
  };
}

/** Throws a `UserError` with the interval in it where that is too wide. */
export function refuseWhereUseless({ median, lo, hi }: Interval, basis: string, isScattered: boolean): void {
  const width = (hi - lo) / median;
  if (width <= MOST_WIDTH) return;
  throw new UserError(
    `a 90 % interval of ${lo.toPrecision(4)} to ${hi.toPrecision(4)}, ${(100 * width).toFixed(1)} % wide (${basis})`,
    `one of at most ${100 * MOST_WIDTH} %: a wider one decides nothing`,
    isScattered
      ? "see whether the table mixes recipes, corpora or units (--where chooses rows), or add seeds"
      : "add runs nearer the target, or forecast a nearer one; a large drift says that the recipe changes with scale: tune the small runs",
  );
}

/** Reach beyond which no back-test here has looked. */
const TESTED_REACH = 100;

export function reachWarning(reach: number): readonly string[] {
  return reach > TESTED_REACH
    ? [`reach ${formatCount(reach)}: intervals have been checked up to ${TESTED_REACH}`]
    : [];
}

function warningsFor(
  runs: readonly TableRun[],
  target: Design,
  reach: number,
  { numCuts }: Calibration,
): readonly string[] {
  const ratios = runs.map(({ d, n }) => d / n);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  const ratio = target.d / target.n;
  return [
    ...(numCuts === 0
      ? ["no back-test was possible: the interval rests on what other tables have shown"]
      : []),
    ...reachWarning(reach),
    ...(ratio < least / 1.5 || ratio > 1.5 * most
      ? [
          `the target has ${ratio.toPrecision(3)} tokens a parameter, the runs ${least.toPrecision(3)} to ${most.toPrecision(3)}`,
        ]
      : []),
  ];
}
