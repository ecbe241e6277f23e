/** @file A file that the user asked for by a path of their own: a figure, a table, a saved law. */

import { existsSync, lstatSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Option } from "commander";
import { pathError, UserError } from "../errors.ts";
import { writeFileAtomic } from "../record/files.ts";

/** An option that names such a file: "--save <file>". A folder that is missing is told before any work. */
export function outputOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((path: string) => {
    const folder = dirname(path);
    if (existsSync(folder)) return path;
    throw new UserError(
      `${flags.split(" ")[0]} ${path}: no folder ${folder}`,
      "a path to a file, in a folder that is there",
      `mkdir -p ${folder}, or choose another path`,
    );
  });
}

/** Writes the whole file. Throws a `UserError` where it cannot be written. */
export function writeOutputFile(path: string, text: string): void {
  try {
    // A link, a pipe or /dev/stdout is written to as it stands: a rename would put a plain file in its place.
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile() && !there.isDirectory()) writeFileSync(path, text);
    else writeFileAtomic(path, text);
  } catch (error) {
    const expected = "a path to a file, in a folder that can be written to";
    throw pathError(error, path, expected, "choose another path");
  }
}
