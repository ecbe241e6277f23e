/** @file Runs studied once, ready to forecast any design: a ladder of one recipe, or a table over sizes and ratios. */

import { UserError } from "../errors.ts";
import type { Design } from "../law/law.ts";
import type { Interval } from "../math/interval.ts";
import { checkLadder, forecast, forecastLine } from "./forecast/forecast.ts";
import {
  forecastTable,
  intervalAt,
  reachWarning,
  refuseWhereUseless,
  studyTable,
  type TableForecast,
} from "./surface/forecast.ts";
import { isOneRecipe } from "./surface/surface.ts";
import { checkTarget, designFrom, type GivenTarget } from "./surface/target.ts";
import { LEAST_RUNS } from "./surface/usable.ts";
import type { TableRun } from "./table/table.ts";

export type RunsForecast = TableForecast;

export type StudiedRuns = {
  readonly runs: readonly TableRun[];
  /** Completes a target of which two of N, D and C are known, or C alone. */
  readonly target: (given: GivenTarget) => Design;
  /** Throws a `UserError` that says why where no useful forecast can be given. */
  readonly forecast: (design: Design) => RunsForecast;
  /** Median and 90 % interval at designs, whatever their width. */
  readonly along: (designs: readonly Design[]) => readonly Interval[];
};

/** Enough runs are a table; a short ladder of one recipe leans on beliefs of its own. */
export function studyRuns(runs: readonly TableRun[]): StudiedRuns {
  return runs.length < LEAST_RUNS && isOneRecipe(runs) ? studyLadder(runs) : studySurfaces(runs);
}

function studySurfaces(all: readonly TableRun[]): StudiedRuns {
  const studied = studyTable(all);
  const along = (designs: readonly Design[]) => designs.map((design) => intervalAt(studied, design));
  return {
    runs: studied.runs,
    target: (given) => designFrom(studied.runs, given, along),
    forecast(design) {
      if (isOneRecipe(studied.runs)) checkRatio(studied.runs, design);
      return forecastTable(studied, design);
    },
    along,
  };
}

/** A target at this factor from the ladder's ratio is no longer the ladder's recipe. */
const OTHER_RATIO = 1.5;

/** Throws a `UserError` where runs of one recipe are asked about another. */
function checkRatio(runs: readonly TableRun[], target: Design): void {
  const ratio = target.d / target.n;
  const own = runs[0]!.d / runs[0]!.n;
  if (Math.abs(Math.log(ratio / own)) <= Math.log(OTHER_RATIO)) return;
  throw new UserError(
    `a target of ${ratio.toPrecision(3)} tokens a parameter`,
    `about ${own.toPrecision(3)}, as all runs have: they cannot tell size from data`,
    "add runs at another ratio, or forecast a target at the runs' own",
  );
}

function studyLadder(runs: readonly TableRun[]): StudiedRuns {
  checkLadder(runs);
  const observations = runs.map((run) => ({ ...run, seed: run.seed ?? 0 }));
  const along = (designs: readonly Design[]) => forecastLine(observations, designs);
  return {
    runs,
    target: (given) => designFrom(runs, given, along),
    forecast(target) {
      checkRatio(runs, target);
      checkTarget(runs, target);
      const made = forecast(observations, target);
      const { median, lo, hi, reach, laws, widening, noisePercent, driftPercent, basis } = made;
      refuseWhereUseless(made, basis, noisePercent > driftPercent);
      const numbers = { reach, laws, widening, scatterPercent: noisePercent, driftPercent, basis };
      return { target, median, lo, hi, ...numbers, warnings: reachWarning(reach), setAside: [] };
    },
    along,
  };
}
