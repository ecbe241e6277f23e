/** @file Laws that are sums of powers: one formula, one gradient and one search for starts for all rows. */

import { type Law, type LawParameter, logSumExp } from "../law.ts";
import { EXPONENTS, lawWithGrid, type Projection } from "./starts.ts";

/**
 * A coefficient times e^(exponent x covariate): parameters by name; the exponent may be a number, 0 where it
 * is left out. Every coefficient stands in one term alone.
 */
export type Term = readonly [coefficient: string, exponent?: string | number];

/** A row: covariates, one a term (0 for a bare one), signed so that loss falls as an exponent grows. */
export type SumOfPowers = Omit<Law, "logLoss" | "natural" | "internal" | "starts"> & {
  readonly terms: readonly Term[];
  /** Values that the search for starts tries for every exponent. */
  readonly tried?: readonly number[];
};

/** The law of a row; theta holds coefficients as logarithms and exponents as they are. */
export function sumOfPowers({ terms, tried = EXPONENTS, ...law }: SumOfPowers): Law {
  const places = placesOf(law.parameters, terms);
  return lawWithGrid({ ...law, logLoss: logLossOf(places), grid: () => gridOf(places, tried) });
}

/** For each term, where in theta its two numbers stand; an exponent at -1 is given. */
type Places = {
  readonly coefficientAt: readonly number[];
  readonly exponentAt: readonly number[];
  readonly given: readonly number[];
};

function placesOf(parameters: readonly LawParameter[], terms: readonly Term[]): Places {
  const at = (number: string | number) => parameters.findIndex(({ name }) => name === number);
  return {
    coefficientAt: terms.map(([coefficient]) => at(coefficient)),
    exponentAt: terms.map(([, exponent = 0]) => at(exponent)),
    given: terms.map(([, exponent = 0]) => (typeof exponent === "number" ? exponent : 0)),
  };
}

/** Plain loops over plain arrays: fits spend their time here, a fifth more than by hand-written formulas. */
function logLossOf({ coefficientAt, exponentAt, given }: Places): Law["logLoss"] {
  const count = coefficientAt.length;
  // Logarithms of the terms, and then their shares of the loss.
  const terms = new Float64Array(count);
  return (theta, x, gradient) => {
    for (let k = 0; k < count; k++) {
      const e = exponentAt[k]!;
      terms[k] = theta[coefficientAt[k]!]! + (e < 0 ? given[k]! : theta[e]!) * x[k]!;
    }
    const value = logSumExp(terms);
    for (let j = 0; j < theta.length; j++) gradient[j] = 0;
    for (let k = 0; k < count; k++) {
      const e = exponentAt[k]!;
      const share = terms[k]!;
      gradient[coefficientAt[k]!] = share;
      if (e >= 0) gradient[e] = gradient[e]! + x[k]! * share;
    }
    return value;
  };
}

/** With its exponents fixed the law is linear in its coefficients. */
function gridOf({ coefficientAt, exponentAt, given }: Places, tried: readonly number[]): Projection {
  const exponents = [...new Set(exponentAt.filter((at) => at >= 0))];
  return {
    axes: exponents.map(() => tried),
    numTerms: coefficientAt.length,
    logTerms(fixed, x, logTerms) {
      for (const [k, at] of exponentAt.entries()) {
        logTerms[k] = (at < 0 ? given[k]! : fixed[exponents.indexOf(at)]!) * x[k]!;
      }
    },
    theta(fixed, logCoefficients) {
      const theta = new Float64Array(coefficientAt.length + exponents.length);
      for (const [k, at] of coefficientAt.entries()) theta[at] = logCoefficients[k]!;
      for (const [axis, at] of exponents.entries()) theta[at] = fixed[axis]!;
      return theta;
    },
  };
}
