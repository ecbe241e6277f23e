/** @file A fitted law as a file: what was fitted to what, its numbers and its refits, so that others can use it as a value. */

import { z } from "zod";
import { UserError } from "../errors.ts";
import { lawNamed } from "./formulas/all.ts";
import type { Law } from "./law.ts";

/** Refits kept: 200 give the ends of a 90 % interval to about a tenth of its width. */
export const MOST_DRAWS = 200;

const end = z.number().nullable();

const savedLawSchema = z.strictObject({
  format: z.literal("longrun.law.v1"),
  law: z.string(),
  formula: z.string(),
  /** Numbers of the formula; an end is null where the runs set no limit. */
  parameters: z.record(z.string(), z.strictObject({ value: z.number(), lo: end, hi: end })),
  /** The fit in the law's internal parameters. */
  theta: z.array(z.number()),
  /** Refits to runs drawn again, in the law's internal parameters: together they carry how the numbers vary with one another. */
  draws: z.array(z.array(z.number())).min(1).max(MOST_DRAWS),
  rows: z.int().positive(),
  /** Robust standard deviation of log(measured) - log(fitted). */
  residualScale: z.number().nonnegative(),
  /** The largest of each among the runs: beyond it the law is stretched. Null: not known of these runs. */
  largest: z.strictObject({ n: end, d: end, c: end }),
  /** C / (N D) of the runs, their median: 6 by the usual approximation. */
  flopsPerParameterToken: end,
  conventions: z.strictObject({
    parameters: z.string(),
    compute: z.string(),
    tokens: z.string().exactOptional(),
    loss: z.string().exactOptional(),
  }),
  source: z.string(),
  /** SHA-256 of the runs fitted, as JSON. */
  runsHash: z.string(),
});

/** A fitted law, read from a file or about to become one. Plain data. */
export type SavedLaw = z.infer<typeof savedLawSchema>;

/** The file's text. */
export function lawFileText(saved: SavedLaw): string {
  return `${JSON.stringify(saved)}\n`;
}

/** Reads what `lawFileText` wrote. Throws a `UserError` where it is something else. */
export function readLawFile(text: string, source = "the file"): SavedLaw {
  const content = parsed(text);
  const expected = "a law saved by longrun laws fit --save";
  const remedy = "fit the law again: longrun laws fit RUNS.csv --save law.json";
  if (!z.looseObject({ format: z.string() }).safeParse(content).success)
    throw new UserError(`${source} is not a saved law`, expected, remedy);
  const saved = savedLawSchema.safeParse(content);
  if (!saved.success) {
    throw new UserError(`${source}: ${z.prettifyError(saved.error)}`, expected, remedy);
  }
  const law = lawNamed(saved.data.law);
  const size = law.parameters.length;
  if (saved.data.theta.length !== size || saved.data.draws.some((draw) => draw.length !== size)) {
    throw new UserError(
      `${source}: ${saved.data.theta.length} numbers for ${law.formula}`,
      `${size}, as this version of the law has`,
      remedy,
    );
  }
  return saved.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The law of a saved file, to be evaluated at its parameters. */
export function savedLawOf({ law }: SavedLaw): Law {
  return lawNamed(law);
}

/** Internal parameters, one refit each: evaluate the law at all of them for an interval. */
export function parameterDraws({ draws }: SavedLaw): readonly Float64Array[] {
  return draws.map((draw) => Float64Array.from(draw));
}
