/** @file The command line: the command that is called is loaded, and run. */

import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { Command } from "commander";
import { ownManifest } from "../machine/own-code.ts";
import { addCommands, COMMANDS } from "./commands.ts";
import { runProgram } from "./output.ts";

// Modules are compiled once, not at every call; where the install cannot be written to, nothing is kept.
enableCompileCache(join(import.meta.dirname, "..", "..", "build", "code-cache"));

const program = new Command("longrun")
  .description(ownManifest.description)
  .version(ownManifest.version, "-V, --version", "print the version")
  .helpOption("-h, --help", "explain the command")
  .helpCommand(false)
  // `plan` and its subcommands share option names: each leaves to a subcommand what follows it.
  .enablePositionalOptions()
  // Its complaints become errors of ours, with a remedy.
  .configureOutput({ outputError: () => {} })
  .addHelpText(
    "after",
    "\nExample:\n  longrun launch --budget 2m\n\n`longrun COMMAND --help` explains a command.",
  );

addCommands(program, COMMANDS);

await runProgram(program, process.argv);
