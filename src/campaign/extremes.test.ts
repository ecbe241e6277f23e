/** @file Any number under any key of a campaign or run file: a plan, or a refusal with the key's name. */

import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { runSpecOf, singleRunSchema } from "../fleet/single-run.ts";
import { plannedRun } from "../train/planned-run.ts";
import { describeProblems } from "../yaml-file.ts";
import { planCampaign } from "./planning/plan.ts";
import { campaignSchema } from "./spec.ts";

const corpus = {
  sources: [{ name: "a", path: "a", weight: 1 }],
  passageBytes: 16_000,
  holdOut: { fraction: 0.05 },
};
const CAMPAIGN = {
  name: "x",
  seed: 1,
  budget: "70GFLOP",
  corpus,
  vocabularySize: 300,
  recipe: {
    sequenceLength: 32,
    tokensPerParameter: 4,
    queriesPerKeyValue: 1,
    learningRate: 0.01,
    weightDecay: 0.1,
  },
  ladder: { rungs: 6, decades: 1, seeds: 1, extraSeeds: 1 },
  target: { reach: 3 },
  gate: { maxWidthPercent: 8, maxReach: 30, maxEpochs: 4 },
  features: [{ name: "other", change: { learningRate: 0.02, weightDecay: 0.1, queriesPerKeyValue: 2 } }],
  issues: [{ id: "a", what: "b", chance: 0.5, costDays: 3, fixDueDays: 3 }],
};
const RUN = {
  name: "one",
  corpus,
  vocabularySize: 300,
  run: {
    shape: {
      width: 48,
      numLayers: 2,
      numHeads: 3,
      numKeyValueHeads: 3,
      headDim: 16,
      feedForwardWidth: 128,
      ropeBase: 10_000,
      normEpsilon: 1e-5,
    },
    optimiser: {
      learningRate: 0.01,
      baseWidth: 64,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0.1,
      clip: 1,
    },
    sequenceLength: 64,
    batchSequences: 8,
    numSteps: 400,
    seed: 1,
    heldOutTokens: 4000,
    checkpointSeconds: 8,
  },
};

const EXTREMES = [0, -1, 5e-324, 1e-9, 0.5, 300, 16_384, 1e7, 1e15, 1e300, Number.POSITIVE_INFINITY];

type Path = readonly string[];

function pathsOfNumbers(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value === "number") return [at];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => pathsOfNumbers(inner, [...at, key]));
}

function changed(value: unknown, [key, ...rest]: Path, number: number): unknown {
  if (key === undefined) return number;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  Object.assign(copy, { [key]: changed((value as Record<string, unknown>)[key], rest, number) });
  return copy;
}

/** Nothing where there is a plan, else what was refused. */
function outcome(plan: () => void): string {
  try {
    plan();
    return "";
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

function planOf(file: unknown): void {
  const { data, error } = campaignSchema.safeParse(file);
  if (!data) throw new UserError(describeProblems(error, campaignSchema), "", "");
  planCampaign(data, data.budget.kind === "flops" ? data.budget.flops : 60e9 * data.budget.seconds);
}

function specOf(file: unknown): void {
  const { data, error } = singleRunSchema.safeParse(file);
  if (!data) throw new UserError(describeProblems(error, singleRunSchema), "", "");
  plannedRun("one", runSpecOf(data));
}

test.each(pathsOfNumbers(CAMPAIGN).map((path) => [path.join("."), path] as const))(
  "campaign: %s",
  (name, path) => {
    const told = EXTREMES.map((number) => outcome(() => planOf(changed(CAMPAIGN, path, number))));
    // The last of them no key takes.
    expect(told.at(-1)).toContain(name === "ladder.seeds" ? "ladder" : name);
    expect(told.at(-2)).toContain(name);
  },
);

test.each(pathsOfNumbers(RUN).map((path) => [path.join("."), path] as const))("run: %s", (name, path) => {
  const told = EXTREMES.map((number) => outcome(() => specOf(changed(RUN, path, number))));
  expect(told.at(-1)).toContain(name);
  expect(told.at(-2)).toContain(name);
});

test.each(["1FLOP", "1MFLOP", "1PFLOP", "1e-300FLOP", "1e300FLOP", "1e9h", "1e-9s", "1h"])(
  "budget %s",
  (budget) => {
    expect(outcome(() => planOf({ ...CAMPAIGN, budget }))).toMatch(
      budget.endsWith("PFLOP") || budget === "1h" ? /^$/ : /./,
    );
  },
);

test("too many runs, and both ends of everything at once", () => {
  const ladder = { rungs: 24, decades: 6, seeds: 100, extraSeeds: 100 };
  expect(outcome(() => planOf({ ...CAMPAIGN, ladder }))).toMatch(
    /ladder: \d+ runs \(seeds, extraSeeds, features\)/,
  );
  const long = {
    ladder: { ...ladder, seeds: 10, extraSeeds: 10 },
    budget: "1PFLOP",
    target: { reach: 10_000 },
  };
  for (const tokensPerParameter of [0.1, 10_000])
    expect(outcome(() => planOf({ ...CAMPAIGN, ...long, recipe: { tokensPerParameter } }))).toMatch(
      /^$|budget of/,
    );
});
