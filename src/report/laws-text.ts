/** @file The laws behind the forecast: one mixture with one interval, its back-test, and the free fits. */

import { holds, type Interval } from "../math/interval.ts";
import {
  fixed,
  formatPercent,
  formatRange,
  formatScaled,
  formatSignedPercent,
  scaleFor,
  significant,
} from "../units/print.ts";
import type { Backtest, ForecastFacts, LawFacts } from "./data.ts";
import { blocks, left, markdownTable, right } from "./markdown.ts";
import { backtestGaps } from "./recommendations.ts";

/** A parameter in units of loss below this share of the loss has run into its bound of 0. */
const AT_BOUND = 1e-6;

/** The forecast, the laws that it averages, what its back-test found, and each formula by itself. */
export function lawsText(forecast: ForecastFacts): string {
  const { predicted, reach, widening, laws, backtests } = forecast;
  const widened =
    widening > 1.005
      ? `The back-test asked for intervals ${significant(widening, 3)} times as wide as the laws give, ` +
        "and all below are made so."
      : "The back-test did not ask for wider intervals.";
  return blocks(
    "### The laws",
    (
      `The forecast of the target's loss is ${formatRange(predicted, "bits per byte")}, ` +
      `at a reach of ${significant(reach, 3)}: target compute divided by the largest rung's. ` +
      "It is a mixture: both laws with every exponent, floor, seed noise and drift that the ladder allows, " +
      "each weighed by how well it explains the ladder (docs/laws.md). " +
      (backtests.length === 0 ? "" : widened)
    ).trim(),
    markdownTable(laws, [
      left("law", (law) => law.name),
      left("formula", (law) => law.formula),
      right("weight", (law) => formatPercent(100 * law.weight)),
      right("the target by this law alone (90 %)", (law) => inBitsPerByte(law.target)),
    ]),
    backtestText(backtests),
    freeFitsText(laws, predicted.median),
  );
}

function backtestText(backtests: readonly Backtest[]): string {
  if (backtests.length === 0) return "No back-test: too few rungs to leave any out.";
  const inside = backtests.filter(isInside).length;
  const { signed, size } = backtestGaps(backtests);
  return blocks(
    "Back-test: the largest rungs left out, the rest given to the same mixture, those left out predicted. " +
      `${inside} of ${backtests.length} fell inside; the mean gap is ${formatSignedPercent(signed, 2)}, ` +
      `without its sign ${formatPercent(size, 2)}.`,
    markdownTable(backtests, [
      left("left out", (test) => test.run),
      right("rungs fitted", (test) => String(test.rungsFitted)),
      right("reach", (test) => significant(test.reach, 2)),
      right("predicted (90 %)", (test) => inBitsPerByte(test.predicted)),
      right("measured", (test) => fixed(test.measured, 3)),
      right("gap", (test) => formatSignedPercent(100 * (test.measured / test.predicted.median - 1), 2)),
      left("", (test) => (isInside(test) ? "inside" : "outside")),
    ]),
  );
}

function freeFitsText(laws: readonly LawFacts[], loss: number): string {
  const rows = laws.flatMap(({ freeFormula: formula, parameters }) =>
    parameters.map((parameter) => ({ formula, ...parameter })),
  );
  if (rows.length === 0) return "";
  const bound = AT_BOUND * loss;
  const value = (number: number, atBound: string) => {
    if (!Number.isFinite(number)) return "unbounded";
    return number < bound ? atBound : significant(number, 4);
  };
  return blocks(
    "For orientation, the free fits: each formula fitted by itself. The forecast does not use them.",
    markdownTable(rows, [
      left("formula", (row) => row.formula),
      left("parameter", (row) => row.name),
      left("unit", (row) => row.unit),
      right("best fit", ({ median }) => value(median, "0, at its bound")),
      right("90 % interval", ({ lo, hi }) => (hi < bound ? "-" : `${value(lo, "0")} to ${value(hi, "0")}`)),
    ]),
  );
}

function inBitsPerByte(interval: Interval): string {
  return formatScaled(interval, scaleFor("bits per byte", interval.median));
}

const isInside = ({ predicted, measured }: Backtest) => holds(predicted, measured);
