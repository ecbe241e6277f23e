/** @file `longrun plan validate`: the step model against published runs, each family unseen. */

import { type Command, Option } from "commander";
import { readConstants } from "../../plan/constants-file.ts";
import type { PublishedRun } from "../../plan/validate/published-run.ts";
import { publishedTable, readRunsFile } from "../../plan/validate/read-runs.ts";
import { referenceErrors, rowsGiven, worseThan } from "../../plan/validate/reference-errors.ts";
import { validate } from "../../plan/validate/validate.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { EXIT, printAside, printResult } from "../output.ts";
import { validationText } from "./validate-text.ts";

type ValidateFlags = CommonOptions & {
  readonly groupBy: keyof typeof GROUPINGS;
  readonly constants?: string;
};

const GROUPINGS = {
  family: ({ family }) => family,
  accelerator: ({ cluster }) => cluster.accelerator.label,
  model: ({ model }) => model.name,
  precision: ({ layout }) => layout.precision,
} as const satisfies Readonly<Record<string, (run: PublishedRun) => string>>;

export function defineValidate(command: Command): void {
  command
    .argument("<runs>", "a table of runs in CSV")
    .addOption(
      new Option("--group-by <what>", "what is left out together")
        .choices(Object.keys(GROUPINGS))
        .default("family"),
    )
    .option(
      "--constants <file>",
      "predict with these, written by longrun plan calibrate, and calibrate nothing",
    );
  finish(command, "longrun plan validate published-runs.csv --group-by family").action(runValidate);
}

function runValidate(path: string, flags: ValidateFlags): void {
  const read = readRunsFile(path);
  const own = flags.constants === undefined ? {} : { constants: readConstants(flags.constants) };
  const report = validate(read, publishedTable().runs, { groupBy: GROUPINGS[flags.groupBy], ...own });
  printResult(flags, report, () => validationText(report, flags.constants));
  const isComparable = flags.groupBy === "family" && flags.constants === undefined;
  const worse = isComparable ? worseThan(report, rowsGiven(read), referenceErrors()) : [];
  for (const sentence of worse) printAside(`worse than the reference: ${sentence}`);
  if (worse.length > 0) process.exitCode = EXIT.failed;
}
