/** @file A fitted law as a file: what was fitted, its numbers, and what its runs say of a forecast. */

import { createHash } from "node:crypto";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { jsonIn } from "../input-file.ts";
import { lawNamed } from "./formulas/all.ts";
import { posteriorSchema } from "./posterior.ts";

/** Refits kept: 200 give the ends of a 90 % interval to about a tenth of its width. */
export const MOST_DRAWS = 200;

const end = z.number().nullable();

const savedLawSchema = z.strictObject({
  format: z.enum(["longrun.law.v1", "longrun.law.v2"]),
  law: z.string(),
  formula: z.string(),
  /** Numbers of the formula; an end is null where the runs set no limit. */
  parameters: z.record(z.string(), z.strictObject({ value: z.number(), lo: end, hi: end })),
  /** The fit in the law's internal parameters. */
  theta: z.array(z.number()),
  /** Refits to runs drawn again, in internal parameters: they carry how the numbers vary together. */
  draws: z.array(z.array(z.number())).max(MOST_DRAWS),
  /** What the runs say of all laws; null: a file of version 1, or runs that allow no forecast. */
  posterior: posteriorSchema.nullable().default(null),
  rows: z.int().positive().nullable(),
  /** Robust standard deviation of log(measured) - log(fitted). */
  residualScale: z.number().nonnegative().nullable(),
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
  runsHash: z.string().nullable(),
});

/** A fitted law, from a file or for one. Plain data. Null: not known, of a law written by hand. */
export type SavedLaw = z.infer<typeof savedLawSchema>;

/** The file's text, with a digest of all it says: its numbers hang together, none is changed alone. */
export function lawFileText(saved: SavedLaw): string {
  return `${JSON.stringify({ ...saved, digest: digestOf(saved) })}\n`;
}

function digestOf(content: object): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/** Files of version 2 carry a digest. */
const sealedSchema = z.looseObject({ format: z.literal("longrun.law.v2") });

/** What a file says, its digest checked and left out. Throws a `UserError` where it is not what was saved. */
function unsealed(content: unknown, source: string): unknown {
  if (!sealedSchema.safeParse(content).success) return content;
  const { digest, ...rest } = content as { readonly digest?: unknown };
  if (digest === digestOf(rest)) return rest;
  throw new UserError(
    `${source} is not as it was saved: its digest does not hold for its numbers`,
    "a saved law as it is, for its numbers hang together",
    `${REMEDY}; a law of your own is written as its name and its parameters alone`,
  );
}

const EXPECTED =
  "a law saved by longrun laws fit --save, or written by hand: a law's name and its parameters";
const REMEDY = "fit the law again: longrun laws fit RUNS.csv --save law.json";

/** Written by hand: a published law, of whose runs and uncertainty nothing is known. */
const handSchema = z.strictObject({ law: z.string(), parameters: z.record(z.string(), z.number()) });

/** Reads a law that `lawFileText` or a hand wrote. Throws a `UserError` where it is something else. */
export function readLawFile(text: string, source = "the file"): SavedLaw {
  const content = jsonIn(text);
  const byHand = handSchema.safeParse(content);
  if (byHand.success) return fromHand(byHand.data, source);
  if (!z.looseObject({ format: z.string() }).safeParse(content).success)
    throw new UserError(`${source} is not a saved law`, EXPECTED, REMEDY);
  const saved = savedLawSchema.safeParse(unsealed(content, source));
  if (!saved.success) throw new UserError(`${source}: ${z.prettifyError(saved.error)}`, EXPECTED, REMEDY);
  const { law, theta, draws } = saved.data;
  const { formula, parameters } = lawNamed(law);
  const odd = [theta, ...draws].find((numbers) => numbers.length !== parameters.length);
  if (odd !== undefined) {
    throw new UserError(
      `${source}: ${odd.length} numbers for ${formula}`,
      `${parameters.length}, as this version of the law has`,
      REMEDY,
    );
  }
  return saved.data;
}

function fromHand({ law: name, parameters }: z.infer<typeof handSchema>, source: string): SavedLaw {
  const law = lawNamed(name);
  const names = law.parameters.map((parameter) => parameter.name);
  const theta = [...law.internal(names.map((each) => parameters[each] ?? Number.NaN))];
  if (Object.keys(parameters).length !== names.length || !theta.every(Number.isFinite)) {
    throw new UserError(
      `${source}: ${law.name} with ${Object.entries(parameters).join("; ")}`,
      law.parameters
        .map((each) => (each.above === null ? each.name : `${each.name} > ${each.above}`))
        .join(", "),
      "give a number for each of these and for nothing else",
    );
  }
  return {
    format: "longrun.law.v2",
    law: law.name,
    formula: law.formula,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, { value, lo: null, hi: null }]),
    ),
    theta,
    draws: [],
    posterior: null,
    rows: null,
    residualScale: null,
    largest: { n: null, d: null, c: null },
    flopsPerParameterToken: null,
    conventions: { parameters: "not said", compute: "not said" },
    source,
    runsHash: null,
  };
}
