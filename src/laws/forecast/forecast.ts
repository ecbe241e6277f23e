/** @file A run's loss from smaller ones: laws weighed by back-tests, a calibrated interval, or a refusal. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import type { DrawColumns, Posterior } from "../../law/posterior.ts";
import { averaged, intervalOf, partsOf, predict } from "../../law/predict.ts";
import { MOST_WIDTH } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import {
  fixed,
  formatCount,
  formatLoss,
  formatPercent,
  formatShare,
  significant,
} from "../../units/print.ts";
import type { TableRun } from "../table/run-table.ts";
import { isOneRecipe, SAME_RATIO } from "./candidate-laws.ts";
import { type StrayRun, strayRuns, strayWarnings } from "./stray-runs.ts";
import { type Study, study } from "./study.ts";
import { checkTarget } from "./target.ts";

/** What one law alone says, and its share in the forecast. */
export type LawForecast = Interval & {
  readonly name: string;
  readonly formula: string;
  readonly weight: number;
};

/** The forecast of one left-out rung by the rungs up to a cut. */
export type BackTestRow = {
  /** Largest compute that the forecast was allowed to see, in FLOPs. */
  readonly cut: number;
  /** Compute of the rung forecast, over the cut. */
  readonly reach: number;
  readonly predicted: number;
  /** The laws' own 90 % interval of one run, before any widening. */
  readonly lo: number;
  readonly hi: number;
  /** Of several runs the geometric mean. */
  readonly actual: number;
  /** 100 (predicted / actual - 1). */
  readonly errorPercent: number;
  readonly inside: boolean;
};

/** The loss of a design: median, 90 % interval, and what they rest on. */
export type Forecast = Interval & {
  readonly target: Design;
  /** Target compute over the runs' largest. */
  readonly reach: number;
  readonly laws: readonly LawForecast[];
  readonly backTest: readonly BackTestRow[];
  /** Factor that the back-test put on the interval. */
  readonly widening: number;
  /** Scatter of single runs and drift per root decade of compute, one standard deviation, in percent. */
  readonly scatterPercent: number;
  readonly driftPercent: number;
  /** One sentence with numbers: what the interval rests on. */
  readonly basis: string;
  readonly warnings: readonly string[];
  readonly setAside: Study["setAside"];
};

/** The loss of one more run. Throws a `UserError` where the runs or the target allow none. */
export function forecast(runs: readonly TableRun[], target: Design): Forecast {
  return usefulForecast(study(runs), target);
}

/** The forecast at a design. Throws a `UserError` that tells the interval where it is too wide for use. */
export function usefulForecast(studied: Study, target: Design): Forecast {
  checkTarget(studied, target);
  const made = forecastAt(studied, target);
  const strays = strayRuns(studied.runs);
  const remark = strays.length === 0 ? null : strayRemark(studied, strays, target);
  const width = (made.hi - made.lo) / made.median;
  if (width <= MOST_WIDTH) return remark === null ? made : { ...made, warnings: [...made.warnings, remark] };
  const noisy = "see whether the table mixes recipes, corpora or units (--where chooses rows), or add seeds";
  throw new UserError(
    `a 90 % interval of ${significant(made.lo, 4)} to ${significant(made.hi, 4)}, ${formatShare(width)} wide (${made.basis})`,
    `one of at most ${fixed(100 * MOST_WIDTH, 0)} %: a wider one decides nothing`,
    remark !== null
      ? remark
      : made.scatterPercent > made.driftPercent
        ? noisy
        : "add runs nearer the target, or forecast a nearer one; a large drift says that the recipe changes with scale: tune the small runs",
  );
}

/** Runs far from all others, and what their leaving would change. They stay: only the user knows why. */
function strayRemark(studied: Study, strays: readonly StrayRun[], target: Design): string {
  const kept = studied.runs.filter((run) => strays.every((stray) => stray.run !== run));
  const them = strays.length === 1 ? "it" : "them";
  const [said] = strayWarnings(strays);
  const advice = `look whether ${strays.length === 1 ? "it" : "they"} finished, and leave ${them} out (a row less, or --where) if not`;
  const without = forecastOf(kept, target);
  return without === null
    ? `${said}; without ${them} too few runs are left; ${advice}`
    : `${said}; without ${them} the forecast is ${formatLoss(without)}; ${advice}`;
}

function forecastOf(runs: readonly TableRun[], target: Design): Interval | null {
  try {
    return forecastAt(study(runs), target);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** The forecast at a design, whatever its width. */
export function forecastAt(studied: Study, target: Design): Forecast {
  const { posterior, setAside } = studied;
  const { largestCompute, widening } = posterior;
  const reach = target.c / largestCompute;
  const backTest = backTestRows(studied);
  const facts = {
    reach,
    backTest,
    widening,
    scatterPercent: 100 * meanOf(posterior, "scatter"),
    driftPercent: 100 * meanOf(posterior, "drift"),
  };
  return {
    ...predict(posterior, target),
    target,
    ...facts,
    laws: posterior.laws.map((law) => ({
      name: law.name,
      formula: law.formula,
      weight: law.weight,
      ...intervalOf(partsOf(law, largestCompute, target), widening),
    })),
    basis: basisOf(studied, facts),
    warnings: warningsOf(studied, target, reach),
    setAside,
  };
}

/** Mean of a column over laws and draws. */
export function meanOf({ laws }: Posterior, name: "scatter" | "drift"): number {
  const within = (draws: DrawColumns) =>
    draws[name].reduce((sum, value, i) => sum + draws.weight[i]! * value, 0);
  return laws.reduce((sum, { weight, draws }) => sum + weight * within(draws), 0);
}

function backTestRows({ cuts, weights }: Study): readonly BackTestRow[] {
  return cuts.flatMap(({ cut, above }) =>
    above.map(({ rung, predicted }) => {
      const { median, lo, hi } = intervalOf(averaged(predicted, weights), 1);
      const actual = Math.exp(rung.logLoss);
      const errorPercent = 100 * (median / actual - 1);
      const inside = actual >= lo && actual <= hi;
      return { cut, reach: rung.design.c / cut, predicted: median, lo, hi, actual, errorPercent, inside };
    }),
  );
}

function basisOf(
  { runs, rungs, posterior }: Study,
  facts: Pick<Forecast, "reach" | "backTest" | "widening" | "scatterPercent" | "driftPercent">,
): string {
  const decades = Math.log10(posterior.largestCompute / rungs[0]!.design.c);
  const inside = facts.backTest.filter((row) => row.inside).length;
  const worst = Math.max(0, ...facts.backTest.map(({ errorPercent }) => Math.abs(errorPercent)));
  const test =
    facts.backTest.length === 0
      ? "too few runs for a back-test: the interval rests on what other tables have shown"
      : `${inside} of ${facts.backTest.length} back-test forecasts inside their 90 % interval, worst error ${formatPercent(worst, 2)}, interval ${fixed(facts.widening, 2)} times as wide as the laws alone say`;
  return (
    `${runs.length} runs of ${rungs.length} designs over ${fixed(decades, 1)} decades of compute, reach ${significant(facts.reach, 3)}; ` +
    `scatter ${formatPercent(facts.scatterPercent, 2)}, drift ${formatPercent(facts.driftPercent, 2)} per root decade; ${test}`
  );
}

/** Reach beyond which no back-test here has looked. */
export const TESTED_REACH = 100;

function warningsOf({ rungs, posterior }: Study, target: Design, reach: number): readonly string[] {
  const [least, most] = posterior.ratios;
  const ratio = target.d / target.n;
  const isOff = ratio < least / SAME_RATIO || ratio > SAME_RATIO * most;
  return [
    ...(reach > TESTED_REACH
      ? [`reach ${formatCount(reach)}: intervals have been checked up to ${TESTED_REACH}`]
      : []),
    ...(isOff && !isOneRecipe(rungs.map(({ design }) => design))
      ? [
          `the target has ${significant(ratio, 3)} tokens a parameter, the runs ${significant(least, 3)} to ${significant(most, 3)}`,
        ]
      : []),
  ];
}
