import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { parseBudget } from "./budget.ts";
import { campaignSchema } from "./spec.ts";

describe("a budget", () => {
  test.each([
    ["30TFLOP", 30e12],
    ["1.5 PFLOPs", 1.5e15],
    ["2e3GFLOP", 2e12],
    ["7FLOP", 7],
    ["5tflop", 5e12],
    ["7 billion FLOPs", 7e9],
    [" 1 EFLOP ", 1e18],
  ])("%s is compute", (text, flops) => expect(parseBudget(text)).toEqual({ kind: "flops", flops }));

  test.each([
    ["90s", 90],
    ["5m", 300],
    ["5 mins", 300],
    ["1.5h", 5400],
    ["2d", 172_800],
    ["1h30m", 5400],
    ["2 d 04 h", 187_200],
  ])("%s is time", (text, seconds) => expect(parseBudget(text)).toEqual({ kind: "seconds", seconds }));

  test.each(["", "5", "h", "0h", "-5m", "5x", "TFLOP 5", "5constructor", "1e400FLOP", "1e400s"])(
    "%j is refused",
    (text) => {
      expect(() => parseBudget(text)).toThrow(UserError);
      expect(() => parseBudget(text)).toThrow(`found: budget "${text}"`);
    },
  );

  test.each(["0TFLOP", "0.1FLOP", "1e-9s", "0h", "-5m"])("%s is too little", (text) => {
    expect(() => parseBudget(text)).toThrow(/from 1.00 FLOP to .*\nremedy: give more/);
  });

  test.each(["1e21FLOP", "1000000000h", "367d"])("%s is beyond one machine", (text) => {
    expect(() => parseBudget(text)).toThrow(/what one machine computes in a year\nremedy: .*longrun plan/);
  });

  test("reads back any amount in any unit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.constantFrom("MFLOP", "TFLOP", "PFLOP"),
        (n, unit) => {
          const size = { MFLOP: 1e6, TFLOP: 1e12, PFLOP: 1e15 }[unit];
          expect(parseBudget(`${n}${unit}`)).toEqual({ kind: "flops", flops: n * size! });
        },
      ),
      { numRuns: 50 },
    );
  });

  test("in a campaign file is refused with its place and its remedy", () => {
    const file = { name: "a", budget: "5 bananas", corpus: { sources: [{ name: "a", path: "a" }] } };
    const [issue] = campaignSchema.safeParse(file).error!.issues;
    expect(issue!.path).toEqual(["budget"]);
    expect(issue!.message).toBe(
      'budget "5 bananas" is not a time with its unit: 90s, 12min, 3h, 54d; or compute with its unit: 30TFLOP, 2 EFLOP; write for instance 5m, 1h or 30TFLOP',
    );
  });
});
