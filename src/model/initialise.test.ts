import { describe, expect, test } from "vitest";
import { mean, standardDeviation } from "../math/statistics.ts";
import { shapeOfWidth } from "./dial.ts";
import { initialDeviation, initialValues } from "./initialise.ts";
import { lengthOf, parametersOf } from "./shape.ts";

const FAMILY = { vocabularySize: 512, numLayers: 8, queriesPerKeyValue: 1, tiedEmbeddings: false };
const shape = shapeOfWidth(64, FAMILY);
const parameters = parametersOf(shape);
const named = (name: string) => parameters.find((parameter) => parameter.name === name)!;

describe("the standard deviation of each role", () => {
  test.each([
    ["embedding", 1],
    ["layers.0.queryKeyValue", 1 / 8],
    ["layers.3.gateUp", 1 / 8],
    // 2 x 8 layers: a quarter of what a hidden matrix has.
    ["layers.0.attentionOutput", 1 / 32],
    // Fan-in 168, the feed-forward width.
    ["layers.7.down", 1 / Math.sqrt(168 * 16)],
    ["head", 1 / 64],
    ["finalNorm", 0],
  ])("%s: %f", (name, deviation) => {
    expect(initialDeviation(named(name), shape)).toBeCloseTo(deviation, 12);
  });

  test("is what the values have", () => {
    for (const parameter of parameters.filter(({ role }) => role !== "norm")) {
      const values = initialValues(parameter, shape, 1);
      const expected = initialDeviation(parameter, shape);
      // Five standard errors: of a deviation 1 / sqrt(2 n), of a mean 1 / sqrt(n).
      const error = 5 / Math.sqrt(values.length);
      expect(Math.abs(standardDeviation(values) / expected - 1)).toBeLessThan(error / Math.SQRT2);
      expect(Math.abs(mean(values) / expected)).toBeLessThan(error);
    }
  });

  test("halves in the head and falls by sqrt 2 within, when the width doubles", () => {
    const wide = shapeOfWidth(128, FAMILY);
    const ratio = (name: string) =>
      initialDeviation(parametersOf(wide).find((parameter) => parameter.name === name)!, wide) /
      initialDeviation(named(name), shape);
    expect(ratio("head")).toBe(0.5);
    expect(ratio("layers.0.queryKeyValue")).toBeCloseTo(Math.SQRT1_2, 12);
    expect(ratio("layers.0.attentionOutput")).toBeCloseTo(Math.SQRT1_2, 12);
    expect(ratio("embedding")).toBe(1);
  });
});

describe("initial values", () => {
  test("are the same for the same seed and name, and others for another seed or name", () => {
    const gateUp = named("layers.0.gateUp");
    const values = initialValues(gateUp, shape, 7);
    expect(values).toHaveLength(lengthOf(gateUp));
    expect(initialValues(gateUp, shape, 7)).toEqual(values);
    expect(initialValues(gateUp, shape, 8)).not.toEqual(values);
    expect(initialValues(named("layers.1.gateUp"), shape, 7)).not.toEqual(values);
  });

  test("of a gain are 1", () => {
    expect(initialValues(named("layers.0.attentionNorm"), shape, 7)).toEqual(new Float32Array(64).fill(1));
  });

  test("start a matrix the same whatever its number of rows, so that a larger vocabulary keeps the smaller one's", () => {
    const larger = shapeOfWidth(64, { ...FAMILY, vocabularySize: 1024 });
    const head = parametersOf(larger).find(({ name }) => name === "head")!;
    const smaller = initialValues(named("head"), shape, 3);
    expect(initialValues(head, larger, 3).slice(0, smaller.length)).toEqual(smaller);
  });
});
