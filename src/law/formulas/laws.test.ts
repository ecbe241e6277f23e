import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitLaw } from "../../laws/fit/fit.ts";
import { Random } from "../../math/random.ts";
import { type Design, type Law, lossOf, type Run } from "../law.ts";
import { PUBLISHED_REPETITION } from "../repeats.ts";
import { LAWS, lawNamed } from "./all.ts";
import { c4RepeatsLaw } from "./data-constrained.ts";
import { pinnedComputeLaw } from "./power-laws.ts";

/**
 * Their curves are found again, their numbers only to a few per cent: different numbers draw nearly the same
 * curve.
 */
const HARD_TO_TELL = ["farseer", "broken"];

/** Numbers near published ones, and the designs on which a law of them can be told from others. */
type Example = {
  readonly law: Law;
  readonly natural: readonly number[];
  readonly designs: readonly Design[];
};

const sizes = [1e7, 3e7, 1e8, 3e8, 1e9, 3e9];
const design = (n: number, d: number, more: Partial<Design> = {}): Design => ({
  n,
  d,
  c: 6 * n * d,
  ...more,
});
const grid = sizes.flatMap((n) => [2, 10, 40, 300].map((ratio) => design(n, ratio * n)));
const alongCompute = Array.from({ length: 40 }, (_, i) => design(1e6 * 1.25 ** i, 2e7 * 1.25 ** i));
const repeated = [1e8, 1e9, 1e10].flatMap((unique) =>
  [1e7, 1e8, 1e9, 4e9].flatMap((n) =>
    [0.5, 1, 3, 12, 50].map((epochs) =>
      design(n, epochs * unique, { unique: Math.min(unique, epochs * unique) }),
    ),
  ),
);
const routed = sizes.flatMap((n) => [1, 2, 8, 32, 128, 512].map((experts) => design(n, 1.3e11, { experts })));

const examples: readonly Example[] = [
  { law: lawNamed("compute"), natural: [1200, 0.155, 1.7], designs: alongCompute },
  { law: lawNamed("power"), natural: [30, 0.05], designs: alongCompute },
  { law: pinnedComputeLaw(1.69), natural: [1200, 0.155], designs: alongCompute },
  { law: lawNamed("broken"), natural: [1.5, 40, 0.08, 0.12, 1e18, 0.5], designs: alongCompute },
  { law: lawNamed("kaplan"), natural: [8.8e13, 5.4e13, 0.076, 0.095], designs: grid },
  { law: lawNamed("chinchilla"), natural: [482, 2085, 1.817, 0.348, 0.366], designs: grid },
  { law: lawNamed("chinchilla-tied"), natural: [521, 1488, 1.87, 0.353], designs: grid },
  { law: lawNamed("over-training"), natural: [70, 200, 1.84, 0.136], designs: grid },
  { law: lawNamed("gamma"), natural: [3355, 18186, 1.22, 0.408, 0.431, 0.452], designs: grid },
  {
    law: lawNamed("farseer"),
    natural: [0.02, 0.12, -1.2, 0.06, -0.1, 7.2, -0.06, -0.3, 0.8],
    designs: grid,
  },
  {
    law: lawNamed("data-constrained"),
    natural: [521, 1488, 1.87, 0.353, 0.37, PUBLISHED_REPETITION.tokens, PUBLISHED_REPETITION.parameters],
    designs: repeated,
  },
  {
    law: lawNamed("data-constrained-c4"),
    natural: [PUBLISHED_REPETITION.tokens, PUBLISHED_REPETITION.parameters],
    designs: repeated,
  },
  { law: lawNamed("overfitting"), natural: [521, 1488, 1.87, 0.353, 0.37, 0.02], designs: repeated },
  { law: lawNamed("routed"), natural: [-0.082, -0.108, 0.009, 1.104], designs: routed },
  {
    law: lawNamed("routed-saturating"),
    natural: [-0.082, -0.108, 0.009, 1.104, 1.847, 314.478 / 1.847],
    designs: routed,
  },
  { law: lawNamed("hyper-parameter"), natural: [1.79, -0.713, 0.307], designs: grid },
];

const runsOf = ({ law, natural, designs }: Example): Run[] =>
  designs.map((known) => ({ ...known, loss: lossOf(law, law.internal(natural), known) }));

test("every law has an example here", () => {
  const missing = LAWS.filter((law) => !examples.some((example) => example.law === law));
  expect(missing.map((law) => law.name)).toEqual([]);
});

describe.each(examples)("$law.name", (example) => {
  const { law, natural, designs } = example;
  const truth = law.internal(natural);

  test("numbers survive the way inside and back, each on its own and growing with its theta", () => {
    for (const [j, value] of law.natural(truth).entries()) expect(value / natural[j]!).toBeCloseTo(1, 10);
    truth.forEach((_, j) => {
      const moved = law.natural(truth.map((value, i) => (i === j ? value + 0.1 : value)));
      const before = law.natural(truth);
      moved.forEach((value, i) => {
        if (i === j) expect(value).toBeGreaterThan(before[i]!);
        else expect(value).toBe(before[i]!);
      });
    });
  });

  test("the gradient agrees with central differences", () => {
    const gradient = new Float64Array(truth.length);
    const unused = new Float64Array(truth.length);
    fc.assert(
      fc.property(fc.nat(designs.length - 1), fc.nat(1000), (which, seed) => {
        const random = new Random(seed, "jitter");
        const theta = truth.map((value) => value + 0.1 * random.normal());
        const x = law.covariates(designs[which]!);
        law.logLoss(theta, x, gradient);
        for (let j = 0; j < theta.length; j++) {
          const h = 1e-5;
          const at = (value: number) =>
            law.logLoss(
              theta.map((v, i) => (i === j ? value : v)),
              x,
              unused,
            );
          const difference = (at(theta[j]! + h) - at(theta[j]! - h)) / (2 * h);
          expect(Math.abs(gradient[j]! - difference)).toBeLessThan(1e-7 + 1e-6 * Math.abs(difference));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("far from any sense it is still a number, as searches along a profile need", () => {
    const gradient = new Float64Array(truth.length);
    for (const known of designs) {
      const x = law.covariates(known);
      for (let j = 0; j < truth.length; j++) {
        for (const step of [-20, 20]) {
          const value = law.logLoss(
            truth.map((own, i) => (i === j ? own + step : own)),
            x,
            gradient,
          );
          expect(Number.isFinite(value), `${law.parameters[j]!.name} ${step}`).toBe(true);
          expect(gradient.every(Number.isFinite), `${law.parameters[j]!.name} ${step}`).toBe(true);
        }
      }
    }
  });

  test("without noise it is found again from its own starts, in any order and unit of loss", () => {
    const runs = runsOf(example);
    const { parameters, residuals } = fitLaw(law, runs);
    expect(Math.max(...residuals.map(Math.abs))).toBeLessThan(law.name === "farseer" ? 1e-5 : 1e-6);
    if (!HARD_TO_TELL.includes(law.name)) {
      const found = Object.values(parameters);
      for (const [j, value] of found.entries()) expect(Math.abs(value / natural[j]! - 1)).toBeLessThan(1e-3);
    }
    if (law.name.startsWith("compute@") || law === c4RepeatsLaw) return;
    const inBits = [...runs].reverse().map((run) => ({ ...run, loss: run.loss / Math.LN2 }));
    expect(Math.max(...fitLaw(law, inBits).residuals.map(Math.abs))).toBeLessThan(1e-5);
  });
});
