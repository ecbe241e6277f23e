import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flopsOf } from "../../engine/compile.ts";
import { shapeOfWidth, WIDTH_STEP } from "../../model/dial.ts";
import { matrixParameters } from "../../model/shape.ts";
import { optimiserOf } from "../../train/planned-run.ts";
import { trainingPrograms } from "../../train/programs.ts";
import {
  batchSequencesFor,
  flopsAtWidth,
  ladderSizes,
  planRun,
  type Recipe,
  SMALLEST_WIDTH,
  widthForCompute,
} from "./sizing.ts";

const RECIPE: Recipe = {
  sequenceLength: 32,
  tokensPerParameter: 10,
  queriesPerKeyValue: 1,
  tiedEmbeddings: false,
  learningRate: 0.02,
  weightDecay: 0.05,
};
const FAMILY = { vocabularySize: 512, numLayers: 3, queriesPerKeyValue: 1, tiedEmbeddings: false };
const COMMON = { heldOutTokens: 5000, checkpointSeconds: 8 };

/** Sixteen widths, so that compiled programs are counted once and not once a case. */
const width = fc.integer({ min: 4, max: 19 }).map((steps) => steps * WIDTH_STEP);
const flopsUpTo = (exponent: number) => fc.double({ min: 9, max: exponent, noNaN: true }).map((x) => 10 ** x);

test("batches grow with the tokens to the power 0.4, two sequences at least", () => {
  // 2 x 10^6^0.4 = 502.4 tokens.
  expect(batchSequencesFor(1e6, 64)).toBe(8);
  expect(batchSequencesFor(1e6, 16)).toBe(31);
  expect(batchSequencesFor(1000, 64)).toBe(2);
});

test("the optimiser is the recipe's, its rate stated at the width of 64", () => {
  expect(optimiserOf(RECIPE)).toEqual({
    learningRate: 0.02,
    baseWidth: 64,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.05,
    clip: 1,
  });
});

describe("the FLOPs of a planned run", () => {
  test("are those of its compiled programs, exactly: any depth and batch follow from one and two", () => {
    const cases = fc.record({
      wide: width,
      numLayers: fc.integer({ min: 1, max: 6 }),
      flops: flopsUpTo(11.5),
      queriesPerKeyValue: fc.constantFrom(1, 2),
      tiedEmbeddings: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ wide, flops, ...rest }) => {
        const family = { ...FAMILY, ...rest };
        const run = planRun("a", { width: wide, flops }, 1, "rung", RECIPE, family, COMMON);
        const { shape, batchSequences: batch, sequenceLength, optimiser, numSteps, heldOutTokens } = run.spec;
        const { programs } = trainingPrograms(shape, { batch, sequenceLength }, optimiser);
        expect(run.flops).toBe(numSteps * flopsOf(programs.get("train")!));
        const numBatches = Math.ceil(heldOutTokens / (batch * sequenceLength));
        expect(run.evaluationFlops).toBe(numBatches * flopsOf(programs.get("evaluate")!));
      }),
      { numRuns: 15 },
    );
  });

  test("spend what the size asks for, to half a step", () => {
    fc.assert(
      fc.property(width, flopsUpTo(12), (wide, flops) => {
        const run = planRun("a", { width: wide, flops }, 1, "rung", RECIPE, FAMILY, COMMON);
        const { numSteps, batchSequences, sequenceLength } = run.spec;
        if (numSteps > 1)
          expect(Math.abs(run.flops - flops)).toBeLessThanOrEqual((0.5 * run.flops) / numSteps);
        expect(run.tokens).toBe(numSteps * batchSequences * sequenceLength);
        expect(run.matrixParameters).toBe(matrixParameters(shapeOfWidth(wide, FAMILY)));
      }),
      { numRuns: 50 },
    );
  });

  test("at a width are those of the recipe's tokens per parameter, but for the optimiser's share", () => {
    const flops = flopsAtWidth(64, FAMILY, RECIPE);
    const run = planRun("a", { width: 64, flops }, 1, "rung", RECIPE, FAMILY, COMMON);
    const tokensPerParameter = run.tokens / run.matrixParameters;
    expect(tokensPerParameter).toBeLessThan(10);
    expect(tokensPerParameter).toBeGreaterThan(9.8);
    // 6 N a token in the matrices; attention, norms and the head's softmax come on top.
    const perToken = run.flops / run.tokens / run.matrixParameters;
    expect(perToken).toBeGreaterThan(6);
    expect(perToken).toBeLessThan(7.5);
  });
});

describe("the width for some compute", () => {
  test("is the nearest there is", () => {
    fc.assert(
      fc.property(flopsUpTo(11.6), (flops) => {
        const chosen = widthForCompute(flops, FAMILY, RECIPE);
        const distance = (wide: number) => Math.abs(Math.log(flopsAtWidth(wide, FAMILY, RECIPE) / flops));
        expect(chosen % WIDTH_STEP).toBe(0);
        expect(distance(chosen)).toBeLessThanOrEqual(distance(chosen + WIDTH_STEP));
        if (chosen > SMALLEST_WIDTH)
          expect(distance(chosen)).toBeLessThanOrEqual(distance(chosen - WIDTH_STEP));
      }),
      { numRuns: 50 },
    );
  });

  test("is its own compute's", () => {
    for (const wide of [16, 20, 48, 76])
      expect(widthForCompute(flopsAtWidth(wide, FAMILY, RECIPE), FAMILY, RECIPE)).toBe(wide);
    expect(widthForCompute(1, FAMILY, RECIPE)).toBe(SMALLEST_WIDTH);
  });
});

describe("the sizes of a ladder", () => {
  const computes = fc
    .tuple(flopsUpTo(11.6), fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: 6, max: 9 }))
    .map(([largest, decades, rungs]) =>
      Array.from({ length: rungs }, (_, i) => largest * 10 ** (-decades * (1 - i / (rungs - 1)))),
    );

  test("rise in compute, and span what was asked for at least", () => {
    fc.assert(
      fc.property(computes, (asked) => {
        const sizes = ladderSizes(asked, FAMILY, RECIPE);
        expect(sizes).toHaveLength(asked.length);
        for (let i = 1; i < sizes.length; i++) expect(sizes[i]!.flops).toBeGreaterThan(sizes[i - 1]!.flops);
        const span = sizes.at(-1)!.flops / sizes[0]!.flops;
        expect(span).toBeGreaterThanOrEqual((asked.at(-1)! / asked[0]!) * (1 - 1e-9));
      }),
    );
  });

  test("have widths of their own and the recipe's tokens per parameter, until the widths run out", () => {
    fc.assert(
      fc.property(computes, (asked) => {
        const sizes = ladderSizes(asked, FAMILY, RECIPE);
        const [smallest] = sizes;
        for (const [i, { width: wide, flops }] of sizes.entries()) {
          const below = sizes[i - 1]?.width ?? 0;
          if (wide > below) {
            if (i > 0 || wide > SMALLEST_WIDTH) expect(flops).toBe(flopsAtWidth(wide, FAMILY, RECIPE));
          } else expect([wide, below]).toEqual([smallest!.width, SMALLEST_WIDTH]);
        }
      }),
    );
  });

  test("that are too many for the widths share the smallest, evenly apart", () => {
    const full = flopsAtWidth(SMALLEST_WIDTH, FAMILY, RECIPE);
    const sizes = ladderSizes(
      [full / 1000, full / 500, full / 100, full / 10, full / 2, full],
      FAMILY,
      RECIPE,
    );
    expect(sizes.map(({ width: wide }) => wide)).toEqual(new Array(6).fill(SMALLEST_WIDTH));
    expect(sizes.at(-1)!.flops).toBe(full);
    for (let i = 0; i < 5; i++) expect(sizes[i + 1]!.flops / sizes[i]!.flops).toBeCloseTo(1000 ** (1 / 5), 6);
  });
});
