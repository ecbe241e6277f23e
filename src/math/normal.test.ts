import fc from "fast-check";
import { expect, test } from "vitest";
import { normalCumulative, normalQuantile } from "./normal.ts";

// Values from the tables of Abramowitz and Stegun, 26.1 and 26.5, and from Wichura's own check.
test.each([
  [0.5, 0],
  [0.75, 0.6744897501960817],
  [0.95, 1.6448536269514722],
  [0.975, 1.959963984540054],
  [0.999, 3.090232306167813],
  [1e-20, -9.262340089798409],
])("Phi^-1(%f) = %f", (p, x) => expect(normalQuantile(p)).toBeCloseTo(x, 13));

test.each([
  [0, 0.5],
  [1, 0.8413447460685429],
  [-2, 0.022750131948179195],
  [-8, 6.220960574271785e-16],
])("Phi(%f) = %f", (x, p) => expect(normalCumulative(x) / p).toBeCloseTo(1, 7));

test("one undoes the other", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (p) => {
      expect(Math.abs(normalCumulative(normalQuantile(p)) - p)).toBeLessThan(
        1e-14 + 1e-11 * Math.min(p, 1 - p),
      );
    }),
  );
});

test("a probability outside (0, 1) is a bug of the caller", () => {
  expect(() => normalQuantile(0)).toThrow("strictly between 0 and 1");
  expect(() => normalQuantile(Number.NaN)).toThrow("strictly between 0 and 1");
});
