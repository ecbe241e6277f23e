/** @file `longrun plan validate`: the step model against published runs, by constants that never saw them. */

import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { PublishedRun } from "../../plan/validate/published-run.ts";
import { type CommonOptions, finish } from "../arguments.ts";
import { EXIT, printAside, printJson, printText } from "../output.ts";

type ValidateFlags = CommonOptions & {
  readonly groupBy: Grouping;
  readonly constants?: string;
};

const GROUPINGS = {
  family: ({ family }) => family,
  accelerator: ({ cluster }) => cluster.accelerator.label,
  model: ({ model }) => model.name,
  precision: ({ layout }) => layout.precision,
} as const satisfies Readonly<Record<string, (run: PublishedRun) => string>>;
type Grouping = keyof typeof GROUPINGS;

export function addValidateCommand(plan: Command): void {
  const command = plan
    .command("validate")
    .description("Judge the predictions by published runs, leaving out whole families while calibrating.")
    .argument("<runs>", "a table of runs in CSV")
    .option(
      "--group-by <what>",
      `what is left out together: ${Object.keys(GROUPINGS).join(", ")}`,
      grouping,
      "family",
    )
    .option(
      "--constants <file>",
      "predict with these, written by longrun plan calibrate, and calibrate nothing",
    );
  finish(command, "longrun plan validate published-runs.csv --group-by family").action(runValidate);
}

function grouping(text: string): Grouping {
  const found = (Object.keys(GROUPINGS) as Grouping[]).find((each) => each === text);
  if (found) return found;
  throw new UserError(
    `--group-by "${text}"`,
    `one of ${Object.keys(GROUPINGS).join(", ")}`,
    "choose one of them",
  );
}

async function runValidate(path: string, flags: ValidateFlags): Promise<void> {
  const [
    { publishedTable, readRunsFile },
    { validate },
    { rowsGiven, referenceErrors, worseThan },
    { validationText },
    { readConstants },
  ] = await Promise.all([
    import("../../plan/validate/read-runs.ts"),
    import("../../plan/validate/validate.ts"),
    import("../../plan/validate/reference-errors.ts"),
    import("./validate-text.ts"),
    import("../../plan/constants-file.ts"),
  ]);
  const read = readRunsFile(path);
  const own = flags.constants === undefined ? {} : { constants: readConstants(flags.constants) };
  const report = validate(read, publishedTable().runs, { groupBy: GROUPINGS[flags.groupBy], ...own });
  if (flags.json) printJson(report);
  else printText(validationText(report, flags.constants));
  const isComparable = flags.groupBy === "family" && flags.constants === undefined;
  const worse = isComparable ? worseThan(report, rowsGiven(read), referenceErrors()) : [];
  for (const sentence of worse) printAside(`worse than the reference: ${sentence}`);
  if (worse.length > 0) process.exitCode = EXIT.failed;
}
