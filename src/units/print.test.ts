import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { within } from "../math/interval.ts";
import {
  type AmountKind,
  BYTES,
  COUNT,
  DURATION,
  FLOPS,
  FLOPS_PER_SECOND,
  NUMBER,
  PERCENT,
} from "./kinds.ts";
import {
  formatBytes,
  formatCount,
  formatFlops,
  formatFlopsPerSecond,
  formatInterval,
  formatPercent,
  formatQuantity,
  formatScaled,
  formatSeconds,
  formatSignedPercent,
  roundToSum,
  scaleFor,
  significant,
} from "./print.ts";
import { parseInterval, parseNumber } from "./read.ts";

describe("numbers", () => {
  test("keeps the digits asked for, trailing zeros included", () => {
    expect([0, 1.2, 0.01234, 999.6, 1234.5, -5.14159].map((value) => significant(value))).toEqual([
      "0",
      "1.20",
      "0.0123",
      "1000",
      "1230",
      "-5.14",
    ]);
    expect(significant(1.23456e-7)).toBe("1.23e-7");
    expect(significant(Number.NaN)).toBe("-");
  });

  test("names counts, FLOPs and bytes with a prefix, and carries into the next one", () => {
    expect([950, 9999, 12_345, 1.2e6, 999_999, 3.05e9].map((value) => formatCount(value))).toEqual([
      "950",
      "9999",
      "12.3 k",
      "1.20 M",
      "1.00 M",
      "3.05 B",
    ]);
    expect([18.3e12, 1e26, 1e30].map((value) => formatFlops(value))).toEqual([
      "18.3 TFLOP",
      "1.00e26 FLOP",
      "1.00e30 FLOP",
    ]);
    expect([12, 22.5e6, 999_900].map((value) => formatBytes(value))).toEqual(["12 B", "22.5 MB", "1.00 MB"]);
  });

  test("tells time in two units at most", () => {
    expect([0, 0.0421, 4.2, 59.96, 125, 3599.6, 11_220, 187_200].map(formatSeconds)).toEqual([
      "0 s",
      "42.1 ms",
      "4.20 s",
      "1 min 00 s",
      "2 min 05 s",
      "1 h 00 min",
      "3 h 07 min",
      "2 d 04 h",
    ]);
    expect(formatSeconds(-125)).toBe("-2 min 05 s");
  });

  test("signs gaps and never prints minus nothing", () => {
    expect([1.234, -0.44, -0.04, 0].map((value) => formatSignedPercent(value))).toEqual([
      "+1.2 %",
      "-0.4 %",
      "0.0 %",
      "0.0 %",
    ]);
    expect(formatPercent(-0.01)).toBe("0.0 %");
  });

  test("prints an interval in one scale, with two digits of its width", () => {
    const loss = { median: 2.1234, lo: 2.1011, hi: 2.1457 };
    expect(formatScaled(loss, scaleFor("bits/byte", loss.median))).toBe("2.123 (2.101 to 2.146)");
    const step = { median: 0.0421, lo: 0.04, hi: 0.0445 };
    expect(scaleFor("s", step.median)).toEqual({ factor: 1e-3, unit: "ms" });
    expect(formatScaled(step, scaleFor("s", step.median))).toBe("42.1 (40.0 to 44.5)");
    expect(formatQuantity(1.61e8, "bytes")).toBe("161.0 MB");
    expect(formatQuantity(125, "s")).toBe("2 min 05 s");
    expect(formatQuantity(45_000, "tokens/s", 3)).toBe("45.0 k tokens/s");
  });

  test("rounds parts so that they add up to the printed total", () => {
    expect(roundToSum([1.25, 1.25, -0.5], 2, 1)).toEqual([1.3, 1.2, -0.5]);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (parts) => {
          const total = parts.reduce((sum, part) => sum + part, 0);
          const rounded = roundToSum(parts, total, 1);
          const sum = rounded.reduce((a, b) => a + b, 0);
          expect(sum.toFixed(1).replace("-0.0", "0.0")).toBe(
            (Math.round(total * 10) / 10).toFixed(1).replace("-0.0", "0.0"),
          );
          for (const [index, part] of parts.entries())
            expect(Math.abs(rounded[index]! - part)).toBeLessThan(0.1001);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("what is printed is read", () => {
  const positive = fc.double({ min: 1e-6, max: 1e29, noNaN: true });
  const printers: readonly (readonly [AmountKind, (value: number) => string])[] = [
    [COUNT, formatCount],
    [FLOPS, formatFlops],
    [FLOPS_PER_SECOND, formatFlopsPerSecond],
    [BYTES, formatBytes],
    [DURATION, formatSeconds],
    [PERCENT, formatPercent],
    [NUMBER, (value) => significant(value)],
  ];

  /** To three digits; a day and its hours to 1 in 48, bytes and percentages to wholes. */
  const near = (kind: AmountKind, read: number, value: number) =>
    Math.abs(read - value) <= Math.max((kind === DURATION ? 1 / 48 : 0.0051) * value, 0.5);

  test("to the digits that were printed", () => {
    for (const [kind, format] of printers) {
      fc.assert(fc.property(positive, (value) => near(kind, parseNumber(format(value), kind)!, value)));
    }
  });

  test("intervals too", () => {
    for (const [kind, format] of printers) {
      const large = fc.double({ min: 1e3, max: Math.max(1e4, kind.most / 1e5), noNaN: true });
      fc.assert(
        fc.property(large, fc.double({ min: 0.01, max: 2, noNaN: true }), (median, logSd) => {
          const interval = within(median, logSd);
          const read = parseInterval(formatInterval(interval, format), kind)!;
          return (
            near(kind, read.median, median) &&
            near(kind, read.lo, interval.lo) &&
            near(kind, read.hi, interval.hi)
          );
        }),
      );
    }
  });
});
