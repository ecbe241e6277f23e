import fc from "fast-check";
import { expect, test } from "vitest";
import { WARM_UP_SHARE } from "../train/schedule.ts";
import { curveAgainstBand, curvePoints } from "./curve-band.ts";

const band = [
  { fraction: 0.4, median: 3, lo: 2.9, hi: 3.1 },
  { fraction: 1, median: 2.1, lo: 2, hi: 2.2 },
];

test("the points of a curve stand in the middles of its stretches", () => {
  expect(curvePoints([3, 2]).map(({ fraction }) => fraction)).toEqual([0.25, 0.75]);
});

test("points are scored after the warm-up, between the band's points by lines in log loss", () => {
  const at = (fraction: number, loss: number) => ({ fraction, loss });
  // Half way between the band's points its upper end is the geometric mean of 3.1 and 2.2.
  const middle = Math.sqrt(3.1 * 2.2);
  const seen = [
    at(WARM_UP_SHARE, 8),
    at(0.4, 2.9),
    at(0.7, middle * 0.9999),
    at(0.7, middle * 1.0001),
    at(1, 2),
  ];
  const { points, scored, inside } = curveAgainstBand(band, seen);
  expect(points.map((point) => point.inside)).toEqual([null, true, true, false, true]);
  expect({ scored, inside }).toEqual({ scored: 4, inside: 3 });
});

test("every point lies inside a band drawn around it, and none inside a band above it", () => {
  const fractions = fc
    .uniqueArray(fc.integer({ min: 60, max: 1000 }), { minLength: 2, maxLength: 20 })
    .map((some) => some.sort((a, b) => a - b).map((at) => at / 1000));
  fc.assert(
    fc.property(fractions, (some) => {
      const seen = some.map((fraction) => ({ fraction, loss: 2 + 1 / fraction }));
      const around = (shift: number) =>
        seen.map(({ fraction, loss }) => {
          const median = loss + shift;
          return { fraction, median, lo: median - 0.1, hi: median + 0.1 };
        });
      const scored = seen.length;
      expect(curveAgainstBand(around(0), seen)).toMatchObject({ inside: scored, scored });
      expect(curveAgainstBand(around(1), seen)).toMatchObject({ inside: 0, scored });
    }),
  );
});
