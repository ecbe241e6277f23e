/** @file Learning-curve laws: a power of the area under the rate, less what each fall has released. */

import type { Geometry, Units } from "./geometry.ts";

/** A number of a law, by name. */
export type CurveLawParameter = { readonly name: string; readonly unit: string };

/** A normal prior on an internal parameter; null where only the data should speak. */
export type NormalPrior = { readonly mean: number; readonly sd: number } | null;

/**
 * A law of the loss along a run. `theta` holds internal parameters without bounds, for areas, rates and
 * losses in the fit's own `Units`; `natural` gives the numbers of the formula as people write it, in the
 * units of the data.
 */
export type CurveLaw = {
  readonly name: string;
  readonly formula: string;
  readonly source: string;
  readonly parameters: readonly CurveLawParameter[];
  /** Loss at every point; writes d loss[i] / d theta[j] to `jacobian[i * parameters.length + j]`. */
  readonly losses: (theta: Float64Array, geometry: Geometry, jacobian: Float64Array) => Float64Array;
  readonly natural: (theta: Float64Array, units: Units) => readonly number[];
  readonly internal: (natural: readonly number[], units: Units) => Float64Array;
  /** Starting points, given the lowest loss of the curves and the fall of the loss over the longest. */
  readonly starts: (lowest: number, fall: number) => readonly Float64Array[];
  /** What published fits found, held weakly. */
  readonly priors: readonly NormalPrior[];
};

/** How a fall of the rate releases its part of the loss: what sets one law apart from another. */
type Release = {
  readonly name: string;
  readonly formula: string;
  readonly source: string;
  /** What the law calls the size of the release. */
  readonly size: string;
  readonly alphaPrior: NormalPrior;
  /** The parameters of the release's course, after L0, A, alpha and the size. */
  readonly parameters: readonly CurveLawParameter[];
  readonly priors: readonly NormalPrior[];
  /** Their internal values at each starting point. */
  readonly starts: readonly (readonly number[])[];
  readonly natural: (own: readonly number[], units: Units) => readonly number[];
  readonly internal: (own: readonly number[], units: Units) => readonly number[];
  /** The share of change k not released yet; writes its derivatives over `parameters` to `slopes`. */
  readonly left: (own: readonly number[], geometry: Geometry) => (k: number, slopes: Float64Array) => number;
};

// theta = log L0, log A', log alpha, log R' and the release's own; primes are in the fit's units: A' = A
// area^-alpha, R' = R peak. What A' and R' then say (the loss at the end of the longest run, the release by a
// fall from the peak to 0) hardly moves with the exponents, which keeps the minimiser's valley round.
function curveLaw(release: Release): CurveLaw {
  const size = 4 + release.parameters.length;
  return {
    name: release.name,
    formula: release.formula,
    source: release.source,
    parameters: [
      { name: "L0", unit: "loss" },
      { name: "A", unit: "loss (rate x step)^alpha" },
      { name: "alpha", unit: "" },
      { name: release.size, unit: "loss / rate" },
      ...release.parameters,
    ],
    priors: [null, null, release.alphaPrior, null, ...release.priors],
    losses(theta, geometry, jacobian) {
      const [floor, height, alpha, released] = common(theta);
      const { area, first, fall } = geometry;
      const left = release.left([...theta.subarray(4)], geometry);
      const slopes = new Float64Array(size - 4);
      const values = new Float64Array(area.length);
      for (let i = 0; i < area.length; i++) {
        const row = i * size;
        const logArea = Math.log(area[i]!);
        const power = height * Math.exp(-alpha * logArea);
        let drop = 0;
        for (let j = 4; j < size; j++) jacobian[row + j] = 0;
        for (let k = first[i]!; k < first[i + 1]!; k++) {
          drop += fall[k]! * (1 - left(k, slopes));
          for (let j = 4; j < size; j++) jacobian[row + j]! += released * fall[k]! * slopes[j - 4]!;
        }
        values[i] = floor + power - released * drop;
        jacobian[row] = floor;
        jacobian[row + 1] = power;
        jacobian[row + 2] = -alpha * logArea * power;
        jacobian[row + 3] = -released * drop;
      }
      return values;
    },
    natural(theta, units) {
      const [floor, height, alpha, released] = common(theta);
      const own = release.natural([...theta.subarray(4)], units);
      return [floor, height * units.area ** alpha, alpha, released / units.peak, ...own];
    },
    internal([floor, height, alpha, released, ...own], units) {
      const scaled = [floor!, height! * units.area ** -alpha!, alpha!, released! * units.peak];
      return Float64Array.from([...scaled.map(Math.log), ...release.internal(own, units)]);
    },
    starts: (lowest, fall) =>
      release.starts.map((own) =>
        Float64Array.from([...[0.9 * lowest, 0.15 * fall, 0.5, 0.03 * lowest].map(Math.log), ...own]),
      ),
  };
}

function common(theta: Float64Array): readonly [number, number, number, number] {
  return [Math.exp(theta[0]!), Math.exp(theta[1]!), Math.exp(theta[2]!), Math.exp(theta[3]!)];
}

/**
 * Luo et al. 2025 (arXiv 2503.12811): L(t) = L0 + A S1(t)^-alpha - B sum_k (eta_(k-1) - eta_k) G(eta_k^-gamma
 * S_k(t)) with G(x) = 1 - (1 + C x)^-beta; S1 is the area under the rate from the first step on, S_k that
 * from step k on. The sum runs over the warm-up too, whose rises count as negative falls: without them
 * predictions are 0.10 to 0.16 nats too low on the authors' curves. Internally log C', log beta and gamma,
 * with C' = C peak^-gamma area.
 */
export const multiPowerLaw = curveLaw({
  name: "multi-power",
  formula: "L = L0 + A S1^-alpha - B sum_k (eta_(k-1) - eta_k) (1 - (1 + C eta_k^-gamma S_k)^-beta)",
  source: "Luo et al. 2025, arXiv 2503.12811",
  size: "B",
  parameters: [
    { name: "C", unit: "rate^gamma / (rate x step)" },
    { name: "beta", unit: "" },
    { name: "gamma", unit: "" },
  ],
  // Published for 25M and 100M parameters: alpha .51 and .45, C' near 5,000 at 72,000 steps, beta .58 and
  // .60, gamma .64 and .66. The spreads are wide on purpose (assumption).
  alphaPrior: { mean: Math.log(0.48), sd: 0.3 },
  priors: [
    { mean: Math.log(3000), sd: 1.5 },
    { mean: Math.log(0.59), sd: 0.2 },
    { mean: 0.65, sd: 0.15 },
  ],
  // Published curves have C' near 2,000, and exponents around a half.
  starts: [200, 3000].map((speed) => [Math.log(speed), Math.log(0.6), 0.65]),
  natural: ([logSpeed, logBeta, gamma], { peak, area }) => [
    (Math.exp(logSpeed!) * peak ** gamma!) / area,
    Math.exp(logBeta!),
    gamma!,
  ],
  internal: ([speed, beta, gamma], { peak, area }) => [
    Math.log(speed! * peak ** -gamma! * area),
    Math.log(beta!),
    gamma!,
  ],
  left([logSpeed, logBeta, gamma], { logRate, logReach }) {
    const beta = Math.exp(logBeta!);
    return (k, slopes) => {
      const x = Math.exp(logSpeed! - gamma! * logRate[k]! + logReach[k]!);
      const log1p = Math.log1p(x);
      const left = Math.exp(-beta * log1p);
      slopes[0] = (-beta * left * x) / (1 + x);
      slopes[1] = -beta * left * log1p;
      slopes[2] = -slopes[0] * logRate[k]!;
      return left;
    };
  },
});

/**
 * Tissue et al. 2024 (arXiv 2408.11029): L = L0 + A S1^-alpha - C S2 with S2 = sum_i sum_(k<=i) (eta_(k-1) -
 * eta_k) lambda^(i-k). Summed over i first, a fall releases C / (1 - lambda) times 1 - lambda^steps: an
 * exponential approach where the multi-power law has a power. Fitted as the release R = C / (1 - lambda) and
 * the memory M = -1 / ln(lambda) in steps, internally its log as a share of the span; the rise of the warm-up
 * counts as a negative fall, which only shifts L0 where all runs share it.
 */
export const tissueLaw = curveLaw({
  name: "tissue",
  formula: "L = L0 + A S1^-alpha - R sum_k (eta_(k-1) - eta_k) (1 - exp(-(t - k) / M))",
  source: "Tissue et al. 2024, arXiv 2408.11029",
  size: "R",
  parameters: [{ name: "M", unit: "steps" }],
  alphaPrior: { mean: Math.log(0.5), sd: 0.3 },
  priors: [null],
  // The authors' lambda of .99 to .999 is a memory of 100 to 1,000 steps in runs of some 30,000.
  starts: [[Math.log(0.01)], [Math.log(0.1)]],
  natural: ([logMemory], { span }) => [Math.exp(logMemory!) * span],
  internal: ([memory], { span }) => [Math.log(memory! / span)],
  left([logMemory], { distance }) {
    const memory = Math.exp(logMemory!);
    return (k, slopes) => {
      const age = distance[k]! / memory;
      const left = Math.exp(-age);
      slopes[0] = left * age;
      return left;
    };
  },
});

export const CURVE_LAWS: readonly CurveLaw[] = [multiPowerLaw, tissueLaw];
