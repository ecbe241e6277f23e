import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layersForWidth, shapeOfWidth, vocabularyFor, WIDTH_STEP } from "./dial.ts";
import { matrixParameters, parametersOf } from "./shape.ts";

const FAMILY = { vocabularySize: 1024, numLayers: 4, queriesPerKeyValue: 1, tiedEmbeddings: false };

const width = fc.integer({ min: 4, max: 512 }).map((steps) => steps * WIDTH_STEP);
const family = fc.record({
  vocabularySize: fc.constantFrom(512, 4096),
  numLayers: fc.integer({ min: 2, max: 12 }),
  queriesPerKeyValue: fc.integer({ min: 1, max: 8 }),
  tiedEmbeddings: fc.boolean(),
});

describe("the decoder of a width", () => {
  test("is spelled out for one of them", () => {
    expect(shapeOfWidth(100, { ...FAMILY, queriesPerKeyValue: 2 })).toEqual({
      vocabularySize: 1024,
      width: 100,
      numLayers: 4,
      numHeads: 8,
      numKeyValueHeads: 4,
      headDim: 16,
      feedForwardWidth: 264,
      tiedEmbeddings: false,
      ropeBase: 10_000,
      normEpsilon: 1e-5,
    });
  });

  test.each([
    [16, 16, 1],
    [64, 16, 4],
    [252, 16, 16],
    [256, 32, 8],
    [1020, 32, 32],
    [1024, 64, 16],
  ])("of width %i has heads of %i, %i of them", (wide, headDim, numHeads) => {
    expect(shapeOfWidth(wide, FAMILY)).toMatchObject({ headDim, numHeads });
  });

  test("has heads that just cover the width, in whole groups that share a key/value head", () => {
    fc.assert(
      fc.property(width, family, (wide, shared) => {
        const shape = shapeOfWidth(wide, shared);
        const { numHeads, numKeyValueHeads, headDim, feedForwardWidth } = shape;
        expect(numHeads * headDim).toBeGreaterThanOrEqual(wide);
        expect((numHeads - shared.queriesPerKeyValue) * headDim).toBeLessThan(wide);
        expect(numHeads).toBe(numKeyValueHeads * shared.queriesPerKeyValue);
        expect(feedForwardWidth % 8).toBe(0);
        expect(Math.abs(feedForwardWidth - (8 / 3) * wide)).toBeLessThanOrEqual(4);
        const { queriesPerKeyValue: _, ...rest } = shared;
        expect(shape).toMatchObject({ width: wide, ...rest });
      }),
    );
  });

  test("grows with the width where no queries are grouped: more parameters for every step", () => {
    fc.assert(
      fc.property(width, family, (wide, shared) => {
        const at = (w: number) => matrixParameters(shapeOfWidth(w, { ...shared, queriesPerKeyValue: 1 }));
        expect(at(wide + WIDTH_STEP)).toBeGreaterThan(at(wide));
      }),
    );
  });

  test("has as many parameters with a plain feed-forward as with a gated one, and writes only what is not usual", () => {
    fc.assert(
      fc.property(width, family, (wide, shared) => {
        const plain = shapeOfWidth(wide, { ...shared, feedForward: "gelu", queryKeyNorm: true });
        const usual = shapeOfWidth(wide, { ...shared, feedForward: "swiglu", queryKeyNorm: false });
        expect(plain).toMatchObject({ feedForward: "gelu", queryKeyNorm: true });
        expect(matrixParameters(plain)).toBe(matrixParameters(usual));
        expect(JSON.stringify(usual)).toBe(JSON.stringify(shapeOfWidth(wide, shared)));
        expect(usual).not.toHaveProperty("feedForward");
      }),
    );
  });

  test("has the same parameters at every width, by name and role", () => {
    const names = (wide: number) =>
      parametersOf(shapeOfWidth(wide, FAMILY)).map(({ name, role }) => [name, role]);
    expect(names(400)).toEqual(names(16));
  });
});

test.each([
  [16, 2],
  [79, 2],
  [80, 3],
  [128, 4],
  [768, 24],
])("a family up to the width %i has %i layers", (wide, numLayers) => {
  expect(layersForWidth(wide)).toBe(numLayers);
});

describe("the vocabulary", () => {
  test.each([
    [64, 2, 512],
    [128, 4, 2048],
    [768, 12, 32_768],
    [4096, 32, 65_536],
  ])("of width %i and %i layers is %i", (wide, numLayers, vocabularySize) => {
    expect(vocabularyFor({ width: wide, numLayers })).toBe(vocabularySize);
  });

  test("leaves the head a fifth of N, but for rounding to a power of two", () => {
    fc.assert(
      fc.property(fc.integer({ min: 80, max: 900 }), fc.integer({ min: 3, max: 16 }), (wide, numLayers) => {
        const size = vocabularyFor({ width: wide, numLayers });
        const inHead = size * wide;
        const share = inHead / (inHead + 12 * numLayers * wide ** 2);
        if (size > 512 && size < 65_536) {
          // A factor of sqrt 2 to either side of 0.2 : 0.8.
          expect(share).toBeGreaterThan(0.15);
          expect(share).toBeLessThan(0.262);
        }
        expect(Number.isInteger(Math.log2(size))).toBe(true);
      }),
    );
  });
});
