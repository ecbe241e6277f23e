/** @file Which recipe runs with what: ladder and target as adopted, a feature's runs with one change. */

import { UserError } from "../../errors.ts";
import type { Campaign, CampaignFeature } from "../spec.ts";
import type { Recipe } from "./sizing.ts";

type Featured = Pick<Campaign, "recipe" | "features">;

/** What fields mean that are left out of a recipe. */
const DEFAULTS = { feedForward: "swiglu", queryKeyNorm: false } as const;

const fieldOf = (recipe: Recipe, key: keyof Recipe) => recipe[key] ?? (DEFAULTS as Partial<Recipe>)[key];

/** The recipe of the ladder and of the target: the campaign's with every adopted change. */
export function recipeOfTarget({ recipe, features = [] }: Featured): Recipe {
  refuseRivals(features);
  return features.filter(({ adopt }) => adopt).reduce(changed, recipe);
}

const changed = (recipe: Recipe, { change }: CampaignFeature): Recipe => ({
  ...recipe,
  ...(change as Partial<Recipe>),
});

/** The recipe of a feature's own runs: the ladder's with the change, or, where the ladder has it, without. */
export function comparedRecipe(campaign: Featured, feature: CampaignFeature): Recipe {
  const { recipe, features = [] } = campaign;
  const ladder = recipeOfTarget(campaign);
  const others = features.filter((other) => other !== feature);
  const own = feature.adopt ? recipeOfTarget({ recipe, features: others }) : changed(ladder, feature);
  if (changedKeys(feature).every((key) => fieldOf(own, key) === fieldOf(ladder, key)))
    throw new UserError(
      `feature ${feature.name} changes nothing: the recipe has ${valuesText(feature, own)} already`,
      "another value than the recipe's",
      `leave the feature out, or take ${changedKeys(feature).join(" and ")} out of the recipe`,
    );
  return own;
}

/** What the feature is, in words: "feedForward gelu instead of swiglu". */
export function changeText(campaign: Featured, feature: CampaignFeature): string {
  const [ladder, own] = [recipeOfTarget(campaign), comparedRecipe(campaign, feature)];
  const [withIt, without] = feature.adopt ? [ladder, own] : [own, ladder];
  return changedKeys(feature)
    .map((key) => `${key} ${fieldOf(withIt, key)} instead of ${fieldOf(without, key)}`)
    .join(", ");
}

function changedKeys({ change }: CampaignFeature): readonly (keyof CampaignFeature["change"])[] {
  return Object.keys(change) as (keyof CampaignFeature["change"])[];
}

function valuesText(feature: CampaignFeature, recipe: Recipe): string {
  return changedKeys(feature)
    .map((key) => `${key} ${fieldOf(recipe, key)}`)
    .join(", ");
}

/** Two adopted changes of the same field cannot both be. */
function refuseRivals(features: readonly CampaignFeature[]): void {
  const seen = new Map<string, string>();
  for (const feature of features.filter(({ adopt }) => adopt))
    for (const key of changedKeys(feature)) {
      const other = seen.get(key);
      if (other)
        throw new UserError(
          `features ${other} and ${feature.name} both adopted, and both change ${key}`,
          "one adopted change of a field",
          "take adopt out of one of them",
        );
      seen.set(key, feature.name);
    }
}
