import fc from "fast-check";
import { expect, test } from "vitest";
import { momentsOf } from "../../../math/mixture.ts";
import { chanceBelowZero, crossingsOf, EffectTrend } from "./trend.ts";

const trendThrough = (values: readonly number[], step = 0.4) =>
  new EffectTrend({
    effects: values.map((value, i) => ({ x: step * i, r: 0, value, noiseFactor: 1, numDesigns: 1 })),
    lawCovariance: values.map(() => new Float64Array(values.length)),
    scatter: values.length * 1e-6,
    degreesOfFreedom: values.length,
    reducible: (x) => 10 ** (-0.1 * (x - step * (values.length - 1))),
    topCompute: 1e20,
  });

test("a steady effect is carried on, with an interval that grows with the reach", () => {
  const trend = trendThrough([-0.02, -0.0203, -0.0198, -0.0201, -0.0199]);
  const at = (x: number) => momentsOf(trend.at({ x, r: 0 }));
  expect(at(1.6).mean).toBeCloseTo(-0.02, 3);
  expect(at(2.6).mean).toBeGreaterThan(-0.022);
  expect(at(2.6).mean).toBeLessThan(-0.014);
  expect(at(1.6).sd).toBeLessThan(at(2.1).sd);
  expect(at(2.1).sd).toBeLessThan(at(2.6).sd);
  expect(chanceBelowZero(trend.at({ x: 2.6, r: 0 }))).toBeGreaterThan(0.95);
});

test("a target off the ladder's D / N is less certain", () => {
  const trend = trendThrough([-0.02, -0.02, -0.02, -0.02]);
  expect(momentsOf(trend.at({ x: 2, r: 1 })).sd).toBeGreaterThan(momentsOf(trend.at({ x: 2, r: 0 })).sd);
});

test("a further rung never widens, more pairs tell no less, and none more than one at the target", () => {
  const effects = fc.array(fc.double({ min: -0.03, max: 0.03, noNaN: true }), { minLength: 3, maxLength: 5 });
  fc.assert(
    fc.property(effects, fc.double({ min: 0, max: 3, noNaN: true }), (values, x) => {
      const trend = trendThrough(values);
      const [asked, place] = [
        { x: 3, r: 0 },
        { x, r: 0 },
      ];
      const one = trend.narrowing(asked, place, 1);
      const four = trend.narrowing(asked, place, 4);
      expect(one.after).toBeLessThanOrEqual(one.now * (1 + 1e-12));
      expect(four.after).toBeLessThanOrEqual(one.after * (1 + 1e-12));
      const there = trend.narrowing(asked, asked, 4);
      expect(there.after).toBeLessThanOrEqual(four.after * (1 + 1e-9));
    }),
    { numRuns: 8 },
  );
});

test("losses with and without the change, swapped, give the mirror image", () => {
  const values = [-0.02, -0.015, -0.013, -0.008];
  const [there, back] = [values, values.map((v) => -v)].map((v) =>
    momentsOf(trendThrough(v).at({ x: 2, r: 0 })),
  );
  expect(there!.mean).toBeCloseTo(-back!.mean, 12);
  expect(there!.sd).toBeCloseTo(back!.sd, 12);
});

test("crossings are where the chance passes 95, 50 and 5 %, or never", () => {
  const decades = [0, 1, 2, 3, 4, 5, 6];
  // z falls from 3 by 1 a decade: 1.645 at 1.355, 0 at 3, -1.645 at 4.645.
  const chances = [0.9986501, 0.9772499, 0.8413447, 0.5, 0.1586553, 0.0227501, 0.0013499];
  const falling = crossingsOf((x) => chances[x]!, decades, true);
  expect(falling.first).toBeCloseTo(1.355, 3);
  expect(falling.middle).toBeCloseTo(3, 6);
  expect(falling.last).toBeCloseTo(4.645, 3);
  const rising = crossingsOf((x) => 1 - chances[x]!, decades, false);
  for (const end of ["first", "middle", "last"] as const) expect(rising[end]).toBeCloseTo(falling[end]!, 9);
  expect(crossingsOf(() => 0.99, decades, true)).toEqual({ first: null, middle: null, last: null });
});
