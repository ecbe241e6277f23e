/** @file What a campaign may spend: FLOPs, or time turned into FLOPs by the machine's measured speed. */

import { z } from "zod";
import { UserError } from "../errors.ts";
import { DAY_SECONDS, DURATION, FLOPS_WITH_UNIT } from "../units/kinds.ts";
import { formatFlops, formatSeconds } from "../units/print.ts";
import { parseNumber } from "../units/read.ts";

/** Longer, and a campaign on one machine is not the way: a plan for a cluster is. */
const MOST_SECONDS = 366 * DAY_SECONDS;
/** What 64 fast cores sustain in that time, some 4 TFLOP/s. */
const MOST_FLOPS = 1e20;
const LEAST_FLOPS = 1;
const LEAST_SECONDS = 1e-3;

export const budgetValueSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("flops"), flops: z.number().min(LEAST_FLOPS).max(MOST_FLOPS) }),
  z.strictObject({ kind: z.literal("seconds"), seconds: z.number().min(LEAST_SECONDS).max(MOST_SECONDS) }),
]);

/** What a campaign may spend: FLOPs, or time on this machine. */
export type Budget = Readonly<z.infer<typeof budgetValueSchema>>;

/** Reads `30TFLOP`, `2m`, `1.5h` ... */
export function parseBudget(text: string): Budget {
  const flops = parseNumber(text, FLOPS_WITH_UNIT);
  const seconds = flops === null ? parseNumber(text, DURATION) : null;
  const budget = flops !== null ? { kind: "flops", flops } : { kind: "seconds", seconds };
  const read = budgetValueSchema.safeParse(budget);
  if (read.success) return read.data;
  const amount = flops ?? seconds;
  if (amount !== null) {
    throw new UserError(
      `budget "${text}"`,
      `from ${formatFlops(LEAST_FLOPS)} to ${formatFlops(MOST_FLOPS)}, or up to ${formatSeconds(MOST_SECONDS)}: what one machine computes in a year`,
      amount < 1 ? "give more, for instance 5m or 30TFLOP" : "lower it; for a run on a cluster: longrun plan",
    );
  }
  throw new UserError(
    `budget "${text}"`,
    `${DURATION.expected}; or ${FLOPS_WITH_UNIT.expected}`,
    "write for instance 5m, 1h or 30TFLOP",
  );
}

export const budgetSchema = z.string().transform((text, context): Budget => {
  try {
    return parseBudget(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // One line without the labels: the file's own message has them already.
    const { found, expected, remedy } = error;
    context.addIssue({ code: "custom", message: `${found} is not ${expected}; ${remedy}` });
    return z.NEVER;
  }
});
