import { expect, test } from "vitest";
import type { Design } from "../../law/law.ts";
import { noiseBeliefs, valueAt } from "./belief.ts";
import { isOneRecipe, spotOf, surfacesFor } from "./surface.ts";

const anchor: Design = { n: 1e9, d: 2e10, c: 1.2e20 };
const table: readonly Design[] = [1e8, 1e9].flatMap((n) =>
  [5, 20, 80].map((r) => ({ n, d: r * n, c: 6 * r * n * n })),
);

test("every surface is 0 at its anchor, whatever its unknowns, and falls with size and data", () => {
  for (const extra of [{}, { unique: 1e9 }, { experts: 8 }]) {
    for (const surface of surfacesFor(table.map((run) => ({ ...run, ...extra })))) {
      const vantage = { topCompute: 1e20, tokensPerParameter: 20 };
      for (const z of [-1.5, 0, 1.5]) {
        const u = Float64Array.from(surface.unknowns, (belief) => valueAt(belief(vantage), z));
        expect(surface.logRatio(spotOf(anchor, anchor), u), surface.name).toBeCloseTo(0, 12);
        expect(surface.logRatio(spotOf({ ...anchor, n: 2e9 }, anchor), u), surface.name).toBeLessThan(0);
        if (!surface.name.startsWith("compute"))
          expect(surface.logRatio(spotOf({ ...anchor, d: 4e10 }, anchor), u), surface.name).toBeLessThan(0);
      }
    }
  }
});

test("repeats are worth less than fresh tokens and more than none, and experts help", () => {
  const repeated = surfacesFor(table.map((run) => ({ ...run, unique: run.d / 4 })));
  const routed = surfacesFor(table.map((run) => ({ ...run, experts: 8 })));
  const vantage = { topCompute: 1e20, tokensPerParameter: 20 };
  for (const surface of repeated) {
    const u = Float64Array.from(surface.unknowns, (belief) => valueAt(belief(vantage), 0));
    const at = (unique: number, d: number) => surface.logRatio(spotOf({ ...anchor, d, unique }, anchor), u);
    expect(at(2e10, 8e10)).toBeGreaterThan(at(8e10, 8e10));
    expect(at(2e10, 8e10)).toBeLessThan(at(2e10, 2e10));
  }
  for (const surface of routed) {
    const u = Float64Array.from(surface.unknowns, (belief) => valueAt(belief(vantage), 0));
    expect(surface.logRatio(spotOf({ ...anchor, experts: 64 }, anchor), u)).toBeLessThan(0);
  }
});

test("a ladder at one ratio is one recipe, a table over ratios is not", () => {
  expect(isOneRecipe(table)).toBe(false);
  expect(isOneRecipe(table.filter(({ n, d }) => d === 20 * n))).toBe(true);
});

test("a share stays a share, a scale stays positive, at any distance from its median", () => {
  for (const belief of noiseBeliefs({ topCompute: 1e12, tokensPerParameter: 10 }))
    if (belief.scale === "log") expect(valueAt(belief, -20)).toBeGreaterThan(0);
  const share = { name: "share", scale: "logit", median: 0.3, spread: 1 } as const;
  expect(valueAt(share, 0)).toBeCloseTo(0.3, 14);
  expect(valueAt(share, 20)).toBeLessThan(1);
});
