/** @file What a campaign may spend: FLOPs, or time turned into FLOPs by the machine's measured speed. */

import { z } from "zod";
import { UserError } from "../errors.ts";

export const budgetValueSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("flops"), flops: z.number().positive() }),
  z.strictObject({ kind: z.literal("seconds"), seconds: z.number().positive() }),
]);

export type Budget = Readonly<z.infer<typeof budgetValueSchema>>;

const FLOP_UNITS: Readonly<Record<string, number>> = {
  FLOP: 1,
  MFLOP: 1e6,
  GFLOP: 1e9,
  TFLOP: 1e12,
  PFLOP: 1e15,
  EFLOP: 1e18,
  ZFLOP: 1e21,
};
const TIME_UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Reads `30TFLOP`, `2m`, `1.5h` ... */
export function parseBudget(text: string): Budget {
  const match = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([a-zA-Z]+?)s?\s*$/.exec(text);
  const unit = match?.[2] ?? "";
  const inUnits = (units: Readonly<Record<string, number>>) =>
    Object.hasOwn(units, unit) ? Number(match?.[1]) * units[unit]! : 0;
  const [flops, seconds] = [inUnits(FLOP_UNITS), inUnits(TIME_UNITS)];
  if (flops > 0 && flops < Infinity) return { kind: "flops", flops };
  if (seconds > 0 && seconds < Infinity) return { kind: "seconds", seconds };
  throw new UserError(
    `budget "${text}"`,
    `a positive number with a unit: ${Object.keys(TIME_UNITS).join(", ")} for time, ${Object.keys(FLOP_UNITS).join(", ")} for compute`,
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
