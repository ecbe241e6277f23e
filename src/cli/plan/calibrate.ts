/** @file `longrun plan calibrate`: your own measurements adjust the shared constants. */

import type { Command } from "commander";
import type { Calibration, ChangedConstant } from "../../plan/validate/calibrate.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { EXIT, printAside, printJson, printText } from "../output.ts";
import { writeOutputFile } from "../output-file.ts";
import { type TableColumn, table } from "../terminal/table.ts";

type CalibrateFlags = CommonOptions & {
  readonly save?: string;
  readonly constants?: string;
};

export function addCalibrateCommand(plan: Command): void {
  const command = plan
    .command("calibrate")
    .description(
      "Adjust the constants of the step model to your own runs by least squares with a prior; show what changed.",
    )
    .argument("<runs>", "a table of your runs in CSV")
    .option("--constants <file>", "constants to start from, of an earlier calibration")
    .option("--save <file>", "write the constants, for --constants of the other commands");
  finish(command, "longrun plan calibrate our-runs.csv --save constants.json").action(runCalibrate);
}

async function runCalibrate(path: string, flags: CalibrateFlags): Promise<void> {
  const [
    { readRunsFile },
    { calibrate },
    { constantsText, readConstants },
    { CONSTANTS },
    { unusedRows },
    { unusedLines },
  ] = await Promise.all([
    import("../../plan/validate/read-runs.ts"),
    import("../../plan/validate/calibrate.ts"),
    import("../../plan/constants-file.ts"),
    import("../../plan/constants.ts"),
    import("../../plan/validate/validate.ts"),
    import("./validate-text.ts"),
  ]);
  const { runs, skipped } = readRunsFile(path);
  const prior = flags.constants === undefined ? CONSTANTS : readConstants(flags.constants);
  const calibration = calibrate(runs, prior);
  const unused = unusedRows(skipped);
  const isWorse = calibration.worth === "not better";
  const saved = isWorse ? undefined : flags.save;
  if (saved !== undefined)
    writeOutputFile(saved, constantsText(calibration.constants, `${calibration.after.rows} rows of ${path}`));
  if (flags.json) printJson({ ...calibration, unused });
  else printText([calibrationText(calibration, saved), ...unusedLines(unused)].join("\n"));
  if (!isWorse) return;
  printAside(
    `these constants are worse on rows left out: not worth using${flags.save === undefined ? "" : `; ${flags.save} is not written`}`,
  );
  process.exitCode = EXIT.failed;
}

const COLUMNS: readonly TableColumn<ChangedConstant>[] = [
  { align: "left", title: "constant", cell: ({ name }) => name },
  { align: "right", title: "before", cell: ({ before }) => before.toPrecision(3) },
  { align: "right", title: "after", cell: ({ after }) => after.toPrecision(3) },
  { align: "left", title: "unit", cell: ({ unit }) => unit },
  { align: "left", title: "meaning", cell: ({ meaning }) => meaning, wrap: true },
];

function calibrationText(calibration: Calibration, saved: string | undefined): string {
  const { before, after, heldOut, changed } = calibration;
  const rate = (value: number) => value.toFixed(1);
  return [
    `${after.rows} rows. Median error before ${rate(before.medianPercent)} %, after ${rate(after.medianPercent)} % on the same rows.`,
    heldOut
      ? `On recipes left out in turn: before ${rate(before.medianPercent)} %, after ${rate(heldOut.medianPercent)} % (p90 ${rate(heldOut.p90Percent)} %): expect this on new layouts.`
      : "Too few different recipes to leave some out: expect more than this on new layouts.",
    "",
    changed.length > 0 ? "What changed by more than 1 %:" : "No constant changed by more than 1 %.",
    ...(changed.length > 0 ? [table(changed, COLUMNS, 150)] : []),
    ...(saved === undefined ? [] : [`Written: ${saved}`]),
  ].join("\n");
}
