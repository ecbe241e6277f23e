import { beforeAll, expect, test } from "vitest";
import { thirdParty } from "../../../test/support/third-party.ts";
import { fitLaw, fitObjective } from "../../laws/fit/fit.ts";
import { DEFAULT_LOSS } from "../../laws/fit/loss.ts";
import { minimise } from "../../math/minimise.ts";
import { type Law, lossOf, type Run } from "../law.ts";
import { PUBLISHED_REPETITION } from "../repeats.ts";
import { C4_BASE, c4RepeatsLaw, dataConstrainedLaw } from "./data-constrained.ts";
import { chinchillaLaw, overfittingLaw } from "./power-laws.ts";

const published = c4RepeatsLaw.internal([PUBLISHED_REPETITION.tokens, PUBLISHED_REPETITION.parameters]);

/** The example of the authors' README: 25B distinct tokens. */
const readme = (n: number, d: number) =>
  lossOf(c4RepeatsLaw, published, { n, d, c: 6 * n * d, unique: 25e9 });

test("the forward values of the authors' README, to rounding", () => {
  expect(readme(6.34e9, 242e9)).toBeCloseTo(2.2256440889984477, 13);
  expect(readme(8.67e9, 178e9)).toBeCloseTo(2.2269634075087867, 13);
});

test("fresh data and no more parameters than they are worth: Chinchilla's law", () => {
  const { A, B, E, alpha, beta } = C4_BASE;
  const theta = chinchillaLaw.internal([A, B, E, alpha, beta]);
  const design = { n: 1e8, d: 1e10, c: 6e18 };
  expect(lossOf(c4RepeatsLaw, published, design)).toBeCloseTo(lossOf(chinchillaLaw, theta, design), 12);
  const whole = dataConstrainedLaw.internal([
    A,
    B,
    E,
    alpha,
    beta,
    PUBLISHED_REPETITION.tokens,
    PUBLISHED_REPETITION.parameters,
  ]);
  expect(lossOf(dataConstrainedLaw, whole, design)).toBeCloseTo(lossOf(chinchillaLaw, theta, design), 12);
});

const FIT = thirdParty("laws/datablations_c4_fit182.csv");
const ALL = thirdParty("laws/datablations_c4_all.csv");

FIT.describe("Muennighoff's runs", () => {
  function runsOf(table: typeof FIT): Run[] {
    const [header, ...lines] = table.read().trim().split(/\r?\n/);
    const names = header!.split(",");
    return lines.map((line) => {
      const cells = line.split(",");
      const cell = (column: string) => Number(cells[names.indexOf(column)]);
      const [n, d] = [cell("params"), cell("tokens")];
      return { n, d, c: 6 * n * d, unique: cell("unique_tokens"), loss: cell("val_loss") };
    });
  }
  let runs: readonly Run[];
  beforeAll(() => {
    runs = runsOf(FIT);
  });

  function r2(law: Law, theta: Float64Array, over = runs): number {
    const centre = over.reduce((sum, run) => sum + run.loss, 0) / over.length;
    const left = over.reduce((sum, run) => sum + (run.loss - lossOf(law, theta, run)) ** 2, 0);
    return 1 - left / over.reduce((sum, run) => sum + (run.loss - centre) ** 2, 0);
  }

  test("R2 of the published point, and of no decay at all", () => {
    expect(runs).toHaveLength(182);
    expect(r2(c4RepeatsLaw, published)).toBeCloseTo(0.7722, 4);
    expect(r2(c4RepeatsLaw, c4RepeatsLaw.internal([1e12, 1e12]))).toBeCloseTo(0.4452, 4);
  });

  test("from (15, 5) the fit ends at the published point, which is a local minimum", () => {
    const fit = fitLaw(c4RepeatsLaw, runs, { starts: [c4RepeatsLaw.internal([15, 5])] });
    expect(fit.parameters["R_D*"]).toBeCloseTo(15.37, 2);
    expect(fit.parameters["R_N*"]).toBeCloseTo(5.315, 3);
    expect(fit.objective).toBeCloseTo(0.0158259, 7);
  });

  test("its own starts reach the lower minimum, five times as far along R_D*", () => {
    const fit = fitLaw(c4RepeatsLaw, runs);
    expect(fit.parameters["R_D*"]).toBeCloseTo(95.4, 1);
    expect(fit.parameters["R_N*"]).toBeCloseTo(1.706, 3);
    expect(fit.objective).toBeCloseTo(0.01580466, 8);
    expect(r2(c4RepeatsLaw, fit.theta)).toBeCloseTo(0.791, 3);
  });

  test("the profile of R_D* is flat from 8 to ten thousand", () => {
    const objective = fitObjective(c4RepeatsLaw, runs, DEFAULT_LOSS);
    const whole = new Float64Array(2);
    const slopes = new Float64Array(2);
    const profile = (decay: number) =>
      Math.min(
        ...[0.3, 1.5, 5, 15].map((start) => {
          const along = minimise(
            (point, gradient) => {
              whole[0] = Math.log(decay);
              whole[1] = point[0]!;
              const value = objective(whole, slopes);
              gradient[0] = slopes[1]!;
              return value;
            },
            [Math.log(start)],
          );
          return along.value;
        }),
      );
    const known = {
      8: 0.015958,
      12: 0.015855,
      15.4: 0.015826,
      30: 0.015821,
      95: 0.015805,
      500: 0.015857,
      1e4: 0.015917,
    };
    for (const [decay, value] of Object.entries(known)) expect(profile(Number(decay))).toBeCloseTo(value, 6);
    expect(profile(2)).toBeGreaterThan(1.05 * profile(95));
  });

  test("over all 296 runs, where repeats also hurt, one coefficient of over-fitting beats two decays", () => {
    const all = runsOf(ALL);
    const decays = fitLaw(dataConstrainedLaw, all);
    const penalty = fitLaw(overfittingLaw, all);
    expect(penalty.objective).toBeLessThan(decays.objective);
    expect(r2(overfittingLaw, penalty.theta, all)).toBeGreaterThan(
      r2(dataConstrainedLaw, decays.theta, all) + 0.2,
    );
  });
});
