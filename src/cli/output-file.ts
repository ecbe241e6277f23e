/** @file A file that the user asked for by a path of their own: a figure, a table, a saved law. */

import { lstatSync, writeFileSync } from "node:fs";
import { UserError } from "../errors.ts";
import { writeFileAtomic } from "../record/files.ts";

/** Writes the whole file, and its folder where needed. Throws a `UserError` where it cannot be written. */
export function writeOutputFile(path: string, text: string): void {
  try {
    // A link, a pipe or /dev/stdout is written to as it stands: a rename would put a plain file in its place.
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile() && !there.isDirectory()) writeFileSync(path, text);
    else writeFileAtomic(path, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UserError || code === undefined) throw error;
    throw new UserError(
      `${path} cannot be written (${code})`,
      "a path to a file, in a folder that can be written to",
      "choose another path",
      { cause: error },
    );
  }
}
