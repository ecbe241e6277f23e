/** @file What comes from outside, as text and JSON: read and checked, or refused with what to do. */

import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import { pathError, UserError } from "./errors.ts";

/** The text of a file. Throws a `UserError` where there is none. */
export function readText(path: string, expected: string, remedy = "check the path"): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw pathError(cause, path, expected, remedy);
  }
}

/** Whether the path is a folder's; not where it is nothing at all. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What a text holds as JSON. Throws a `UserError` where it is none; `source` is what the text is called. */
export function parseJson(text: string, source: string, expected: string, remedy: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new UserError(`${source} is not JSON: ${(cause as Error).message}`, expected, remedy, { cause });
  }
}

/** The same where there is a schema for it. */
export function parseJsonAs<T>(
  schema: z.ZodType<T>,
  text: string,
  source: string,
  expected: string,
  remedy: string,
): T {
  const parsed = schema.safeParse(parseJson(text, source, expected, remedy));
  if (parsed.success) return parsed.data;
  throw new UserError(`${source}: ${z.prettifyError(parsed.error)}`, expected, remedy, {
    cause: parsed.error,
  });
}

/** What a text holds as JSON; undefined where it is none, which a schema then refuses. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
