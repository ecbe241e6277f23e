import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { lossOf, type Run } from "../law.ts";
import { LAWS, lawNamed } from "./all.ts";
import { hyperParameterLaw } from "./power-laws.ts";

const ladder: Run[] = [1e17, 1e18, 1e19, 1e20].map((c) => ({
  n: Math.sqrt(c / 120),
  d: Math.sqrt(c / 0.3),
  c,
  loss: 2 + 1000 * c ** -0.15,
}));

test("a law is found by its name and by its author's", () => {
  for (const law of LAWS) expect(lawNamed(law.name)).toBe(law);
  expect(lawNamed("gadre").name).toBe("over-training");
  expect(new Set(LAWS.map((law) => law.name)).size).toBe(LAWS.length);
});

test("any other name is refused with the list", () => {
  expect(() => lawNamed("chinchila")).toThrow(/expected: one of compute, .*chinchilla/);
  expect(() => lawNamed("constructor")).toThrow(UserError);
});

test("a floor can be given with the name; one above a run's loss is refused", () => {
  const pinned = lawNamed("compute@1.69");
  expect(lossOf(pinned, pinned.internal([1e-300, 0.1]), ladder[0]!)).toBeCloseTo(1.69, 12);
  expect(() => lawNamed("compute@9").starts(ladder)).toThrow(
    /found: a run with loss 3, not above the given floor of 9/,
  );
  expect(() => lawNamed("compute@0")).toThrow(/use the law power/);
  expect(() => lawNamed("compute@x")).toThrow(UserError);
});

test("every law can start from any table: few rows, one size, one ratio, repeated designs, odd units", () => {
  const positive = (min: number, max: number) =>
    fc.double({ min: Math.log(min), max: Math.log(max), noNaN: true }).map(Math.exp);
  const run = fc.record({
    n: positive(1e4, 1e13),
    d: positive(1e4, 1e15),
    unique: positive(1e4, 1e15),
    experts: fc.constantFrom(1, 4, 64),
    loss: positive(1e-3, 1e3),
  });
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 5 }), fc.boolean(), (rows, oneSize) => {
      const runs = rows.map((row) => {
        const n = oneSize ? rows[0]!.n : row.n;
        return { ...row, n, c: 6 * n * row.d };
      });
      for (const law of LAWS) {
        const starts = law.starts([...runs, runs[0]!]);
        expect(starts.length, law.name).toBeGreaterThan(0);
        for (const start of starts)
          expect(start.every(Number.isFinite), `${law.name} ${start.join(" ")}`).toBe(true);
      }
    }),
    { numRuns: 12 },
  );
});

test("Step Law's published optimum for 1B parameters and 100B tokens", () => {
  const value = (k: number, p: number, q: number) =>
    lossOf(hyperParameterLaw, hyperParameterLaw.internal([k, p, q]), { n: 1e9, d: 1e11, c: 6e20 });
  expect(value(1.79, -0.713, 0.307)).toBeCloseTo(1.63e-3, 4);
  expect(value(0.58, 0, 0.571)).toBeCloseTo(1.1e6, -5);
});
