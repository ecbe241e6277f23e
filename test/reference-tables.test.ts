/**
 * @file What longrun says of tables of the shape of the published ones, on any machine: fits against an
 * independent implementation (SciPy's minimisers and least squares, frozen), standard errors against the
 * spread of fresh tables, and what no such table can identify.
 */

import { expect, test } from "vitest";
import { lawNamed } from "../src/law/formulas/all.ts";
import { lossOf } from "../src/law/law.ts";
import { fitIsoflops, fitTable, readTable } from "../src/laws/index.ts";
import { standardDeviation } from "../src/math/statistics.ts";
import { fitGrowth } from "../src/plan/time/reliability-growth.ts";
import {
  CHINCHILLA,
  clarkLike,
  hoffmannLike,
  isoflopLike,
  muennighoffLike,
  ROUTED,
} from "./support/simulated-tables.ts";

const fitted = (csv: string, law: string, options?: Parameters<typeof fitTable>[2]) =>
  fitTable(readTable(csv, "simulated"), lawNamed(law), { numResamples: 100, ...options });

test("240 runs as Hoffmann's: the Huber optimum that SciPy's BFGS and Nelder-Mead find", () => {
  const { fit } = fitted(hoffmannLike(1), "chinchilla");
  expect(Math.abs(fit.objective / 9.872949441962257e-4 - 1)).toBeLessThan(1e-9);
  expect(fit.parameters.A).toBeCloseTo(448.8235, 2);
  expect(fit.parameters.B).toBeCloseTo(1922.533, 1);
  expect(fit.parameters.E).toBeCloseTo(1.805272, 6);
  expect(fit.parameters.alpha).toBeCloseTo(0.3432965, 6);
  expect(fit.parameters.beta).toBeCloseTo(0.3617322, 6);
  expect(fit.shareAtOptimum).toBe(1);
});

test("240 runs as Hoffmann's: least absolute deviation", () => {
  const { fit } = fitted(hoffmannLike(1), "chinchilla", { loss: { kind: "absolute" } });
  expect(fit.objective).toBeLessThan(1.1000850772184596 * (1 + 1e-7));
  expect(fit.parameters.E).toBeCloseTo(1.80729, 4);
  expect(fit.parameters.alpha).toBeCloseTo(0.3442, 3);
});

test("240 runs as Hoffmann's: the bootstrap's standard errors are the spread over fresh tables", () => {
  const names = ["E", "alpha", "beta"] as const;
  const fresh = Array.from({ length: 30 }, (_, i) =>
    fitted(hoffmannLike(100 + i), "chinchilla", { numResamples: 2 }),
  );
  const errors = Array.from({ length: 3 }, (_, i) =>
    fitted(hoffmannLike(i + 1), "chinchilla", { numResamples: 200 }),
  );
  for (const name of names) {
    const truth = standardDeviation(fresh.map(({ fit }) => fit.parameters[name]!));
    const own =
      errors.reduce((sum, { parameters }) => sum + parameters[name]!.standardError!, 0) / errors.length;
    // The spread of thirty is known to an eighth.
    expect(own / truth).toBeGreaterThan(0.75);
    expect(own / truth).toBeLessThan(1.33);
  }
});

test("240 runs as Hoffmann's: nine of ten 90 % intervals hold the number that made the runs", () => {
  const inside = Array.from({ length: 20 }, (_, i) => fitted(hoffmannLike(200 + i), "chinchilla")).flatMap(
    ({ parameters }) =>
      (["E", "alpha", "beta"] as const).map(
        (name) => parameters[name]!.lo! <= CHINCHILLA[name] && CHINCHILLA[name] <= parameters[name]!.hi!,
      ),
  );
  expect(inside.filter(Boolean).length).toBeGreaterThanOrEqual(48);
});

test("routed models as Clark's: least squares as NumPy solves them, and the interaction positive", () => {
  const { fit, derived } = fitted(clarkLike(1, 0.002), "routed", { loss: { kind: "squared" } });
  expect(fit.parameters.a).toBeCloseTo(-0.08219647, 7);
  expect(fit.parameters.b).toBeCloseTo(-0.09173008, 7);
  expect(fit.parameters.c).toBeCloseTo(0.00767883, 7);
  expect(fit.parameters.d).toBeCloseTo(1.10571296, 7);
  const cutoff = derived.N_cutoff!;
  expect(cutoff.lo).toBeLessThan(10 ** (-ROUTED.b / ROUTED.c));
  expect(cutoff.hi).toBeGreaterThan(10 ** (-ROUTED.b / ROUTED.c));
});

test("repeats as Muennighoff's: up to 44 epochs identify R_D*, up to two do not", () => {
  const many = fitted(muennighoffLike(1, [1, 2, 4, 7, 14, 44]), "data-constrained").parameters["R_D*"]!;
  expect(many.identified).toBe(true);
  expect(many.lo).toBeLessThan(15.39);
  expect(many.hi).toBeGreaterThan(15.39);
  const few = fitted(muennighoffLike(1, [1, 2]), "data-constrained").parameters["R_D*"]!;
  expect(few).toMatchObject({ identified: false, standardError: null });
});

test("isoFLOP curves: the exponent of the best size agrees with the law's own and with the fit to all runs", () => {
  const csv = isoflopLike(1, 0.002);
  const { a } = fitIsoflops(readTable(csv, "simulated"), { numDraws: 200 }).parameters;
  const exponent = CHINCHILLA.beta / (CHINCHILLA.alpha + CHINCHILLA.beta);
  expect(a.lo).toBeLessThan(exponent);
  expect(a.hi).toBeGreaterThan(exponent);
  const { alpha, beta } = fitted(csv, "chinchilla").fit.parameters;
  expect(Math.abs(a.median - beta! / (alpha! + beta!))).toBeLessThan(0.03);
});

test("over-training as Gadre's: five small runs of the law give the over-trained 1.4B and the 6.9B exactly", () => {
  const loss = (n: number, d: number) => {
    const [c, ratio] = [6 * n * d, d / n];
    return 1.77 + (141 * ratio ** 0.121 + 190 * ratio ** -0.121) * c ** -0.121;
  };
  const small = [1.1e7, 7.9e7, 1.54e8, 4.11e8].map((n) => [n, 20 * n]);
  const rows = [...small, [1.1e7, 320 * 1.1e7]].map(([n, d]) => `${n},${d},${loss(n!, d!)}`);
  const { fit, law } = fitted(`n,d,loss\n${rows.join("\n")}`, "over-training");
  for (const [n, d] of [
    [1.4e9, 640 * 1.4e9],
    [6.9e9, 20 * 6.9e9],
  ] as const)
    expect(lossOf(law, fit.theta, { n, d, c: 6 * n * d })).toBeCloseTo(loss(n, d), 4);
});

test("StepFun's 584 faults, as counted by thirty days: no infant mortality", () => {
  const counts = [11, 37, 118, 34, 55, 60, 34, 32, 74, 60, 36, 33];
  const days = counts.flatMap((count, month) =>
    Array.from({ length: count }, (_, i) => Math.min(349, 30 * month + (30 * (i + 0.5)) / count)),
  );
  expect(days).toHaveLength(584);
  const { exponent } = fitGrowth(days, 349);
  // The trace itself gives 1.13 (1.06 to 1.22): docs/log.md.
  expect(exponent.median).toBeCloseTo(1.13, 1);
  expect(exponent.lo).toBeGreaterThan(1);
});
