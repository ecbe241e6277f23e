import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { readLawFile } from "./law-file.ts";
import { optimumOn } from "./optimum.ts";
import { logNDOf, readScalingLaw, scalingLawOf, surfacesOf } from "./scaling-law.ts";

/** Numbers near published fits. */
const BY_HAND = {
  chinchilla: { A: 482.01, B: 2085.43, E: 1.8172, alpha: 0.3478, beta: 0.3658 },
  "chinchilla-tied": { A: 520.1, B: 1488, E: 1.87, alpha: 0.3527 },
  gamma: { A: 1e6, B: 1e8, E: 1.7, alpha: 0.6, beta: 0.65, gamma: 0.55 },
  kaplan: { Nc: 8.8e13, Dc: 5.4e13, aN: 0.076, aD: 0.095 },
  "over-training": { a: 90, b: 220, E: 1.8, eta: 0.18 },
};
const read = (law: string, parameters: object) =>
  scalingLawOf(readLawFile(JSON.stringify({ law, parameters }), "law.json"));

test("a law written by hand is read with nothing known of its runs", () => {
  const law = read("chinchilla", BY_HAND.chinchilla);
  expect(law.draws).toEqual([]);
  expect(law.largestCompute).toBeNull();
  expect(law.flopsPerParameterToken).toBe(6);
  expect(law.isCalibrated).toBe(false);
  const loss = 1.8172 + 482.01 * 70e9 ** -0.3478 + 2085.43 * 1.4e12 ** -0.3658;
  const { median, lo, hi } = law.lossAt({ n: 70e9, d: 1.4e12, c: 5.88e23 });
  for (const value of [median, lo, hi]) expect(value).toBeCloseTo(loss, 12);
});

test("every law over size and tokens has its least loss on a budget", () => {
  for (const [name, parameters] of Object.entries(BY_HAND)) {
    const law = read(name, parameters);
    const { best } = surfacesOf(law);
    const logND = logNDOf(law, 1e24);
    const { logN, logLoss, interior } = optimumOn(best, logND);
    expect(interior, name).toBe(true);
    for (const shift of [-0.05, 0.05]) expect(logLoss).toBeLessThan(best(logN + shift, logND - logN - shift));
  }
  // Chinchilla's has a closed form (arXiv 2203.15556, equation 4).
  const { A, B, alpha, beta } = BY_HAND.chinchilla;
  const law = read("chinchilla", BY_HAND.chinchilla);
  const n = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta)) * (1e24 / 6) ** (beta / (alpha + beta));
  expect(Math.exp(optimumOn(surfacesOf(law).best, logNDOf(law, 1e24)).logN) / n).toBeCloseTo(1, 8);
});

test("what is no law over size and tokens is refused with found, expected, remedy", () => {
  expect(() => readScalingLaw("nowhere.json")).toThrow(/found: no file nowhere.json/);
  expect(() => read("power", { a: 1, b: 1 })).toThrow(/does not tell size from tokens/);
  expect(() => read("chinchilla", { A: 1, B: 1, E: 1, alpha: 0.3 })).toThrow(
    /A > 0, B > 0, E > 0, alpha, beta/,
  );
  expect(() => read("chinchilla", { ...BY_HAND.chinchilla, A: -1 })).toThrow(UserError);
});
