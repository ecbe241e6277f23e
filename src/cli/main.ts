/** @file The command line: one command a file, put together. What its work needs, a command loads then. */

import { Command } from "commander";
import { ownManifest } from "../machine/own-code.ts";
import { addDoctor } from "./doctor.ts";
import { addEval } from "./eval.ts";
import { addLaunch } from "./launch.ts";
import { addLaws } from "./laws/index.ts";
import { runProgram } from "./output.ts";
import { addPlan } from "./plan/index.ts";
import { addRecord } from "./record.ts";
import { addReport } from "./report.ts";
import { addRun } from "./run.ts";
import { addSample } from "./sample.ts";
import { addStatus } from "./status.ts";

const program = new Command("longrun")
  .description(ownManifest.description)
  .version(ownManifest.version, "-V, --version", "print the version")
  .helpOption("-h, --help", "explain the command")
  .helpCommand(false)
  // Its complaints become errors of ours, with a remedy.
  .configureOutput({ outputError: () => {} })
  .addHelpText(
    "after",
    "\nExample:\n  longrun launch --budget 2m\n\n`longrun COMMAND --help` explains a command.",
  );

for (const add of [
  addLaunch,
  addStatus,
  addReport,
  addRun,
  addSample,
  addEval,
  addLaws,
  addPlan,
  addRecord,
  addDoctor,
])
  add(program);

await runProgram(program, process.argv);
