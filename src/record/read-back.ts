/** @file Results that an earlier launch left in the record, read back. */

import type { z } from "zod";
import { UserError } from "../errors.ts";

/** Parses it, or says that the campaign is of another version of longrun. */
export function parseStored<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [problem] = parsed.error.issues;
  throw new UserError(
    `${what} in the record is not in this version's form: ${problem?.path.join(".")}: ${problem?.message}`,
    "a campaign that this version of longrun began",
    "go on with the version that began it, or launch into a new folder",
    { cause: parsed.error },
  );
}
