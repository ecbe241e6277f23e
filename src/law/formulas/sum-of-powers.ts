/**
 * @file Laws that are sums of coefficients times powers: one formula, one gradient and one search for starts,
 * whatever the row says.
 */

import { linearFit } from "../../math/least-squares.ts";
import { type Law, type LawParameter, logSumExp, type Run, scalesOf } from "../law.ts";
import { EXPONENTS, type Projection, startsOnGrid } from "./starts.ts";

/**
 * A coefficient times e^(exponent x covariate): parameters by name, or given numbers. Every coefficient
 * stands in one term alone.
 */
export type Term = { readonly coefficient: string | number; readonly exponent?: string | number };

/**
 * A law as a row. Its covariates, one a term in their order, are signed so that the loss falls as an exponent
 * grows; 0 for a bare term.
 */
export type SumOfPowers = Omit<Law, "logLoss" | "natural" | "internal" | "starts"> & {
  readonly terms: readonly Term[];
  /** Values that the search for starts tries for every exponent. */
  readonly tried?: readonly number[];
};

/** The law of a row; theta holds coefficients as logarithms and exponents as they are. */
export function sumOfPowers({ terms, tried = EXPONENTS, ...law }: SumOfPowers): Law {
  const places = placesOf(law.parameters, terms);
  const logLoss = logLossOf(places);
  const free = places.coefficientAt.filter((at) => at >= 0);
  return {
    ...law,
    logLoss,
    ...scalesOf(law.parameters),
    starts: (runs) =>
      free.length === 1
        ? [straightStart(law.covariates, places, runs)]
        : startsOnGrid({ covariates: law.covariates, logLoss }, runs, gridOf(places, tried)),
  };
}

/** For each term, where in theta its two numbers stand; -1: nowhere, they are given. */
type Places = {
  readonly coefficientAt: readonly number[];
  readonly logCoefficient: readonly number[];
  readonly exponentAt: readonly number[];
  readonly exponent: readonly number[];
};

function placesOf(parameters: readonly LawParameter[], terms: readonly Term[]): Places {
  const at = (number: string | number) => parameters.findIndex(({ name }) => name === number);
  const given = (number: string | number) => (typeof number === "number" ? number : 0);
  return {
    coefficientAt: terms.map(({ coefficient }) => at(coefficient)),
    logCoefficient: terms.map(({ coefficient }) => Math.log(given(coefficient))),
    exponentAt: terms.map(({ exponent = 0 }) => at(exponent)),
    exponent: terms.map(({ exponent = 0 }) => given(exponent)),
  };
}

/**
 * Every fit spends its time here: plain loops over plain arrays. Formulas written out by hand are a fifth
 * faster in a whole fit.
 */
function logLossOf({ coefficientAt, logCoefficient, exponentAt, exponent }: Places): Law["logLoss"] {
  const count = coefficientAt.length;
  // Logarithms of the terms, and then their shares of the loss.
  const terms = new Float64Array(count);
  return (theta, x, gradient) => {
    for (let k = 0; k < count; k++) {
      const c = coefficientAt[k]!;
      const e = exponentAt[k]!;
      terms[k] = (c < 0 ? logCoefficient[k]! : theta[c]!) + (e < 0 ? exponent[k]! : theta[e]!) * x[k]!;
    }
    const value = logSumExp(terms);
    for (let j = 0; j < theta.length; j++) gradient[j] = 0;
    for (let k = 0; k < count; k++) {
      const c = coefficientAt[k]!;
      const e = exponentAt[k]!;
      const share = terms[k]!;
      if (c >= 0) gradient[c] = share;
      if (e >= 0) gradient[e] = gradient[e]! + x[k]! * share;
    }
    return value;
  };
}

/** With its exponents fixed the law is linear in its coefficients. */
function gridOf({ coefficientAt, exponentAt, exponent }: Places, tried: readonly number[]): Projection {
  const exponents = [...new Set(exponentAt.filter((at) => at >= 0))];
  return {
    axes: exponents.map(() => tried),
    numTerms: coefficientAt.length,
    logTerms(fixed, x, logTerms) {
      for (const [k, at] of exponentAt.entries()) {
        logTerms[k] = (at < 0 ? exponent[k]! : fixed[exponents.indexOf(at)]!) * x[k]!;
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

/** A single free term is a straight line over logarithms, once what is given is taken off the loss. */
function straightStart(
  covariates: Law["covariates"],
  { coefficientAt, logCoefficient, exponentAt }: Places,
  runs: readonly Run[],
): Float64Array {
  const free = coefficientAt.findIndex((at) => at >= 0);
  const given = logCoefficient.reduce((sum, log, k) => (k === free ? sum : sum + Math.exp(log)), 0);
  const [level, slope] = linearFit(
    runs.map((run) => [1, covariates(run)[free]!]),
    runs.map((run) => Math.log(run.loss - given)),
  );
  const theta = new Float64Array(2);
  theta[coefficientAt[free]!] = level!;
  theta[exponentAt[free]!] = slope!;
  return theta;
}
