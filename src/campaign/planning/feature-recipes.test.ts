import { describe, expect, test } from "vitest";
import { campaignSchema } from "../spec.ts";
import { changeText, comparedRecipe, recipeOfTarget } from "./feature-recipes.ts";

const FILE = { name: "one", budget: "5m", corpus: { sources: [{ name: "a", path: "a" }] } };

const campaignWith = (features: readonly object[], recipe: object = {}) =>
  campaignSchema.parse({ ...FILE, recipe, features });

const gelu = { name: "gelu", change: { feedForward: "gelu" } };
const norm = { name: "qk-norm", change: { queryKeyNorm: true } };
const rate = { name: "rate", change: { learningRate: 0.02, weightDecay: 0.05 } };

/** The recipe of each feature's own runs. */
const compared = (campaign: ReturnType<typeof campaignWith>) =>
  campaign.features!.map((feature) => comparedRecipe(campaign, feature));

const words = (campaign: ReturnType<typeof campaignWith>) =>
  campaign.features!.map((feature) => changeText(campaign, feature));

describe("features that are only on trial", () => {
  const campaign = campaignWith([gelu, norm, rate]);

  test("leave ladder and target as the recipe has them", () => {
    expect(recipeOfTarget(campaign)).toEqual(campaign.recipe);
  });

  test("are each run with their own change and no other", () => {
    expect(compared(campaign)).toEqual([
      { ...campaign.recipe, feedForward: "gelu" },
      { ...campaign.recipe, queryKeyNorm: true },
      { ...campaign.recipe, learningRate: 0.02, weightDecay: 0.05 },
    ]);
  });

  test("say with against without, defaults included", () => {
    expect(words(campaign)).toEqual([
      "feedForward gelu instead of swiglu",
      "queryKeyNorm true instead of false",
      "learningRate 0.02 instead of 0.01, weightDecay 0.05 instead of 0.1",
    ]);
  });
});

describe("adopted features", () => {
  const campaign = campaignWith([{ ...norm, adopt: true }, { ...rate, adopt: true }, gelu]);

  test("are in ladder and target", () => {
    expect(recipeOfTarget(campaign)).toEqual({
      ...campaign.recipe,
      queryKeyNorm: true,
      learningRate: 0.02,
      weightDecay: 0.05,
    });
  });

  test("are compared with the ladder without them; one on trial with the ladder and it", () => {
    const all = recipeOfTarget(campaign);
    const { queryKeyNorm: _, ...withoutNorm } = all;
    expect(compared(campaign)).toEqual([
      withoutNorm,
      { ...all, learningRate: 0.01, weightDecay: 0.1 },
      { ...all, feedForward: "gelu" },
    ]);
  });

  test("say with against without all the same", () => {
    expect(words(campaign)[0]).toBe("queryKeyNorm true instead of false");
  });

  test("may be tried against another value of what they change", () => {
    const rival = { name: "slow", change: { learningRate: 0.005 } };
    const tried = campaignWith([{ ...rate, adopt: true }, rival]);
    expect(words(tried)[1]).toBe("learningRate 0.005 instead of 0.02");
  });
});

test.each([
  [[gelu], { feedForward: "gelu" }, "feature gelu changes nothing: the recipe has feedForward gelu already"],
  [[{ ...norm, change: { queryKeyNorm: false } }], {}, "feature qk-norm changes nothing"],
  [
    [
      { ...rate, adopt: true },
      { name: "slow", change: { learningRate: 0.005 }, adopt: true },
    ],
    {},
    "features rate and slow both adopted, and both change learningRate",
  ],
])("%j on %j is refused", (features, recipe, problem) => {
  expect(() => words(campaignWith(features, recipe))).toThrow(problem);
});
