import fc from "fast-check";
import { expect, test } from "vitest";
import { readCell } from "./cell.ts";

test.each([
  ["70B", 70e9],
  ["1.4T", 1.4e12],
  ["410 M", 410e6],
  ["12k", 12e3],
  ["1,234,567", 1_234_567],
  ["1_000_000", 1e6],
  ["6e18", 6e18],
  ["1.2x10^21", 1.2e21],
  ["1.2 × 10^21", 1.2e21],
  ["300B tokens", 300e9],
  ["100TFLOP", 1e14],
  ["100 ZFLOP", 1e23],
  ["1.5 EFLOPs", 1.5e18],
  ["2e3 kFLOP", 2e6],
  ["3 YFLOP", 3e24],
  ["6e18 FLOP", 6e18],
  ["3,14", 3.14],
  ["-0.5", -0.5],
  [".5", 0.5],
])("%s", (written, value) => {
  const cell = readCell(written);
  expect(cell.kind).toBe("number");
  expect(cell.kind === "number" ? cell.value / value : Number.NaN).toBeCloseTo(1, 12);
});

test.each(["", "NaN", "nan", "-inf", "None", "n/a", "diverged", "1e999"])("%s is missing", (written) => {
  expect(readCell(written).kind).toBe("missing");
});

test.each(["lots", "70 bananas", "1.2.3", "1 XFLOP", "5 Z", "e8", "1e", "--3"])("%s is text", (written) => {
  expect(readCell(written).kind).toBe("text");
});

test("reads back every number that a program writes", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(readCell(String(value))).toEqual({ kind: "number", value: value + 0, hasUnit: false });
    }),
  );
});
