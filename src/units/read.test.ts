import fc from "fast-check";
import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import type { AmountKind } from "./kinds.ts";
import * as kinds from "./kinds.ts";
import { parseAmount, parseInterval, parseNumber, readAmount, readInterval } from "./read.ts";

const { BINARY_COUNT, BYTES, BYTES_PER_SECOND, COUNT, DAYS, DURATION, FLOPS, FLOPS_WITH_UNIT, MONEY, SHARE } =
  kinds;

test.each<[string, number, AmountKind]>([
  ["15.6T", 15.6e12, COUNT],
  ["16M", 16e6, COUNT],
  ["7b", 7e9, COUNT],
  ["7 billion", 7e9, COUNT],
  ["300B tokens", 300e9, COUNT],
  ["1P", 1e15, COUNT],
  ["1e21", 1e21, COUNT],
  ["16,384", 16384, COUNT],
  ["3,14", 3.14, COUNT],
  [".5k", 500, COUNT],
  ["8k", 8192, BINARY_COUNT],
  ["1e22FLOP", 1e22, FLOPS],
  ["10 ZFLOP", 1e22, FLOPS],
  ["7 billion FLOPs", 7e9, FLOPS],
  ["1.2 × 10^21", 1.2e21, FLOPS],
  ["5tflop", 5e12, FLOPS],
  ["54d", 54 * 86400, DURATION],
  ["12 min", 720, DURATION],
  ["42.1 ms", 0.0421, DURATION],
  ["2 d 04 h", 187_200, DURATION],
  ["1h30m", 5400, DURATION],
  ["60", 60 * 86400, DAYS],
  ["8w", 56 * 86400, DAYS],
  ["80GB", 80e9, BYTES],
  ["1GiB", 2 ** 30, BYTES],
  ["2TB/s", 2e12, BYTES_PER_SECOND],
  ["40 %", 0.4, SHARE],
  ["$10M", 1e7, MONEY],
])("%s is %d", (text, value, kind) => expect(parseAmount(text, kind)! / value).toBeCloseTo(1, 12));

test.each<[string, AmountKind]>([
  ["54", DURATION],
  ["30m 1h", DURATION],
  ["54x", DURATION],
  ["-3d", DURATION],
  ["d", DURATION],
  ["0d", DURATION],
  ["1e400", COUNT],
  ["7 ZFLOP", COUNT],
  ["3 d", FLOPS],
  ["1e22", FLOPS_WITH_UNIT],
  ["5constructor", COUNT],
  ["80", BYTES],
])("%s is refused", (text, kind) => expect(parseAmount(text, kind)).toBeNull());

test("says what was found, what is expected and what to do", () => {
  expect(() => readAmount("--elapsed", DURATION)("54")).toThrow(UserError);
  expect(() => readAmount("--elapsed", DURATION)("54")).toThrow(
    'found: --elapsed "54"\nexpected: a time with its unit: 90s, 12min, 3h, 54d\nremedy: correct it',
  );
  expect(() => readInterval("--mfu", SHARE)("fast")).toThrow(/or a 90 % interval, lo..hi/);
});

test.each<[string, AmountKind, object | null]>([
  ["5..20min", DURATION, { median: 600, lo: 300, hi: 1200 }],
  ["4M..16M", COUNT, { median: 8e6, lo: 4e6, hi: 16e6 }],
  ["0.4", SHARE, { median: 0.4, lo: 0.4, hi: 0.4 }],
  ["7..8B", COUNT, { lo: 7e9, hi: 8e9 }],
  ["1e9..8B", COUNT, { lo: 1e9, hi: 8e9 }],
  ["0.3..50%", SHARE, { lo: 0.3, hi: 0.5 }],
  ["5..200h", DAYS, { lo: 5 * 3600, hi: 200 * 3600 }],
  ["2.252 (2.23 to 2.27)", COUNT, { median: 2.252, lo: 2.23, hi: 2.27 }],
  ["42.1 [40.0, 44.5] ms", DURATION, { median: 42.1 * 1e-3, lo: 0.04, hi: 44.5 * 1e-3 }],
  ["2.5 min (90 % interval 2.0 to 3.0)", DURATION, { median: 150, lo: 120, hi: 180 }],
  ["73.2 B (28.9 B to 190 B)", COUNT, { median: 73.2e9, lo: 28.9e9, hi: 190e9 }],
  ["3..2", COUNT, null],
  ["2 (3 to 4)", COUNT, null],
])("%s is an interval", (text, kind, interval) => {
  if (interval === null) expect(parseInterval(text, kind)).toBeNull();
  else expect(parseInterval(text, kind)).toMatchObject(interval);
});

test("every kind reads every unit it names, with every multiplier before it", () => {
  const all = Object.values(kinds).filter(
    (each): each is AmountKind => typeof each === "object" && "units" in each,
  );
  for (const kind of all) {
    for (const [unit, worth] of Object.entries(kind.units)) {
      expect(parseAmount(`2 ${unit}`, kind)).toBe(2 * worth);
    }
  }
  for (const [name, worth] of Object.entries(COUNT.multipliers))
    expect(parseAmount(`2 ${name} tokens`, COUNT)).toBe(2 * worth);
});

test("reads back every number that a program writes", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(parseNumber(String(value), COUNT)).toBe(value + 0);
    }),
  );
});
