import { expect, test } from "vitest";
import { LAWS, lawNamed } from "../../law/formulas/all.ts";
import { derivedOf } from "./parameters.ts";

test("the exponent of allocation, with the quantiles of the refits", () => {
  const law = lawNamed("chinchilla");
  const at = (alpha: number, beta: number) => law.internal([400, 2000, 1.8, alpha, beta]);
  const draws = Array.from({ length: 101 }, (_, i) => at(1, 0.5 + i / 100));
  const { median, lo, hi } = derivedOf(law, at(1, 1), draws, () => true)["beta / (alpha + beta)"]!;
  expect(median).toBe(0.5);
  expect(lo).toBeCloseTo(0.55 / 1.55, 12);
  expect(hi).toBeCloseTo(1.45 / 2.45, 12);
});

test("a cutoff that some refits put at infinity has an open interval", () => {
  const law = lawNamed("routed");
  const draws = Array.from({ length: 40 }, (_, i) => Float64Array.of(-0.08, -0.1, i < 30 ? 0.01 : -0.01, 1));
  const { median, lo, hi } = derivedOf(law, Float64Array.of(-0.08, -0.1, 0.01, 1), draws, () => true)
    .N_cutoff!;
  expect(median).toBeCloseTo(1e10, 0);
  expect(lo).toBeCloseTo(1e10, 0);
  expect(hi).toBe(Infinity);
});

test("a law without derived numbers has none", () => {
  const law = lawNamed("power");
  expect(derivedOf(law, Float64Array.of(1, 0.1), [], () => true)).toEqual({});
});

test("it has no bounds where a parameter that it reads is not identified, and keeps them else", () => {
  const law = lawNamed("chinchilla");
  const theta = law.internal([400, 2000, 1.8, 0.3, 0.3]);
  const without = (lost: string) =>
    derivedOf(law, theta, [theta, theta], (name) => name !== lost)["beta / (alpha + beta)"]!;
  expect(without("beta")).toMatchObject({ lo: -Infinity, hi: Infinity, identified: false });
  expect(without("A")).toMatchObject({ lo: 0.5, hi: 0.5, identified: true });
});

test("every law's derived numbers read parameters that it has", () => {
  for (const { name, parameters, derived = [] } of LAWS)
    for (const { reads } of derived)
      for (const read of reads) expect([name, ...parameters.map((own) => own.name)]).toContain(read);
});
