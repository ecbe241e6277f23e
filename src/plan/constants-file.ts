/** @file A file of constants: what `longrun plan calibrate` writes and other commands read. */

import { z } from "zod";
import { UserError } from "../errors.ts";
import { parseJsonAs, readText } from "../input-file.ts";
import { CONSTANT_NAMES, CONSTANT_ROWS, CONSTANTS, type Constants } from "./constants.ts";

const FORMAT = "longrun-plan-constants/1";

const SCHEMA = z.strictObject({
  format: z.literal(FORMAT),
  /** What they were calibrated on. */
  basis: z.string(),
  constants: z.record(z.string(), z.number()),
});

/** The file's text. */
export function constantsText(constants: Constants, basis: string): string {
  return `${JSON.stringify({ format: FORMAT, basis, constants }, null, 2)}\n`;
}

/**
 * Reads constants; those that the file leaves out keep their values.
 * Throws a `UserError` for a file that is none, for unknown names, and for values out of their bounds.
 */
export function parseConstants(text: string, file: string): Constants {
  const remedy = "write one with longrun plan calibrate RUNS.csv --save FILE";
  const expected = `a file of constants: JSON with format "${FORMAT}", basis, constants`;
  const read = parseJsonAs(SCHEMA, text, file, expected, remedy);
  const changed: Partial<Record<keyof Constants, number>> = {};
  for (const [given, value] of Object.entries(read.constants)) {
    const name = CONSTANT_NAMES.find((each) => each === given);
    if (!name)
      throw new UserError(`${file}: constant "${given}"`, `one of ${CONSTANT_NAMES.join(", ")}`, remedy);
    const { low, high, unit } = CONSTANT_ROWS[name];
    if (!(value >= low && value <= high))
      throw new UserError(`${file}: ${name} ${value} ${unit}`, `between ${low} and ${high} ${unit}`, remedy);
    changed[name] = value;
  }
  return { ...CONSTANTS, ...changed };
}

/** Reads a file of constants; without one, those that come with the planner. */
export function readConstants(path: string | undefined): Constants {
  if (path === undefined) return CONSTANTS;
  const remedy = "give the file that longrun plan calibrate --save wrote";
  return parseConstants(readText(path, "a file of constants", remedy), path);
}
