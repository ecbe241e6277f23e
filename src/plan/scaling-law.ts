/**
 * @file A scaling law as the planner takes it: a saved fit read as a value, every form that it knows brought
 * to one.
 */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { certain, type Interval, intervalOfDraws } from "../math/interval.ts";

/**
 * Loss = e^logE + (e^logA N^-alpha + e^logB D^-beta)^gamma. Logarithms, because A and B reach 1e10 and more.
 */
export type LawTerms = {
  readonly logA: number;
  readonly logB: number;
  /** -Infinity: no floor. */
  readonly logE: number;
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
};

/**
 * A law as fitted, and as it might have come out: the draws together carry how its numbers vary with one
 * another.
 */
export type ScalingLaw = {
  readonly name: string;
  readonly formula: string;
  readonly terms: LawTerms;
  /** Empty where the file holds none: then the law's own uncertainty is not known. */
  readonly draws: readonly LawTerms[];
  /** The largest run it was fitted to, in FLOPs; null: not known. */
  readonly largestCompute: number | null;
  /** C / (N D): 6, or what the table's own FLOPs come to where they differ by more than a percent. */
  readonly flopsPerPair: number;
  /** What N counts, in the words of the table. */
  readonly counts: string;
};

/** Natural numbers of a law, in the order of its parameters, and how each is kept inside a saved file. */
type Form = {
  readonly parameters: readonly string[];
  /** Which of them a saved file keeps as logarithms. */
  readonly logged: readonly boolean[];
  /** `k`: FLOPs per parameter and token. */
  readonly terms: (natural: readonly number[], k: number) => LawTerms;
};

const log = Math.log;

/** Each as src/laws/formulas writes it: the two rooms share a file format, not code. */
const FORMS: Readonly<Record<string, Form>> = {
  chinchilla: {
    parameters: ["A", "B", "E", "alpha", "beta"],
    logged: [true, true, true, false, false],
    terms: ([a, b, e, alpha, beta]) => ({
      logA: log(a!),
      logB: log(b!),
      logE: log(e!),
      alpha: alpha!,
      beta: beta!,
      gamma: 1,
    }),
  },
  "chinchilla-tied": {
    parameters: ["A", "B", "E", "alpha"],
    logged: [true, true, true, false],
    terms: ([a, b, e, alpha]) => ({
      logA: log(a!),
      logB: log(b!),
      logE: log(e!),
      alpha: alpha!,
      beta: alpha!,
      gamma: 1,
    }),
  },
  gamma: {
    parameters: ["A", "B", "E", "alpha", "beta", "gamma"],
    logged: [true, true, true, false, false, true],
    terms: ([a, b, e, alpha, beta, gamma]) => ({
      logA: log(a!),
      logB: log(b!),
      logE: log(e!),
      alpha: alpha!,
      beta: beta!,
      gamma: gamma!,
    }),
  },
  // [(Nc / N)^(aN / aD) + Dc / D]^aD is the law above with E = 0, beta = 1, gamma = aD.
  kaplan: {
    parameters: ["Nc", "Dc", "aN", "aD"],
    logged: [true, true, true, true],
    terms: ([nc, dc, aN, aD]) => ({
      logA: (aN! / aD!) * log(nc!),
      logB: log(dc!),
      logE: -Infinity,
      alpha: aN! / aD!,
      beta: 1,
      gamma: aD!,
    }),
  },
  // With C = k N D and M = D / N: (a M^eta + b M^-eta) C^-eta = a k^-eta N^-2eta + b k^-eta D^-2eta.
  "over-training": {
    parameters: ["a", "b", "E", "eta"],
    logged: [true, true, true, false],
    terms: ([a, b, e, eta], k) => ({
      logA: log(a!) - eta! * log(k),
      logB: log(b!) - eta! * log(k),
      logE: log(e!),
      alpha: 2 * eta!,
      beta: 2 * eta!,
      gamma: 1,
    }),
  },
};

const number = z.union([z.number(), z.looseObject({ value: z.number() }).transform(({ value }) => value)]);

/** What the planner needs of a saved law; the rest of the file is for others. */
const lawSchema = z.looseObject({
  law: z.string(),
  formula: z.string().optional(),
  parameters: z.record(z.string(), number),
  draws: z.array(z.array(z.number())).optional(),
  largest: z.looseObject({ c: z.number().nullable() }).optional(),
  flopsPerParameterToken: z.number().positive().nullish(),
  conventions: z.looseObject({ parameters: z.string() }).optional(),
});

const EXPECTED = `a law over N and D saved by \`longrun laws fit --save\`: ${Object.keys(FORMS).join(", ")}`;
const REMEDY = "fit one: longrun laws fit RUNS.csv --law chinchilla --save law.json";

/** Reads a law file. Throws a `UserError` where it is none, or a law that does not tell size from data. */
export function readScalingLaw(path: string): ScalingLaw {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new UserError(`no file ${path}`, EXPECTED, REMEDY);
  }
  return parseScalingLaw(text, path);
}

/** The same from its text. */
export function parseScalingLaw(text: string, source = "the law"): ScalingLaw {
  const file = lawSchema.safeParse(asJson(text, source));
  if (!file.success) throw new UserError(`${source}: ${z.prettifyError(file.error)}`, EXPECTED, REMEDY);
  const { law, formula, parameters, draws = [], largest, flopsPerParameterToken, conventions } = file.data;
  const form = Object.hasOwn(FORMS, law) ? FORMS[law]! : null;
  if (form === null) throw new UserError(`${source}: the law "${law}"`, EXPECTED, REMEDY);
  const missing = form.parameters.filter((name) => parameters[name] === undefined);
  const odd = draws.some((draw) => draw.length !== form.parameters.length);
  if (missing.length > 0 || odd) {
    const fault = odd ? "draws of another length" : `no ${missing.join(", ")}`;
    throw new UserError(`${source}: ${law} with ${fault}`, `${form.parameters.join(", ")}`, REMEDY);
  }
  const k = flopsPerParameterToken ?? 6;
  const terms = form.terms(
    form.parameters.map((name) => parameters[name]!),
    k,
  );
  if (!isFalling(terms)) {
    throw new UserError(
      `${source}: ${form.parameters.map((name) => `${name} ${parameters[name]}`).join(", ")}`,
      "a loss that falls with size and with tokens",
      REMEDY,
    );
  }
  const natural = (draw: readonly number[]) =>
    draw.map((value, i) => (form.logged[i]! ? Math.exp(value) : value));
  return {
    name: law,
    formula: formula ?? law,
    terms,
    draws: draws.map((draw) => form.terms(natural(draw), k)).filter(isFalling),
    largestCompute: largest?.c ?? null,
    flopsPerPair: Math.abs(k / 6 - 1) < 0.01 ? 6 : k,
    counts: conventions?.parameters ?? "not said",
  };
}

function isFalling({ logA, logB, logE, alpha, beta, gamma }: LawTerms): boolean {
  const known = [logA, logB, alpha, beta, gamma].every(Number.isFinite) && !Number.isNaN(logE);
  return known && alpha > 0 && beta > 0 && gamma > 0;
}

function asJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${source} is not JSON: ${(cause as Error).message}`, EXPECTED, REMEDY, { cause });
  }
}

/** Loss of a finished run of `n` parameters on `d` tokens. */
export function lossAt({ logA, logB, logE, alpha, beta, gamma }: LawTerms, n: number, d: number): number {
  const size = logA - alpha * log(n);
  const data = logB - beta * log(d);
  return Math.exp(logE) + Math.exp(gamma * logSum(size, data));
}

function logSum(x: number, y: number): number {
  const most = Math.max(x, y);
  return most + Math.log1p(Math.exp(Math.min(x, y) - most));
}

/** The size that makes the most of `compute` = k N D: A alpha N^-alpha = B beta D^-beta, whatever gamma. */
export function bestSize({ logA, logB, alpha, beta }: LawTerms, compute: number, k = 6): number {
  return Math.exp((logA + log(alpha) - logB - log(beta) + beta * log(compute / k)) / (alpha + beta));
}

/**
 * Anything that follows from a law, with the interval that its draws give it; `median` is that of the fit
 * itself.
 */
export function overDraws(law: ScalingLaw, of: (terms: LawTerms, index: number) => number): Interval {
  const fitted = of(law.terms, -1);
  if (law.draws.length === 0) return certain(fitted);
  const { lo, hi } = intervalOfDraws(law.draws.map(of));
  return { median: fitted, lo: Math.min(lo, fitted), hi: Math.max(hi, fitted) };
}
