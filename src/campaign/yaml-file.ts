/** @file A YAML file of the user's, read and checked: everything that is wrong with it is named, with the place. */

import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
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
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile())
    throw new UserError(
      found?.isDirectory() ? `${path} is a folder` : `no file ${path}`,
      `${what} in YAML`,
      `${example} is one with every part`,
    );
  const parsed = schema.safeParse(parseYaml(path));
  if (parsed.success) return parsed.data;
  throw new UserError(
    `${basename(path)}: ${describeProblems(parsed.error, schema)}`,
    `keys and types as ${documentation} lists them`,
    `correct ${basename(path)} and give the same command again`,
  );
}

/** Where and what, problem by problem; for a key that is not known, the one that was probably meant. */
export function describeProblems(error: z.ZodError, schema: z.ZodType): string {
  const known = keysOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return error.issues
    .map((issue) => {
      const meant = issue.code === "unrecognized_keys" ? issue.keys.map((key) => nearest(key, known)) : [];
      const hints = meant.filter((key) => key !== null).map((key) => `, perhaps ${key}`);
      return `${issue.path.join(".") || "file"}: ${issue.message}${hints.join("")}`;
    })
    .join("; ");
}

/** All keys that a JSON schema names, at any depth. */
function keysOf(node: unknown): readonly string[] {
  if (typeof node !== "object" || node === null) return [];
  const { properties } = node as { readonly properties?: unknown };
  const own = typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
  return [...new Set([...own, ...Object.values(node).flatMap(keysOf)])];
}

/** The known key within two edits, or one for short keys; null where none is near. */
function nearest(key: string, known: readonly string[]): string | null {
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(key, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.min(2, key.length / 4) ? best.candidate : null;
}

/** Insertions, deletions and replacements from one word to the other (Levenshtein), a row of the table at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
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
