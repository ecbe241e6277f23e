/** @file What a scaling law is: a formula for the log loss of a finished run, with gradient and meaning. */

/** What is known of a run before it starts. */
export type Design = {
  /** Parameters in matrix products, the head included, the input embedding not. */
  readonly n: number;
  /** Tokens trained on, repeats counted. */
  readonly d: number;
  /** FLOPs, forward and backward. */
  readonly c: number;
  /** Distinct tokens among them; left out: all of them. */
  readonly unique?: number;
  /** Experts of a routed model, or the amount of whatever else is added to a dense one; left out: 1. */
  readonly experts?: number;
};

/** A finished run, as laws see it. */
export type Run = Design & {
  /** Held-out loss, in any unit that is positive and additive: nats per token, bits per byte. */
  readonly loss: number;
};

/** One named number of a law in the form people write it. */
export type LawParameter = {
  readonly name: string;
  readonly unit: string;
  /** What it is larger than; null: any real number. A fit searches over the logarithm of the excess. */
  readonly above: number | null;
  /** An exponent with which the loss falls where it is positive, and rises where it is not. */
  readonly isFalling?: true;
};

/** A number above zero. */
export const positive = (name: string, unit: string): LawParameter => ({ name, unit, above: 0 });
/** Any real number. */
export const real = (name: string, unit = "none"): LawParameter => ({ name, unit, above: null });
/** An exponent, to be positive where loss falls. */
export const falling = (name: string, unit = "none"): LawParameter => ({
  ...real(name, unit),
  isFalling: true,
});

/** A number that follows from those of the formula. Infinity where there is none. */
export type Derived = {
  readonly name: string;
  readonly unit: string;
  /** The parameters that it follows from. */
  readonly reads: readonly string[];
  readonly of: (natural: readonly number[]) => number;
};

/**
 * A law, fitted on the log of the loss in a parametrisation without bounds. `theta` below is the vector of
 * those internal parameters; `natural` turns it into the numbers of the formula, in the order of
 * `parameters`, and `internal` back. Number j of the formula depends on theta[j] alone and grows with it: the
 * profile of a parameter fixes its theta.
 */
export type Law = {
  readonly name: string;
  readonly formula: string;
  /** The paper. */
  readonly source: string;
  readonly parameters: readonly LawParameter[];
  /** What of a design the formula reads. */
  readonly uses: readonly (keyof Design)[];
  /** The covariates x of a design, computed once per run: mostly logarithms. */
  readonly covariates: (design: Design) => Float64Array;
  /** log(predicted loss) at covariates x; writes its gradient over theta. */
  readonly logLoss: (theta: Float64Array, x: Float64Array, gradient: Float64Array) => number;
  readonly natural: (theta: Float64Array) => readonly number[];
  readonly internal: (natural: readonly number[]) => Float64Array;
  /** Starting points spread over what published fits have found, placed by the data's own scale. */
  readonly starts: (runs: readonly Run[]) => readonly Float64Array[];
  /** What people ask of the law beyond its parameters; a fit gives each with its interval. */
  readonly derived?: readonly Derived[];
};

/** The way from theta to the numbers of the formula and back, each on its own. */
export function scalesOf(parameters: readonly LawParameter[]): Pick<Law, "natural" | "internal"> {
  return {
    natural: (theta) =>
      parameters.map(({ above }, j) => (above === null ? theta[j]! : above + Math.exp(theta[j]!))),
    internal: (natural) =>
      Float64Array.from(parameters, ({ above }, j) =>
        above === null ? natural[j]! : Math.log(natural[j]! - above),
      ),
  };
}

/** Predicted loss of one design. */
export function lossOf(law: Law, theta: Float64Array, design: Design): number {
  return Math.exp(law.logLoss(theta, law.covariates(design), new Float64Array(theta.length)));
}

/**
 * log(e^x + e^y + ...), safe for large arguments; replaces each term by its share of the sum (the gradient).
 */
export function logSumExp(terms: Float64Array): number {
  let largest = -Infinity;
  for (let i = 0; i < terms.length; i++) largest = Math.max(largest, terms[i]!);
  let sum = 0;
  for (let i = 0; i < terms.length; i++) sum += terms[i] = Math.exp(terms[i]! - largest);
  for (let i = 0; i < terms.length; i++) terms[i]! /= sum;
  return largest + Math.log(sum);
}
