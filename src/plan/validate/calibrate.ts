/** @file Adjusts the constants to measured runs and says what that is worth: errors before, after, and on recipes left out. */

import { CONSTANT_NAMES, CONSTANT_ROWS, type ConstantName, type Constants } from "../constants.ts";
import { adjustConstants, errorsLeftOut } from "./adjust.ts";
import { type ErrorSummary, summariseErrors } from "./errors.ts";
import { timedPairs } from "./predict-run.ts";
import type { PublishedRun } from "./published-run.ts";

export type ChangedConstant = {
  readonly name: ConstantName;
  readonly before: number;
  readonly after: number;
  readonly unit: string;
  readonly meaning: string;
};

export type Calibration = {
  readonly constants: Constants;
  readonly before: ErrorSummary;
  readonly after: ErrorSummary;
  /** Every recipe predicted by constants adjusted to others; null with fewer than two recipes. */
  readonly heldOut: ErrorSummary | null;
  /** Whether recipes left out were predicted better than before; "unknown" with fewer than two. */
  readonly worth: "better" | "not better" | "unknown";
  readonly changed: readonly ChangedConstant[];
};

const NOTABLE = 0.01;

export function calibrate(runs: readonly PublishedRun[], prior: Constants): Calibration {
  const constants = adjustConstants(runs, prior);
  const before = summariseErrors(timedPairs(runs, prior));
  const heldOut = errorsLeftOut(runs, (learned) => adjustConstants(learned, prior));
  return {
    constants,
    before,
    after: summariseErrors(timedPairs(runs, constants)),
    heldOut,
    worth:
      heldOut === null ? "unknown" : heldOut.medianPercent < before.medianPercent ? "better" : "not better",
    changed: CONSTANT_NAMES.filter((name) => Math.abs(Math.log(constants[name] / prior[name])) > NOTABLE).map(
      (name) => {
        const { unit, meaning } = CONSTANT_ROWS[name];
        return { name, before: prior[name], after: constants[name], unit, meaning };
      },
    ),
  };
}
