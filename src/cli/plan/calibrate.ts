/** @file `longrun plan calibrate`: your own runs adjust the shared constants, held by what is known. */

import type { Command } from "commander";
import { constantsText, readConstants } from "../../plan/constants-file.ts";
import {
  type CalibratedConstants,
  type ChangedConstant,
  calibrateConstants,
} from "../../plan/validate/calibrate.ts";
import { readRunsFile } from "../../plan/validate/read-runs.ts";
import { unusedRows } from "../../plan/validate/validate.ts";
import { left, right } from "../../report/markdown.ts";
import { formatPercent } from "../../units/print.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { EXIT, printAside, printResult } from "../output.ts";
import { outputOption, writeOutputFile } from "../output-file.ts";
import { type TableColumn, table, wrapped } from "../terminal/table.ts";
import { unusedLines } from "./validate-text.ts";

type CalibrateFlags = CommonOptions & {
  readonly save?: string;
  readonly constants?: string;
};

export function defineCalibrate(command: Command): void {
  command
    .argument("<runs>", "a table of your runs in CSV")
    .option("--constants <file>", "constants to start from, of an earlier calibration")
    .addOption(outputOption("--save <file>", "write the constants, for --constants of the other commands"));
  finish(command, "longrun plan calibrate our-runs.csv --save constants.json").action(runCalibrate);
}

function runCalibrate(path: string, flags: CalibrateFlags): void {
  const { runs, skipped } = readRunsFile(path);
  const calibration = calibrateConstants(runs, readConstants(flags.constants));
  const unused = unusedRows(skipped);
  const isWorse = calibration.worth === "not better";
  const saved = isWorse ? undefined : flags.save;
  if (saved !== undefined)
    writeOutputFile(saved, constantsText(calibration.constants, `${calibration.after.rows} rows of ${path}`));
  printResult(flags, { ...calibration, unused }, () =>
    [calibrationText(calibration, saved), ...unusedLines(unused)].join("\n"),
  );
  if (!isWorse) return;
  const notWritten = flags.save === undefined ? "" : `; ${flags.save} is not written`;
  printAside(`these constants are worse on rows left out: not worth using${notWritten}`);
  process.exitCode = EXIT.failed;
}

const COLUMNS: readonly TableColumn<ChangedConstant>[] = [
  left("constant", ({ name }) => name),
  right("before", ({ before }) => before.toPrecision(3)),
  right("after", ({ after }) => after.toPrecision(3)),
  left("unit", ({ unit }) => unit),
  wrapped("meaning", ({ meaning }) => meaning),
];

function calibrationText(calibration: CalibratedConstants, saved: string | undefined): string {
  const { before, after, heldOut, changed } = calibration;
  const rate = (value: number) => formatPercent(value);
  const was = `before ${rate(before.medianPercent)}`;
  return [
    `${after.rows} rows. Median error ${was}, after ${rate(after.medianPercent)} on the same rows.`,
    heldOut
      ? `On recipes left out in turn: ${was}, after ${rate(heldOut.medianPercent)} ` +
        `(p90 ${rate(heldOut.p90Percent)}): expect this on new layouts.`
      : "Too few different recipes to leave some out: expect more than this on new layouts.",
    "",
    changed.length > 0 ? "What changed by more than 1 %:" : "No constant changed by more than 1 %.",
    ...(changed.length > 0 ? [table(changed, COLUMNS, 150)] : []),
    ...(saved === undefined ? [] : [`Written: ${saved}`]),
  ].join("\n");
}
