/** @file A YAML file of the user's, read and checked: all that is wrong is named, with its place. */

import { basename } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "./errors.ts";
import { readText } from "./input-file.ts";
import { nearest } from "./math/edit-distance.ts";

/** What to tell somebody whose file is not right. */
export type FileHelp = {
  /** "a campaign file" */
  readonly what: string;
  /** A file with every part, and the page that lists them. */
  readonly example: string;
  readonly documentation: string;
};

export function readYamlFile<T>(path: string, schema: z.ZodType<T>, help: FileHelp): T {
  const text = readText(path, `${help.what} in YAML`, `${help.example} is one with every part`);
  return parseYamlAs(schema, text, path, help.documentation);
}

/** The same of a text from `path`; `documentation` lists what it may hold. */
export function parseYamlAs<T>(schema: z.ZodType<T>, text: string, path: string, documentation: string): T {
  const parsed = schema.safeParse(parseYaml(text, path));
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
      // The key itself may be known in another place, which is no help.
      const meant =
        issue.code === "unrecognized_keys"
          ? issue.keys.map((key) =>
              nearest(
                key,
                known.filter((other) => other !== key),
              ),
            )
          : [];
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

/** A text from `path` as YAML. Throws a `UserError` where it is none. */
export function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text) as unknown;
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
