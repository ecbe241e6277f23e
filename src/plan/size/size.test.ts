import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { certain } from "../../math/interval.ts";
import { parseCluster } from "../hardware/cluster.ts";
import { parseScalingLaw } from "../scaling-law.ts";
import { readBudget } from "./budget.ts";
import {
  AS_GOOD,
  computeThatWants,
  freeOptimum,
  limitedOptimum,
  PUBLISHED,
  worthOf,
} from "./limited-data.ts";
import { sizeFor } from "./size.ts";

/** Besiroglu et al. 2024 (arXiv 2404.10102): the Chinchilla law refitted. */
const law = parseScalingLaw(
  JSON.stringify({
    law: "chinchilla",
    parameters: { A: 482.01, B: 2085.43, E: 1.8172, alpha: 0.3478, beta: 0.3658 },
    draws: [-1, -0.5, 0, 0.5, 1].map((z) => [
      Math.log(482.01) + 0.2 * z,
      Math.log(2085.43) + 0.2 * z,
      Math.log(1.8172),
      0.3478 + 0.01 * z,
      0.3658 + 0.01 * z,
    ]),
    largest: { c: 1e22 },
  }),
);

describe("fresh data", () => {
  test("Chinchilla's budget gives about twenty tokens a parameter, and the closed form", () => {
    const { optimum, data, reason } = sizeFor({ law, compute: certain(5.76e23), uniqueTokens: null });
    const { A, B, alpha, beta } = { A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658 };
    const g = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
    expect(optimum.params.median).toBeCloseTo(g * (5.76e23 / 6) ** (beta / (alpha + beta)), -6);
    expect(optimum.tokensPerParameter.median).toBeGreaterThan(15);
    expect(optimum.tokensPerParameter.median).toBeLessThan(30);
    expect(optimum.params.lo).toBeLessThan(optimum.params.median);
    expect(optimum.params.median * optimum.tokens.median * 6).toBeCloseTo(5.76e23, -19);
    expect(data).toBeNull();
    expect(reason).toContain("Compute binds");
  });
});

describe("data that repeats", () => {
  test("worth of repeats as published: four passes are worth 3.7, without end 16.4", () => {
    expect(worthOf(4, 1, 15.4)).toBeCloseTo(1 + 15.4 * (1 - Math.exp(-3 / 15.4)), 12);
    expect(worthOf(4, 1, 15.4)).toBeCloseTo(3.73, 2);
    expect(worthOf(1e9, 1, 15.4)).toBeCloseTo(16.4, 9);
    expect(worthOf(0.5, 1, 15.4)).toBe(0.5);
  });
  test("what binds: plenty of tokens, a few too few, far too few", () => {
    const wanted = freeOptimum(law.terms, 1e24, 6).d;
    const at = (uniqueTokens: number) => sizeFor({ law, compute: certain(1e24), uniqueTokens }).data!;
    expect(at(2 * wanted).boundBy).toBe("compute");
    expect(at(2 * wanted).lossToRepetitionPercent.median).toBe(0);
    expect(at(2 * wanted).params).toEqual(
      sizeFor({ law, compute: certain(1e24), uniqueTokens: null }).optimum.params,
    );
    expect(at(wanted / 2).boundBy).toBe("repeats");
    expect(at(wanted / 20).boundBy).toBe("data");
    expect(at(wanted / 20).lossToRepetitionPercent.median).toBeGreaterThan(
      at(wanted / 2).lossToRepetitionPercent.median,
    );
    const { tokens, compute } = at(wanted / 20).doublingHelpsPercent;
    expect(tokens.lo).toBeGreaterThanOrEqual(0);
    expect(compute.lo).toBeGreaterThan(0);
    expect(at(2 * wanted).doublingHelpsPercent.tokens.median).toBe(0);
    const { chances } = at(wanted / 2);
    expect(chances.compute + chances.repeats + chances.data).toBeCloseTo(1, 12);
  });
  test("the compute that wants so many tokens is the one whose optimum has them", () => {
    const compute = computeThatWants(law.terms, 3e12, 6);
    expect(freeOptimum(law.terms, compute, 6).d / 3e12).toBeCloseTo(1, 9);
  });
  test("the optimum found is the lowest of a fine search", () => {
    const amounts = fc.record({
      logCompute: fc.double({ min: 48, max: 60, noNaN: true }),
      epochs: fc.double({ min: 1.1, max: 60, noNaN: true }),
      repetition: fc.constantFrom(...AS_GOOD),
    });
    fc.assert(
      fc.property(amounts, ({ logCompute, epochs, repetition }) => {
        const compute = Math.exp(logCompute);
        const unique = freeOptimum(law.terms, compute, 6).d / epochs;
        const found = limitedOptimum(law.terms, compute, 6, unique, repetition);
        expect(found.loss).toBeGreaterThanOrEqual(freeOptimum(law.terms, compute, 6).loss * (1 - 1e-12));
        // A little less data is never better.
        expect(limitedOptimum(law.terms, compute, 6, unique / 2, repetition).loss).toBeGreaterThanOrEqual(
          found.loss * (1 - 1e-9),
        );
      }),
      { numRuns: 60 },
    );
  });
  test("an exhaustive look finds nothing lower", () => {
    const compute = 1e24;
    const unique = freeOptimum(law.terms, compute, 6).d / 12;
    const { loss, d } = limitedOptimum(law.terms, compute, 6, unique, PUBLISHED);
    // As the paper finds: epochs should grow faster than parameters when data is short.
    expect(d / unique).toBeGreaterThan(12);
    const only = PUBLISHED;
    const looks = Array.from({ length: 4000 }, (_, i) => {
      const shift = Math.exp(-3 + (6 * i) / 4000);
      // The same objective through a budget that is split by hand.
      const n = (compute / (6 * d)) * shift;
      const deserved = computeThatWants(law.terms, unique, 6) / (6 * unique);
      const worthN = worthOf(n, deserved, only.parameters);
      const worthD = worthOf(compute / (6 * n), unique, only.tokens);
      return 1.8172 + 482.01 * worthN ** -0.3478 + 2085.43 * worthD ** -0.3658;
    });
    expect(loss).toBeLessThanOrEqual(Math.min(...looks) * (1 + 1e-9));
  });
});

test("where nothing can be bought with compute any more, that is said", () => {
  const { data, reason } = sizeFor({ law, compute: certain(1e24), uniqueTokens: 1e9 });
  expect(data!.doublingHelpsPercent.compute.median).toBeLessThan(0.01);
  expect(reason).toContain("no more compute helps: past about 72 passes");
  // R = 15.4: the slope of e^(-(passes - 1) / R) is a hundredth there.
  expect(worthOf(73, 1, 15.4) - worthOf(72, 1, 15.4)).toBeCloseTo(0.01, 3);
  const enough = sizeFor({ law, compute: certain(1e24), uniqueTokens: 3e11 });
  expect(enough.reason).not.toContain("no more compute");
});

describe("budgets", () => {
  const cluster = parseCluster("h100:1000");
  const known = { cluster, peakFlopsPerDevice: 1e15, mfu: certain(0.4), goodput: certain(0.9) };
  test("time: devices x seconds x peak x MFU x goodput", () => {
    const budget = readBudget({ ...known, days: certain(10) });
    expect(budget.compute.median).toBeCloseTo(1000 * 864_000 * 1e15 * 0.4 * 0.9, -10);
    expect(budget.deviceHours!.median).toBeCloseTo(240_000, 6);
    expect(budget.assumed).toEqual([]);
  });
  test("money: twice the price, half the compute", () => {
    const at = (price: number) =>
      readBudget({ ...known, money: 1e6, pricePerDeviceHour: certain(price) }).compute.median;
    expect(at(2) / at(4)).toBeCloseTo(2, 9);
    expect(at(2)).toBeCloseTo(500_000 * 3600 * 1e15 * 0.36, -12);
  });
  test("an uncertain MFU makes the size uncertain", () => {
    const budget = readBudget({ ...known, days: certain(10), mfu: { median: 0.4, lo: 0.3, hi: 0.533 } });
    expect(budget.compute.hi / budget.compute.lo).toBeCloseTo(0.533 / 0.3, 1);
  });
  test("refusals", () => {
    expect(() => readBudget({ compute: certain(1) })).toThrow(/a budget of 1.0e0 FLOPs/);
    expect(() => readBudget({ compute: { median: 1e30, lo: 1e29, hi: 1e31 } })).toThrow(/1.0e31 FLOPs/);
    expect(() => readBudget({})).toThrow(/0 budgets/);
    expect(() => readBudget({ ...known, days: certain(1), money: 5 })).toThrow(/2 budgets/);
    expect(() => readBudget({ ...known, money: 5 })).toThrow(/--money without --price/);
    expect(() => readBudget({ ...known, days: certain(1), mfu: certain(40) })).toThrow(UserError);
  });
});
