import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { dataConstrainedLaw } from "../../law/formulas/data-constrained.ts";
import { chinchillaLaw } from "../../law/formulas/power-laws.ts";
import { optimumOn } from "../../law/optimum.ts";
import { lawOfFit, surfacesOf } from "../../law/scaling-law.ts";
import { certain } from "../../math/interval.ts";
import { parseCluster } from "../hardware/cluster.ts";
import { readBudget } from "./budget.ts";
import { sizeFor } from "./size.ts";

/** Besiroglu et al. 2024 (arXiv 2404.10102): the Chinchilla law refitted. */
const fit = {
  law: chinchillaLaw,
  theta: chinchillaLaw.internal([482.01, 2085.43, 1.8172, 0.3478, 0.3658]),
  draws: [-1, -0.5, 0, 0.5, 1].map((z) =>
    Float64Array.of(
      Math.log(482.01) + 0.2 * z,
      Math.log(2085.43) + 0.2 * z,
      Math.log(1.8172),
      0.3478 + 0.01 * z,
      0.3658 + 0.01 * z,
    ),
  ),
  flopsPerParameterToken: 6,
  smallestCompute: null,
  largestCompute: 1e22,
  ratios: null,
  counts: "all",
};
const law = lawOfFit(fit);
const wantedAt = (compute: number) => Math.exp(optimumOn(surfacesOf(law).best, Math.log(compute / 6)).logD);

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
  test("what binds: plenty of tokens, a few too few, far too few", () => {
    const wanted = wantedAt(1e24);
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
  test("the compute from which data repeats is the one whose optimum wants all of them", () => {
    const { data } = sizeFor({ law, compute: certain(1e24), uniqueTokens: 3e12 });
    expect(wantedAt(data!.repeatsFrom.median) / 3e12).toBeCloseTo(1, 8);
    expect(wantedAt(data!.bindsFrom.median) / 12e12).toBeCloseTo(1, 8);
  });
  test("as the paper finds, epochs grow faster than parameters when data is short", () => {
    const unique = wantedAt(1e24) / 12;
    expect(
      sizeFor({ law, compute: certain(1e24), uniqueTokens: unique }).data!.epochs.median,
    ).toBeGreaterThan(12);
  });
});

test("where nothing can be bought with compute any more, that is said", () => {
  const { data, reason } = sizeFor({ law, compute: certain(1e24), uniqueTokens: 1e9 });
  expect(data!.doublingHelpsPercent.compute.median).toBeLessThan(0.01);
  expect(reason).toContain("no more compute helps: past about 72 passes");
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
    expect(() => readBudget({ compute: certain(1) })).toThrow(/a budget of 1.0 FLOP/);
    expect(() => readBudget({ compute: { median: 1e30, lo: 1e29, hi: 1e31 } })).toThrow(/1.0e31 FLOP/);
    expect(() => readBudget({})).toThrow(/0 budgets/);
    expect(() => readBudget({ ...known, days: certain(1), money: 5 })).toThrow(/2 budgets/);
    expect(() => readBudget({ ...known, money: 5 })).toThrow(/--money without --price/);
    expect(() => readBudget({ ...known, days: certain(1), mfu: certain(40) })).toThrow(UserError);
  });
});

test("a law that reads distinct tokens says itself what repeats are worth", () => {
  const published = [482.01, 2085.43, 1.8172, 0.3478, 0.3658, 15.387756, 5.309743];
  const theta = dataConstrainedLaw.internal(published);
  const own = lawOfFit({ ...fit, law: dataConstrainedLaw, theta, draws: [] });
  const question = { compute: certain(1e24), uniqueTokens: wantedAt(1e24) / 12 };
  const [told, assumed] = [own, law].map((each) => sizeFor({ law: each, ...question }).data!.epochs.median);
  expect(told! / assumed!).toBeCloseTo(1, 6);
});

test("a law in which tokens are worth nothing is refused", () => {
  const odd = lawOfFit({ ...fit, theta: chinchillaLaw.internal([482.01, 2085.43, 1.8172, 0.3478, -0.3658]) });
  expect(() => sizeFor({ law: odd, compute: certain(1e24), uniqueTokens: null })).toThrow(
    /tokens are worth nothing/,
  );
});
