/** @file A YAML file of the user's, read and checked: all that is wrong is named, with its place. */

import { basename } from "node:path";
import { type Document, isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";
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

/** Files written by hand have a hundredth of it. */
const MOST_BYTES = 256e3;
/** A message longer than this, or with more hints, says no more. */
const [MOST_CHARACTERS, MOST_HINTS] = [1000, 10];

export function readYamlFile<T>(path: string, schema: z.ZodType<T>, help: FileHelp): T {
  const remedy = `${help.example} is one with every part`;
  const text = readText(path, `${help.what} in YAML`, remedy, MOST_BYTES);
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
  const problems = error.issues.map((issue) => {
    // The key itself may be known in another place, which is no help.
    const meant =
      issue.code === "unrecognized_keys"
        ? issue.keys.slice(0, MOST_HINTS).map((key) =>
            nearest(
              key,
              known.filter((other) => other !== key),
            ),
          )
        : [];
    const hints = meant.filter((key) => key !== null).map((key) => `, perhaps ${key}`);
    return `${issue.path.join(".") || "file"}: ${issue.message}${hints.join("")}`;
  });
  // A schema made of two reports what both refuse twice.
  return [...new Set(problems)].join("; ").slice(0, MOST_CHARACTERS);
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
  if (text.length > MOST_BYTES)
    throw notYaml(path, `it has more than ${MOST_BYTES / 1e3} kB`, "make it smaller");
  const lineCounter = new LineCounter();
  try {
    // What yaml does by default for keys and messages takes quadratic time.
    const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
    const problem = document.errors[0] ?? oddKey(document) ?? document.warnings[0];
    if (!problem) return document.toJS() as unknown;
    const { line, col } = lineCounter.linePos(problem.pos[0]);
    throw notYaml(path, `${problem.message} at line ${line}, column ${col}`);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const remedy = "write out what the aliases (*name) stand for, and leave out levels";
    throw notYaml(path, (cause as Error).message, remedy);
  }
}

/** The first key that its map has already, or that is a list or a map itself. */
function oddKey(document: Document) {
  let found: { readonly message: string; readonly pos: readonly [number, number] } | null = null;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        const value = isScalar(key) ? key.value : undefined;
        if (value === undefined || keys.has(value)) {
          const message =
            value === undefined ? "A key that is no text" : `The key ${value} stands there twice`;
          found = { message, pos: [isNode(key) ? (key.range?.[0] ?? 0) : 0, 0] };
          return visit.BREAK;
        }
        keys.add(value);
      }
      return undefined;
    },
  });
  return found;
}

function notYaml(path: string, found: string, remedy = "correct the line named"): UserError {
  const parses = `a file that parses, of ${MOST_BYTES / 1e3} kB at most`;
  const what = found.replace("Maximum call stack size exceeded", "It is nested too deeply");
  return new UserError(`${basename(path)} is not YAML: ${what}`, parses, remedy);
}
