/** @file A YAML file of the user's, read and checked: everything that is wrong with it is named, with the place. */

import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "yaml";
import type { z } from "zod";
import { UserError } from "../errors.ts";

/** What to tell somebody whose file is not right. */
export interface FileHelp {
  /** "a campaign file" */
  readonly what: string;
  /** A file with every part, and the page that lists them. */
  readonly example: string;
  readonly documentation: string;
}

export function readYamlFile<T>(
  path: string,
  schema: z.ZodType<T>,
  { what, example, documentation }: FileHelp,
): T {
  if (!existsSync(path))
    throw new UserError(`no file ${path}`, `${what} in YAML`, `${example} is one with every part`);
  const parsed = schema.safeParse(parseYaml(path));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${basename(path)}: ${describeProblems(parsed.error)}`,
    `keys and types as ${documentation} lists them`,
    `correct ${basename(path)} and give the same command again`,
  );
}

/** Where and what, problem by problem. */
export function describeProblems(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`).join("; ");
}

function parseYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, "utf8")) as unknown;
  } catch (cause) {
    const [first] = (cause as Error).message.split("\n");
    throw new UserError(
      `${basename(path)} is not YAML: ${first}`,
      "a file that parses",
      "correct the line named",
      { cause },
    );
  }
}
