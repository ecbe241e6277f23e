import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flopsOf } from "../../engine/compile.ts";
import { UserError } from "../../errors.ts";
import { vocabularyFor } from "../../model/dial.ts";
import { trainingPrograms } from "../../train/programs.ts";
import { parseBudget } from "../budget.ts";
import { campaignSchema } from "../spec.ts";
import { planCampaign, planSchema, rungFlops } from "./plan.ts";

const campaignWith = (changes: object) =>
  campaignSchema.parse({
    name: "one",
    budget: "1h",
    corpus: { sources: [{ name: "a", path: "a" }] },
    ...changes,
  });

/** Budgets and campaigns over the range that is meant for one machine; what they share is counted once. */
const CASES: readonly (readonly [number, object])[] = [
  [5e12, {}],
  [1.7e13, { ladder: { rungs: 7, seeds: 2, extraSeeds: 2 }, seed: 40 }],
  [5.3e13, {}],
  [3e13, { recipe: { tokensPerParameter: 20, tiedEmbeddings: true }, target: { reach: 12 } }],
  [6e13, { recipe: { sequenceLength: 128, queriesPerKeyValue: 2 }, vocabularySize: 512 }],
  [1e15, { vocabularySize: 2048, ladder: { rungs: 8, decades: 2 } }],
];

describe.each(CASES)("a plan for %d FLOP, %j", (budget, changes) => {
  const campaign = campaignWith(changes);
  const plan = planCampaign(campaign, budget);
  const { recipe, ladder } = campaign;
  const runs = [...plan.rungs.flatMap((rung) => rung.runs), plan.target];
  const first = plan.rungs.map((rung) => rung.runs[0]!);

  test("spends no more than the budget, and three quarters of it at least", () => {
    const total = runs.reduce((sum, run) => sum + run.flops + run.evaluationFlops, 0);
    expect(plan.totalFlops).toBeCloseTo(total, -3);
    expect(plan.totalFlops).toBeLessThanOrEqual(budget);
    expect(plan.totalFlops).toBeGreaterThan(0.75 * budget);
  });

  test("reaches as far as asked, and hardly farther", () => {
    expect(plan.reach).toBeCloseTo(plan.target.flops / plan.rungs.at(-1)!.flops, 12);
    expect(plan.reach).toBeGreaterThanOrEqual(campaign.target.reach);
    expect(plan.reach).toBeLessThan(1.1 * campaign.target.reach);
  });

  test("has at least six rungs of rising compute and width, over at least a decade and a half", () => {
    expect(plan.rungs.length).toBeGreaterThanOrEqual(6);
    expect(plan.rungs).toHaveLength(ladder.rungs);
    for (let i = 1; i < plan.rungs.length; i++) {
      expect(plan.rungs[i]!.flops).toBeGreaterThan(plan.rungs[i - 1]!.flops);
      expect(first[i]!.spec.shape.width).toBeGreaterThanOrEqual(first[i - 1]!.spec.shape.width);
    }
    expect(plan.target.spec.shape.width).toBeGreaterThan(first.at(-1)!.spec.shape.width);
    const decades = Math.log10(plan.rungs.at(-1)!.flops / plan.rungs[0]!.flops);
    expect(decades).toBeGreaterThanOrEqual(1.5);
    // Whole steps move it a little.
    expect(decades).toBeGreaterThan(ladder.decades - 0.005);
  });

  test("states the FLOPs of each run as its programs have them", () => {
    for (const { spec, flops } of [first[0]!, first.at(-1)!, plan.target]) {
      const { shape, batchSequences: batch, sequenceLength, optimiser, numSteps } = spec;
      const { programs } = trainingPrograms(shape, { batch, sequenceLength }, optimiser);
      expect(flops).toBe(numSteps * flopsOf(programs.get("train")!));
    }
  });

  test("gives all runs one family and one recipe, and the tokens per parameter that it asks for", () => {
    for (const { spec } of runs) {
      const { numLayers } = plan.target.spec.shape;
      const { tiedEmbeddings, sequenceLength } = recipe;
      expect(spec.shape).toMatchObject({ numLayers, vocabularySize: plan.vocabularySize, tiedEmbeddings });
      expect(spec).toMatchObject({ sequenceLength, heldOutTokens: 160_000 });
      expect(spec.optimiser).toEqual(plan.target.spec.optimiser);
    }
    for (const { tokens, matrixParameters, spec } of first.filter(({ spec: { shape } }) => shape.width > 16))
      expect(tokens / matrixParameters / recipe.tokensPerParameter, spec.shape.width.toString()).toBeCloseTo(
        1,
        1,
      );
    // The target's compute is given by its reach, and widths go in steps.
    const ratio = plan.target.tokens / plan.target.matrixParameters / recipe.tokensPerParameter;
    expect(Math.abs(Math.log(ratio))).toBeLessThan(0.15);
  });

  test("repeats rungs with other seeds, the smaller ones more often", () => {
    for (const { index, runs: repeated } of plan.rungs) {
      expect(repeated).toHaveLength(ladder.seeds + Math.max(0, ladder.extraSeeds - index));
      expect(repeated.map(({ spec, name }) => [spec.seed, name])).toEqual(
        repeated.map((_, i) => [campaign.seed + i, `rung-${index}-seed-${campaign.seed + i}`]),
      );
      for (const { spec } of repeated)
        expect({ ...spec, seed: 0 }).toEqual({ ...repeated[0]!.spec, seed: 0 });
    }
    expect(plan.target.spec).toMatchObject({ seed: campaign.seed, role: "target" });
  });

  test("survives the record", () => {
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });
});

describe("the vocabulary", () => {
  test("follows the target's size unless the file sets it", () => {
    const auto = planCampaign(campaignWith({}), 3e13);
    const { width, numLayers } = auto.target.spec.shape;
    expect(auto.vocabularySize).toBe(vocabularyFor({ width, numLayers }));
    expect(auto.vocabularyReason).toBe(
      "the power of two that gives the head about 20 % of the target's parameters",
    );
    const set = planCampaign(campaignWith({ vocabularySize: 300 }), 3e13);
    expect(set.vocabularySize).toBe(300);
    expect(set.vocabularyReason).toBe("set in the campaign file");
  });
});

const toldFlops = (text: string): number => {
  const budget = parseBudget(text);
  return budget.kind === "flops" ? budget.flops : Number.NaN;
};

describe("a budget that is too small", () => {
  test.each([
    [
      1e6,
      "found: a budget of 1.00 MFLOP is less than a ladder and a target cost\n" +
        "expected: at least 40 steps: this campaign needs about ",
    ],
    [
      5e11,
      "a budget of 500 GFLOP leaves 27 steps to the smallest rung\n" +
        "expected: at least 40 steps: this campaign needs about ",
    ],
  ])("%d FLOP is refused with what would help", (budget, message) => {
    const campaign = campaignWith({ vocabularySize: 512 });
    expect(() => planCampaign(campaign, budget)).toThrow(UserError);
    expect(() => planCampaign(campaign, budget)).toThrow(message);
  });

  test("is told an amount that does", () => {
    const campaign = campaignWith({ vocabularySize: 512 });
    const told = /needs about ([\d.]+ [A-Z]+)/;
    for (const budget of [1e6, 5e11]) {
      let amount = Number.NaN;
      try {
        planCampaign(campaign, budget);
      } catch (error) {
        amount = toldFlops((error as Error).message.match(told)![1]!);
      }
      expect(planCampaign(campaign, 1.1 * amount).rungs).toHaveLength(6);
      expect(() => planCampaign(campaign, 0.7 * amount)).toThrow(UserError);
    }
  });

  test("is no matter of luck: whatever is planned fits, whatever is refused is told so", () => {
    const campaign = campaignWith({ vocabularySize: 512 });
    fc.assert(
      fc.property(fc.double({ min: 11, max: 12.8, noNaN: true }), (exponent) => {
        const budget = 10 ** exponent;
        try {
          const plan = planCampaign(campaign, budget);
          expect(plan.totalFlops).toBeLessThanOrEqual(budget);
          expect(plan.rungs[0]!.runs[0]!.spec.numSteps).toBeGreaterThanOrEqual(40);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 20 },
    );
  });
});

test("the compute of the rungs is even in its logarithm, down from target over reach", () => {
  const flops = rungFlops(8e12, { rungs: 7, decades: 1.5, seeds: 1, extraSeeds: 0 }, 8);
  expect(flops.at(-1)).toBe(1e12);
  expect(flops[0]).toBeCloseTo(1e12 / 10 ** 1.5, -2);
  for (let i = 0; i < 6; i++) expect(flops[i + 1]! / flops[i]!).toBeCloseTo(10 ** 0.25, 9);
});
