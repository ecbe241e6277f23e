/** @file Arguments that commands share: the campaign's folder, --json, numbers, examples in the help. */

import { type Command, Option } from "commander";
import { UserError } from "../errors.ts";
import { wordsOfCommand } from "../fleet/account/notify.ts";
import { readPolicy } from "../fleet/decide/policy.ts";
import type { AmountKind } from "../units/kinds.ts";
import { readAmount, readInterval } from "../units/read.ts";

/** The folder of the default campaign. */
export const DEFAULT_FOLDER = "runs/first-light";

/** Options that every command has. */
export type CommonOptions = {
  readonly json?: true;
};

/** Adds --json and the examples, which every command has. */
export function finish(command: Command, ...examples: readonly string[]): Command {
  return command
    .option("--json", "print JSON on standard output; progress stays on standard error")
    .addHelpText("after", `\nExample:\n  ${examples.join("\n").replaceAll("\n", "\n  ")}`);
}

/** --notify, of every command that trains. */
export function notifyOption(): Option {
  return new Option(
    "--notify <command>",
    "is told of each incident and of the end, as JSON on its standard input; no shell",
  ).argParser(wordsOfCommand);
}

/** --policy, of every command that trains. */
export function policyOption(): Option {
  return new Option(
    "--policy <file>",
    "what decisions about failures turn on, in YAML (default: docs/fleet.md)",
  ).argParser(readPolicy);
}

/** --spares, of every command that trains. */
export function sparesOption(): Option {
  return new Option(
    "--spares <n>",
    "places beyond those that a run needs: one takes over where a place fails (default: 0)",
  ).argParser(wholeNumber("--spares", 0, 1024));
}

/** An option that takes an amount of a kind: "--tokens <n>". */
export function amountOption(flags: string, description: string, kind: AmountKind): Option {
  return new Option(flags, description).argParser(readAmount(flags.split(" ")[0]!, kind));
}

/** The same where a 90 % interval may stand for the amount. */
export function intervalOption(flags: string, description: string, kind: AmountKind): Option {
  return new Option(flags, description).argParser(readInterval(flags.split(" ")[0]!, kind));
}

/** Those of the values that were given: an option left out is no key with `undefined`. */
export function given<Values extends object>(values: Values) {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> };
}

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(
  option: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw badNumber(option, text, `a whole number ${range}, in digits alone`);
  };
}

const MOST_NUMBER = 1e12;

/** Reads a number that is not negative. */
export function nonNegative(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= 0 && value <= MOST_NUMBER) return value;
    throw badNumber(option, text, `a number from 0 to ${MOST_NUMBER}`);
  };
}

function badNumber(option: string, text: string, expected: string): UserError {
  return new UserError(`${option} "${text}"`, expected, "correct it and give the same command again");
}
