/** @file What leaves the program: results and JSON on standard output, the rest on error; exit codes. */

import { type Command, CommanderError } from "commander";
import { pathError, systemError, UserError } from "../errors.ts";
import { ownManifest } from "../machine/own-code.ts";
import { nearest } from "../math/edit-distance.ts";

/** Exit codes. 0: done. */
export const EXIT = {
  /** A bug, or a check that failed (`doctor`). */
  failed: 1,
  /** The user's mistake: found, expected, remedy. */
  userError: 2,
  /** A gate holds the campaign or has stopped it. */
  held: 3,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

/** A result for people. */
export function printText(text: string): void {
  process.stdout.write(`${text}\n`);
}

let hasPrintedJson = false;

/** A result for programs: the only thing that a command with --json writes to standard output. */
export function printJson(value: unknown): void {
  hasPrintedJson = true;
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A command's result: as JSON where --json asks for it, else as text. */
export function printResult(
  { json }: { readonly json?: true | undefined },
  value: unknown,
  text: () => string,
) {
  if (json) printJson(value);
  else printText(text());
}

/** What is not the result: warnings, remarks. */
export function printAside(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Parses the command line and runs the command; sets the exit code, whatever happens. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedPipe);
  const isJson = ownWords(argv).includes("--json");
  process.on("uncaughtException", (error) => process.exit(tell(error, isJson)));
  explainMistakes(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = tell(error, isJson);
  }
}

/** What follows `--` is another program's command line. */
function ownWords(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("--");
  return at < 0 ? argv : argv.slice(0, at);
}

/** Commander's complaints about a command or its subcommands become our errors. */
export function explainMistakes(command: Command): void {
  command.exitOverride((error) => {
    throw error.exitCode === 0 || error.code === "commander.help" ? error : usageError(command, error);
  });
  for (const subcommand of command.commands) explainMistakes(subcommand);
}

/** `longrun record show | head` closes the pipe early: that is no fault. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit();
  throw pathError(error, "standard output", "a place that can be written to", "write it to another place");
}

/** Says what went wrong; returns the exit code. */
function tell(thrown: unknown, isJson: boolean): number {
  const error = systemError(thrown);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.userError;
  if (error instanceof UserError) {
    const { found, expected, remedy } = error;
    printAside(error.message);
    // After a result (its figure could not be written) a second value would make standard output no JSON.
    if (isJson && !hasPrintedJson) printJson({ error: { found, expected, remedy } });
    return EXIT.userError;
  }
  printAside(`a bug in longrun ${ownManifest.version}, no mistake of yours; its makers need these lines:`);
  printAside(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return EXIT.failed;
}

/** Commander's complaints about the command line, in our three parts. */
function usageError(command: Command, { code, message }: CommanderError): UserError {
  const [complaint, suggestion] = strayWord(command, code) ?? message.replace(/^error: /, "").split("\n");
  const path = pathOf(command);
  const hint = suggestion ? `${suggestion.replace(/^\(|\)$/g, "")} ` : "";
  return new UserError(
    complaint!,
    `${path} ${command.usage()}`,
    `${hint}\`${path} --help\` explains each part, with an example`,
  );
}

/** A word after `longrun plan`, which has an action: commander takes it for an argument too many. */
function strayWord({ args: [word], commands }: Command, code: string): readonly string[] | undefined {
  if (code === "commander.unknownCommand" || commands.length === 0 || !word || word.startsWith("-")) return;
  const meant = nearest(
    word,
    commands.map((other) => other.name()),
  );
  return [`unknown command '${word}'`, ...(meant === null ? [] : [`Did you mean ${meant}?`])];
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
