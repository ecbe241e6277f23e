import { expect, test } from "vitest";
import { CONSTANT_NAMES, CONSTANT_ROWS, CONSTANTS } from "./constants.ts";
import { constantsText, parseConstants } from "./constants-file.ts";

test("constants survive their file, and what a file leaves out stays", () => {
  const changed = { ...CONSTANTS, sustained: 0.8 };
  expect(parseConstants(constantsText(changed, "three runs"), "c.json")).toEqual(changed);
  const few = JSON.stringify({
    format: "longrun-plan-constants/1",
    basis: "",
    constants: { straggler: 0.01 },
  });
  expect(parseConstants(few, "c.json")).toEqual({ ...CONSTANTS, straggler: 0.01 });
});

test("what is no file of constants is refused", () => {
  expect(() => parseConstants("{", "c.json")).toThrow(/expected: a file of constants/);
  const of = (constants: object) =>
    JSON.stringify({ format: "longrun-plan-constants/1", basis: "", constants });
  expect(() => parseConstants(of({ speed: 1 }), "c.json")).toThrow(/constant "speed"/);
  expect(() => parseConstants(of({ sustained: 1.2 }), "c.json")).toThrow(/between 0.7 and 1/);
});

test("every constant lies inside the bounds that it is held in", () => {
  for (const name of CONSTANT_NAMES) {
    const { value, prior, low, high } = CONSTANT_ROWS[name];
    for (const each of [value, prior]) {
      expect(each, name).toBeGreaterThanOrEqual(low);
      expect(each, name).toBeLessThanOrEqual(high);
    }
  }
});
