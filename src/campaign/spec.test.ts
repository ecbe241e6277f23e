import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { describeProblems } from "../yaml-file.ts";
import { campaignSchema, loadCampaign } from "./spec.ts";

const FILE = { name: "one", budget: "5m", corpus: { sources: [{ name: "a", path: "a" }] } };

const problemsOf = (changes: object): string => {
  const { error } = campaignSchema.safeParse({ ...FILE, ...changes });
  return error ? describeProblems(error, campaignSchema) : "none";
};

describe("a campaign file", () => {
  test("needs a name, a budget and a source; the rest is the recipe that was measured", () => {
    const { corpus, ...rest } = campaignSchema.parse(FILE);
    expect(corpus.sources).toHaveLength(1);
    expect(rest).toEqual({
      name: "one",
      seed: 1,
      budget: { kind: "seconds", seconds: 300 },
      vocabularySize: "auto",
      recipe: {
        sequenceLength: 64,
        tokensPerParameter: 10,
        queriesPerKeyValue: 1,
        tiedEmbeddings: false,
        learningRate: 0.01,
        weightDecay: 0.1,
      },
      ladder: { rungs: 6, decades: 1.6, seeds: 3, extraSeeds: 1 },
      target: { reach: 8 },
      gate: { maxWidthPercent: 8, maxReach: 30, maxEpochs: 4 },
      issues: [],
    });
  });

  test.each([
    [{ vocabularySize: 257 }, "vocabularySize: Too small: expected number to be >=258"],
    [{ vocabularySize: 65_537 }, "vocabularySize: Too big: expected number to be <=65536"],
    [{ vocabularySize: "automatic" }, "vocabularySize: auto, or a whole number from 258 to 65536"],
    [{ name: "One" }, "name: lower-case letters, digits and hyphens"],
    [
      { ladder: { rungs: 5 } },
      "ladder.rungs: 5 is not a whole number from 6 to 24: a trend needs six, and rungs closer than these say the same",
    ],
    [
      { target: { reach: 0.5 } },
      "target.reach: 0.5 is not a number from 1 to 10000: no forecast reaches further",
    ],
    [
      { recipe: { tokensPerParametr: 5 } },
      'recipe: Unrecognized key: "tokensPerParametr", perhaps tokensPerParameter',
    ],
    [{ ladder: { rungz: 6 } }, 'ladder: Unrecognized key: "rungz", perhaps rungs'],
    [{ colour: "red" }, 'file: Unrecognized key: "colour"'],
    [
      { issues: [{ id: "a", what: "b", chance: 1.5, costDays: 1 }] },
      "issues.0.chance: Too big: expected number to be <=1",
    ],
    [{ features: [{ name: "a", change: {} }] }, "features.0.change: at least one field of the recipe"],
    [
      { features: [{ name: "a", change: { sequenceLength: 32 } }] },
      "features.0.change: sequenceLength cannot be changed by a feature, only queriesPerKeyValue, " +
        "tiedEmbeddings, feedForward, queryKeyNorm, learningRate, weightDecay can; " +
        "features.0.change: at least one field of the recipe",
    ],
    [
      { features: [{ name: "a", change: { feedForward: "relu" } }] },
      'features.0.change.feedForward: Invalid option: expected one of "swiglu"|"gelu"',
    ],
    [
      {
        features: [
          { name: "a", change: { queryKeyNorm: true } },
          { name: "a", change: { feedForward: "gelu" } },
        ],
      },
      "features: every feature by a name of its own",
    ],
  ])("%j is refused with its place", (changes, problem) => expect(problemsOf(changes)).toBe(problem));

  test.each([258, 65_536, "auto"])("a vocabulary of %s is as good as any", (vocabularySize) => {
    expect(problemsOf({ vocabularySize })).toBe("none");
  });
});

test("a folder in the place of the file is called one", () => {
  expect(() => loadCampaign(import.meta.dirname)).toThrow(UserError);
  expect(() => loadCampaign(import.meta.dirname)).toThrow(`found: ${import.meta.dirname} is a folder`);
});

test("docs/campaign.md states every default of recipe, ladder, target and gate", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "campaign.md"), "utf8");
  const stated = [...page.matchAll(/^\| `((?:recipe|ladder|target|gate)\.\w+)` \| ([^ ,|]+)/gm)].map(
    ([, key, value]) => [key!, value!],
  );
  const { recipe, ladder, target, gate } = campaignSchema.parse(FILE);
  const real = Object.entries({ recipe, ladder, target, gate }).flatMap(([part, values]) =>
    Object.entries(values).map(([key, value]) => [`${part}.${key}`, String(value)]),
  );
  expect(stated).toEqual(real);
});
