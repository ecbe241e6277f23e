/** @file The laws that are powers of size, data and compute, or sums of them: a row each. */

import { UserError } from "../../errors.ts";
import { type Derived, type Design, falling, type Law, positive, real } from "../law.ts";
import { withGiven } from "./given.ts";
import { logLinear } from "./log-linear.ts";
import { EXPONENTS } from "./starts.ts";
import { sumOfPowers, type Term } from "./sum-of-powers.ts";

const sizeAndData = ({ n, d }: Design) => Float64Array.of(-Math.log(n), -Math.log(d), 0);

const SIZE = positive("A", "loss at N = 1");
const DATA = positive("B", "loss at D = 1");
const FLOOR = positive("E", "loss");
const ALPHA = falling("alpha");
const BETA = falling("beta");

const CHINCHILLA: readonly Term[] = [["A", "alpha"], ["B", "beta"], ["E"]];

/** Exponents of compute: about half those of N and D, down to where the floor takes over as zero. */
const SLOPES = [0.02, 0.035, 0.05, 0.07, 0.1, 0.14, 0.18, 0.24, 0.32, 0.45, 0.65, 1] as const;

/** The best N grows as C to this power. */
export const SIZE_EXPONENT: Derived = {
  name: "beta / (alpha + beta)",
  unit: "exponent of the best N in C",
  reads: ["alpha", "beta"],
  of: ([, , , alpha, beta]) => beta! / (alpha! + beta!),
};

/** Loss along one recipe as compute grows: with E = 0 Kaplan et al.'s, with E free the GPT-4 report's. */
export const computeLaw = sumOfPowers({
  name: "compute",
  formula: "L(C) = E + a C^-b",
  source: "arXiv 2303.08774 (E free)",
  parameters: [positive("a", "loss at 1 FLOP, above E"), falling("b"), FLOOR],
  uses: ["c"],
  covariates: ({ c }) => Float64Array.of(-Math.log(c), 0),
  terms: [["a", "b"], ["E"]],
  tried: SLOPES,
});

/**
 * A straight line on logarithms, as Kaplan et al. fitted it. It falls for ever, so that it is too low beyond
 * the runs wherever the loss has a floor; on less than two decades of compute it is often all that the runs
 * can tell.
 */
export const powerLaw = logLinear({
  name: "power",
  formula: "L(C) = a C^-b",
  source: "arXiv 2001.08361, section 6",
  parameters: [positive("a", "loss at 1 FLOP"), falling("b")],
  uses: ["c"],
  covariates: ({ c }) => Float64Array.of(1, -Math.log(c)),
});

/**
 * The compute law with a known floor, for ladders too short to find it. `floor` comes from a larger study on
 * the same evaluation set and in the same unit: a floor of another tokenizer or corpus is a wrong one, and
 * the interval will not know. Throws a `UserError` for a floor that is not positive, and, when it is fitted,
 * for one that is not below every loss of the table.
 */
export function pinnedComputeLaw(floor: number): Law {
  if (!(floor > 0 && Number.isFinite(floor))) {
    throw new UserError(`a floor of ${floor}`, "a positive loss", "use the law power for a floor of zero");
  }
  return withGiven(
    computeLaw,
    { E: floor },
    {
      name: `compute@${floor}`,
      formula: `L(C) = ${floor} + a C^-b`,
      source: "arXiv 2303.08774, with E given",
      starts(runs) {
        const lowest = Math.min(...runs.map((run) => run.loss));
        // Above its floor it is a power law.
        if (lowest > floor) return powerLaw.starts(runs.map((run) => ({ ...run, loss: run.loss - floor })));
        throw new UserError(
          `a run with loss ${lowest}, not above the given floor of ${floor}`,
          "a floor below every loss",
          "check that both are in one unit and of one evaluation set, or let the fit find the floor " +
            "(--law compute)",
        );
      },
    },
  );
}

/**
 * Loss against size and data apart: Hoffmann et al. 2022, approach 3, as refitted by Besiroglu et al. 2024. A
 * ladder at one ratio D / N cannot tell A from B; only forecasts at that ratio are then determined.
 */
export const chinchillaLaw = sumOfPowers({
  name: "chinchilla",
  formula: "L(N, D) = E + A N^-alpha + B D^-beta",
  source: "arXiv 2203.15556, arXiv 2404.10102",
  parameters: [SIZE, DATA, FLOOR, ALPHA, BETA],
  uses: ["n", "d"],
  covariates: sizeAndData,
  terms: CHINCHILLA,
  derived: [SIZE_EXPONENT],
});

/**
 * One exponent for both: at the optimum D / N = (B / A)^(1 / alpha), whatever the budget. For tables whose N
 * and D spread too little to tell two exponents apart, which is most small ladders.
 */
export const tiedChinchillaLaw = sumOfPowers({
  name: "chinchilla-tied",
  formula: "L(N, D) = E + A N^-alpha + B D^-alpha",
  source: "arXiv 2203.15556 with alpha = beta, as in arXiv 2305.16264, appendix A",
  parameters: [SIZE, DATA, FLOOR, ALPHA],
  uses: ["n", "d"],
  covariates: sizeAndData,
  terms: [["A", "alpha"], ["B", "alpha"], ["E"]],
  derived: [
    {
      name: "best D / N",
      unit: "tokens per parameter",
      reads: ["A", "B", "alpha"],
      of: ([a, b, , alpha]) => (b! / a!) ** (1 / alpha!),
    },
  ],
});

/**
 * Loss against compute at any ratio M = D / N. With C = 6 N D it is the Chinchilla law with one exponent
 * alpha = 2 eta, since N = (C / 6 M)^(1/2) and D = (C M / 6)^(1/2): A = a 6^-eta and B = b 6^-eta. Written
 * so, ladders of different M are parallel lines in log(L - E) against log C, and the cheapest M is (b / a)^(1
 * / 2 eta).
 */
export const overTrainingLaw = sumOfPowers({
  name: "over-training",
  formula: "L(C, M) = E + (a M^eta + b M^-eta) C^-eta, M = D / N",
  source: "arXiv 2403.08540, equation 4",
  parameters: [
    positive("a", "loss at C = 1 and M = 1, from size"),
    positive("b", "loss at C = 1 and M = 1, from data"),
    FLOOR,
    falling("eta"),
  ],
  uses: ["n", "d", "c"],
  covariates({ n, d, c }) {
    const [logC, logRatio] = [Math.log(c), Math.log(d / n)];
    return Float64Array.of(logRatio - logC, -logRatio - logC, 0);
  },
  terms: [["a", "eta"], ["b", "eta"], ["E"]],
  tried: EXPONENTS.map((alpha) => alpha / 2),
  derived: [
    {
      name: "best D / N",
      unit: "tokens per parameter",
      reads: ["a", "b", "eta"],
      of: ([a, b, , eta]) => (b! / a!) ** (1 / (2 * eta!)),
    },
  ],
});

/**
 * Repeats first help and then hurt, the sooner the larger the model; R = D / U - 1 repeats of U distinct
 * tokens. One coefficient, so that recipes can be compared by it: strong weight decay is reported to cut it
 * by about 70 %. Taken as the one-parameter form of the paper, which also fits powers of R and of N / U; the
 * exponents are 1 here.
 */
export const overfittingLaw = sumOfPowers({
  name: "overfitting",
  formula: "L(N, D, U) = E + A N^-alpha + B D^-beta + P (D / U - 1) N / U",
  source: "arXiv 2605.01640",
  parameters: [SIZE, DATA, FLOOR, ALPHA, BETA, positive("P", "loss per repeat at N = U")],
  uses: ["n", "d", "unique"],
  covariates({ n, d, unique = d }) {
    // -Infinity on fresh data: the penalty is then exactly zero.
    const repeats = Math.max(d / unique - 1, 0);
    return Float64Array.of(-Math.log(n), -Math.log(d), 0, Math.log((repeats * n) / unique));
  },
  terms: [...CHINCHILLA, ["P", 1]],
});

/**
 * The best learning rate or batch for a model and its tokens. The table's loss column holds the best learning
 * rate (or batch, in tokens) found at each N and D. Rows should be minima of a sweep, found inside it: the
 * edge of a sweep is a bound, not a value. Step Law: learning rate 1.79 N^-.713 D^.307, batch .58 D^.571
 * tokens, both for one optimiser, schedule and parametrisation.
 */
export const hyperParameterLaw = logLinear({
  name: "hyper-parameter",
  formula: "value(N, D) = k N^p D^q",
  source: "arXiv 2503.04715, equation 1",
  parameters: [positive("k", "value at N = D = 1"), real("p"), real("q")],
  uses: ["n", "d"],
  covariates: ({ n, d }) => Float64Array.of(1, Math.log(n), Math.log(d)),
});
