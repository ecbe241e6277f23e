/** @file What a campaign may spend: FLOPs, or time turned into FLOPs by the machine's measured speed. */

import { z } from "zod";
import { UserError } from "../errors.ts";
import { DURATION, FLOPS_WITH_UNIT } from "../units/kinds.ts";
import { parseAmount } from "../units/read.ts";

export const budgetValueSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("flops"), flops: z.number().positive() }),
  z.strictObject({ kind: z.literal("seconds"), seconds: z.number().positive() }),
]);

/** What a campaign may spend: FLOPs, or time on this machine. */
export type Budget = Readonly<z.infer<typeof budgetValueSchema>>;

/** Reads `30TFLOP`, `2m`, `1.5h` ... */
export function parseBudget(text: string): Budget {
  const flops = parseAmount(text, FLOPS_WITH_UNIT);
  if (flops !== null) return { kind: "flops", flops };
  const seconds = parseAmount(text, DURATION);
  if (seconds !== null) return { kind: "seconds", seconds };
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
