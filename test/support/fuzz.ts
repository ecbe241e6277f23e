/** @file A damaged file given to its reader: the same result, one that the reader validates, or a refusal. */

import { writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { systemError, UserError } from "../../src/errors.ts";
import { Random } from "../../src/math/random.ts";
import type { FuzzTarget } from "./fuzz-targets.ts";
import { mutate } from "./mutate.ts";

export const MOST_SECONDS = 10;

/** `same`: as of the whole file; `read`: another, validated; `refused`: three parts; else a fault of ours. */
export type FuzzOutcome =
  | { readonly kind: "same" | "read" | "refused" }
  | { readonly kind: "failed"; readonly why: string };

/** Reads the whole file, then gives a function that reads the mutation of a number. */
export async function prepareFuzz(
  target: FuzzTarget,
  seed: number,
): Promise<(index: number) => Promise<FuzzOutcome>> {
  writeFileSync(target.path, target.original);
  const original = await target.read();
  return async (index) => {
    writeFileSync(target.path, mutate(target.original, new Random(seed, `${target.name} ${index}`)));
    const outcome = await outcomeOf(target, original);
    writeFileSync(target.path, target.original);
    return outcome;
  };
}

async function outcomeOf({ read, agrees }: FuzzTarget, original: unknown): Promise<FuzzOutcome> {
  const start = performance.now();
  try {
    const result = await read();
    const seconds = (performance.now() - start) / 1000;
    if (seconds > MOST_SECONDS) return { kind: "failed", why: `${seconds} s` };
    if (isDeepStrictEqual(result, original)) return { kind: "same" };
    return agrees && !agrees(result, original)
      ? { kind: "failed", why: "another result, though the file carries its hash" }
      : { kind: "read" };
  } catch (thrown) {
    // As the command line catches it.
    const error = systemError(thrown);
    if (!(error instanceof UserError))
      return { kind: "failed", why: String((error as Error).stack ?? error) };
    const parts = [error.found, error.expected, error.remedy];
    return parts.every((part) => part.trim() !== "" && part.length < 4000)
      ? { kind: "refused" }
      : {
          kind: "failed",
          why: `a message of ${parts.map((part) => part.length)} characters: ${error.found.slice(0, 200)}`,
        };
  }
}
