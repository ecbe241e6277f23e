import { expect, test } from "vitest";
import { thirdParty } from "../../../test/support/third-party.ts";
import { minimise } from "../../math/minimise.ts";
import { lossOf, type Run } from "../law.ts";
import { overTrainingLaw as law, tiedChinchillaLaw } from "./power-laws.ts";

test("with C = 6 N D it is the Chinchilla law with one exponent", () => {
  const [a, b, eta] = [70, 200, 0.136];
  const tied = tiedChinchillaLaw.internal([a * 6 ** -eta, b * 6 ** -eta, 1.8, 2 * eta]);
  const design = { n: 4e8, d: 9e10, c: 6 * 4e8 * 9e10 };
  expect(lossOf(law, law.internal([a, b, 1.8, eta]), design)).toBeCloseTo(
    lossOf(tiedChinchillaLaw, tied, design),
    12,
  );
});

const GADRE = thirdParty("laws/gadre_losses.csv");

GADRE.describe("Gadre's runs", () => {
  function runsOf(corpus: string): Run[] {
    const lines = GADRE.read().trim().split(/\r?\n/).slice(1);
    return lines.flatMap((line) => {
      const [, trainedOn, , params, tokens, , loss] = line.split(",");
      const [n, d] = [Number(params), Number(tokens)];
      return trainedOn === corpus ? [{ n, d, c: 6 * n * d, loss: Number(loss) }] : [];
    });
  }

  /** Squares of the loss itself, as the authors fitted; our own fits count log loss. */
  function leastSquares(runs: readonly Run[]): Float64Array {
    const covariates = runs.map(law.covariates);
    const own = new Float64Array(4);
    const minima = law.starts(runs).map((start) =>
      minimise((theta, gradient) => {
        gradient.fill(0);
        return covariates.reduce((sum, x, i) => {
          const predicted = Math.exp(law.logLoss(theta, x, own));
          const error = predicted - runs[i]!.loss;
          for (let j = 0; j < 4; j++) gradient[j]! += 2 * error * predicted * own[j]!;
          return sum + error * error;
        }, 0);
      }, start),
    );
    return minima.reduce((best, other) => (other.value < best.value ? other : best)).point;
  }

  /** Signed error in per cent at every run above 1B parameters, keyed by size and ratio. */
  function errors(corpus: string): Record<string, number> {
    const runs = runsOf(corpus);
    const near = (value: number, aim: number) => Math.abs(value / aim - 1) < 0.05;
    const five = runs.filter(({ n, d }) => n < 5e8 && (near(d / n, 20) || (n < 2e7 && near(d / n, 320))));
    expect(five).toHaveLength(5);
    const theta = leastSquares(five);
    const large = runs.filter(({ n }) => n > 1e9);
    return Object.fromEntries(
      large.map((run) => [
        `${(run.n / 1e9).toFixed(1)}B ${(run.d / run.n).toFixed(0)}`,
        100 * (lossOf(law, theta, run) / run.loss - 1),
      ]),
    );
  }

  test("five small runs on RedPajama predict the over-trained 1.4B and the 6.9B as published", () => {
    const found = errors("rpj");
    expect(found["1.4B 640"]).toBeCloseTo(0.7103, 4);
    expect(found["6.9B 20"]).toBeCloseTo(0.732, 4);
  });

  test("the same recipe on other corpora is not as good: the paper's figure is the corpus's luck", () => {
    expect(errors("c4_original")["6.9B 20"]).toBeCloseTo(-4.295, 3);
    expect(errors("rw_original")["6.9B 20"]).toBeCloseTo(-1.619, 3);
  });
});
