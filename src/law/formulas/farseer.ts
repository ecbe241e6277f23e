/** @file Farseer's law: floor, level of data and exponent of data, each a stretched exponential of size. */

import { type Law, logSumExp, real, scalesOf } from "../law.ts";
import { chinchillaLaw } from "./power-laws.ts";

const TERMS = new Float64Array(2);

/** Size is counted in 1e9 parameters: the numbers b are then those of a model of that size. */
const LOG_UNIT = Math.log(1e9);

/** No data exponent is e^50: a search that strays there must meet a large number, not an infinite one. */
const MOST_LOG_EXPONENT = 50;

/** Below this |p log n| the power is taken from its series: (n^p - 1) / p loses its digits. */
const NEARLY_ZERO = 1e-5;

/** (n^p - 1) / p, which is log n at p = 0. */
function power(p: number, logN: number): number {
  return Math.abs(p * logN) < NEARLY_ZERO ? logN * (1 + (p * logN) / 2) : Math.expm1(p * logN) / p;
}

/** d power / d p. */
function powerSlope(p: number, logN: number): number {
  if (Math.abs(p * logN) < NEARLY_ZERO) return logN * logN * (0.5 + (p * logN) / 3);
  return (logN * Math.exp(p * logN) - Math.expm1(p * logN) / p) / p;
}

const PARAMETERS = ["a1", "alpha", "b1", "a2", "beta", "b2", "a3", "gamma", "b3"].map((name) =>
  real(name, name === "b2" || name === "b3" ? "log loss" : "none"),
);

/**
 * theta = (a1, alpha, b1, a2, beta, b2, a3, gamma, b3), n^[p] = (n^p - 1) / p. The paper writes a n^p + b,
 * the same curves: its a is a / p and its b is b - a / p here, which run off to infinity as p passes zero.
 * The data's exponent changes with size, so that the best D / N drifts with compute. Nine numbers: the
 * published fit had about a thousand runs; with fewer than some fifty they cannot be told apart, and
 * chinchilla forecasts better.
 */
export const farseerLaw: Law = {
  name: "farseer",
  formula:
    "L(N, D) = e^(a3 n^[gamma] + b3) + e^(a2 n^[beta] + b2) D^(-e^(a1 n^[alpha] + b1)), n = N / " +
    "1e9, n^[p] = (n^p - 1) / p",
  source: "arXiv 2506.10972, equation 3, with its powers centred",
  parameters: PARAMETERS,
  uses: ["n", "d"],
  covariates: ({ n, d }) => Float64Array.of(Math.log(n) - LOG_UNIT, Math.log(d)),
  logLoss(theta, x, gradient) {
    const [logN, logD] = [x[0]!, x[1]!];
    const steepness = power(theta[1]!, logN);
    const level = power(theta[4]!, logN);
    const base = power(theta[7]!, logN);
    const exponent = Math.exp(Math.min(theta[0]! * steepness + theta[2]!, MOST_LOG_EXPONENT));
    TERMS[0] = theta[3]! * level + theta[5]! - exponent * logD;
    TERMS[1] = theta[6]! * base + theta[8]!;
    const value = logSumExp(TERMS);
    const data = TERMS[0]!;
    const floor = TERMS[1]!;
    const perExponent = -data * logD * exponent;
    gradient[0] = perExponent * steepness;
    gradient[1] = perExponent * theta[0]! * powerSlope(theta[1]!, logN);
    gradient[2] = perExponent;
    gradient[3] = data * level;
    gradient[4] = data * theta[3]! * powerSlope(theta[4]!, logN);
    gradient[5] = data;
    gradient[6] = floor * base;
    gradient[7] = floor * theta[6]! * powerSlope(theta[7]!, logN);
    gradient[8] = floor;
    return value;
  },
  ...scalesOf(PARAMETERS),
  // Chinchilla's law is a1 = a2 = 0; its E + A N^-alpha is matched in level and slope at the middle size.
  starts(runs) {
    const logNs = runs.map((run) => Math.log(run.n) - LOG_UNIT);
    const middle = (Math.min(...logNs) + Math.max(...logNs)) / 2;
    return chinchillaLaw.starts(runs).map((theta) => {
      const [, b, floor, alpha, beta] = chinchillaLaw.natural(theta);
      const reducible = Math.exp(theta[0]! - alpha! * (middle + LOG_UNIT));
      const share = reducible / (floor! + reducible);
      const slope = -alpha! * share * Math.exp(alpha! * middle);
      const size = [slope, -alpha!, Math.log(floor! + reducible) - slope * power(-alpha!, middle)];
      return Float64Array.of(0, 0, Math.log(Math.max(beta!, 1e-3)), 0, 0, Math.log(b!), ...size);
    });
  },
};
