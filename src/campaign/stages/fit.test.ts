import { describe, expect, test } from "vitest";
import { manifestWith, sourceWith } from "../../corpus/fixture.ts";
import { jsonProblem } from "../../record/json.ts";
import { summaryWith } from "../../train/fixture.ts";
import { ladderRunWith } from "../fixture.ts";
import { planCampaign } from "../planning/plan.ts";
import { campaignSchema } from "../spec.ts";
import { fitSchema, forecastLosses } from "./fit.ts";

const PLAN = planCampaign(
  campaignSchema.parse({
    name: "tiny",
    budget: "70GFLOP",
    corpus: { sources: [{ name: "tales", path: "tales" }], passageBytes: 1000 },
    vocabularySize: 300,
    recipe: { sequenceLength: 32, tokensPerParameter: 4 },
    ladder: { rungs: 8, decades: 1, seeds: 1, extraSeeds: 0 },
    target: { reach: 3 },
  }),
  70e9,
);

/** A ladder along a power law, the loss of its smallest rung times a factor, as after a spike at its end. */
function ladderWith(factor: number) {
  return PLAN.rungs.map(({ index, runs: [run] }) => {
    const { matrixParameters, tokens, flops, name } = run!;
    const loss = (1 + 3 * (flops / PLAN.rungs[0]!.flops) ** -0.1) * (1 + 0.003 * Math.sin(7 * index));
    const seen = index === 0 ? factor * loss : loss;
    const { all } = summaryWith({}).heldOut;
    const score = { ...all, bitsPerByte: seen };
    const heldOut = { all: score, sources: { tales: score } };
    return ladderRunWith({ matrixParameters, tokens, flops, heldOut }, `${name}.12345678`);
  });
}

const manifest = manifestWith("0".repeat(64), 300, [sourceWith({ name: "tales" })]);

describe("the forecast that a ladder leaves in the record", () => {
  test("of a rung far off its law has open ends as null, and is read back with them open", () => {
    const { loss, sources: _, ...stored } = forecastLosses(PLAN, manifest, ladderWith(100));
    expect(jsonProblem(stored)).toBeNull();
    const open = stored.laws.flatMap(({ parameters }) => parameters.filter(({ hi }) => hi === null));
    expect(open.map(({ name }) => name)).toContain("A");
    const read = fitSchema.parse(JSON.parse(JSON.stringify(stored)));
    const [a] = read.laws.flatMap(({ parameters }) => parameters.filter(({ name }) => name === "A"));
    expect(a!.hi).toBe(Number.POSITIVE_INFINITY);
    // What is bet on rests on draws that the laws' priors hold, and stays a number.
    expect(loss.hi).toBeGreaterThan(loss.median);
    expect(loss.hi).toBeLessThan(1000);
  });

  test("of a ladder along its law has none", () => {
    const { laws } = forecastLosses(PLAN, manifest, ladderWith(1));
    const ends = laws.flatMap(({ parameters }) => parameters.flatMap(({ lo, hi }) => [lo, hi]));
    expect(ends.length).toBeGreaterThan(0);
    expect(ends).not.toContain(null);
  });
});
