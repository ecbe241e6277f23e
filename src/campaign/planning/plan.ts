/** @file The plan of a campaign: rungs and target that together spend the budget. Pure. */

import { z } from "zod";
import { UserError } from "../../errors.ts";
import { torchOf } from "../../fleet/trainer.ts";
import { type Family, layersForWidth, vocabularyFor } from "../../model/dial.ts";
import { architectureOf } from "../../train/hugging-face.ts";
import { type PlannedRun, plannedRunSchema } from "../../train/planned-run.ts";
import { formatFlops } from "../../units/print.ts";
import { budgetValueSchema } from "../budget.ts";
import type { Campaign, CampaignFeature } from "../spec.ts";
import { changeText, comparedRecipe, recipeOfTarget } from "./feature-recipes.ts";
import { familyOf, ladderSizes, planRun, type Recipe, runByRecipe, widthForCompute } from "./sizing.ts";

const rungSchema = z.strictObject({
  /** 0 is the smallest. */
  index: z.int(),
  flops: z.number(),
  /** The same run with one seed or several. */
  runs: z.array(plannedRunSchema),
});

const plannedFeatureSchema = z.strictObject({
  name: z.string(),
  /** What is with it against without, in words. */
  change: z.string(),
  /** True: the ladder has it, and the runs below do without. False: the other way round. */
  adopted: z.boolean(),
  /** Each rung of the ladder once more. */
  rungs: z.array(rungSchema),
});

export const planSchema = z.strictObject({
  vocabularySize: z.int(),
  vocabularyReason: z.string(),
  rungs: z.array(rungSchema),
  /** Left out where none is on trial. */
  features: z.array(plannedFeatureSchema).optional(),
  target: plannedRunSchema,
  /** Target compute over that of the largest rung. */
  reach: z.number(),
  /** Everything: training and evaluation of all runs. */
  totalFlops: z.number(),
});

export type Rung = Readonly<z.infer<typeof rungSchema>>;
export type PlannedFeature = Readonly<z.infer<typeof plannedFeatureSchema>>;

/** Every run of a campaign, before any is trained. */
export type Plan = Readonly<z.infer<typeof planSchema>>;

/** What the record keeps of a plan. */
export const storedPlanSchema = z.strictObject({
  campaign: z.string(),
  budget: budgetValueSchema,
  seed: z.int(),
  splitRule: z.string(),
  plan: planSchema,
  /** Of the whole campaign, from the calibration. */
  expectedSeconds: z.number(),
  /** A step of the target, its instructions timed alone. */
  targetStepSeconds: z.number(),
  command: z.string(),
});

export type StoredPlan = z.infer<typeof storedPlanSchema>;

/** Held-out tokens scored for each run: their sampling error is below the noise of seeds. One set for all. */
const HELD_OUT_TOKENS = 160_000;
/** Whole steps move the target's compute by less than this; its reach must not fall below the one asked. */
const REACH_MARGIN = 1.002;
/** Less would make the smallest rung too short to have a schedule. */
const FEWEST_STEPS = 40;
const CHECKPOINT_SECONDS = 60;

/** Plans a campaign that spends at most `flops`. */
export function planCampaign(campaign: Campaign, flops: number): Plan {
  // A target that could not be written out is refused before anything is spent on it.
  architectureOf(recipeOfTarget(campaign));
  const plan = largestPlan(campaign, flops);
  if (plan !== null && isLongEnough(plan)) return plan;
  const shortage =
    plan === null
      ? "is less than a ladder and a target cost"
      : `leaves ${fewestSteps(plan)} steps to the smallest rung`;
  const most = Math.max(flops * 100, 1e14);
  const enough = smallestPlan(campaign, Math.max(flops / 2, 1e9), most);
  const needed = enough ? `about ${formatFlops(enough.totalFlops, 2)}` : `more than ${formatFlops(most, 2)}`;
  throw new UserError(
    `a budget of ${formatFlops(flops)} ${shortage}`,
    `at least ${FEWEST_STEPS} steps: this campaign needs ${needed}`,
    "raise --budget, or lower ladder.decades or target.reach in the campaign file",
  );
}

/** Whether the smallest rung is long enough to have a schedule. */
export function isLongEnough(plan: Plan): boolean {
  return fewestSteps(plan) >= FEWEST_STEPS;
}

/** Steps of the smallest rung. */
function fewestSteps(plan: Plan): number {
  return plan.rungs[0]!.runs[0]!.spec.numSteps;
}

/**
 * The smallest campaign with a target of `from` to `most` FLOPs or little more, at most a tenth too large:
 * doubled until its rungs are long enough, then halved back. Null where none is.
 */
export function smallestPlan(campaign: Campaign, from: number, most: number): Plan | null {
  const enough = (targetFlops: number) => {
    const plan = planFor(campaign, targetFlops);
    return isLongEnough(plan) ? plan : null;
  };
  let low = from;
  let [high, found] = [low, enough(low)];
  while (!found && high < most) {
    low = high;
    high *= 2;
    found = enough(high);
  }
  while (found && high / low > 1.1) {
    const middle = Math.sqrt(low * high);
    const plan = enough(middle);
    if (plan) [high, found] = [middle, plan];
    else low = middle;
  }
  return found;
}

/** Halvings of the search: the target within 2^-14 of the budget, finer than whole steps and widths. */
const NUM_HALVINGS = 14;

/**
 * The campaign that just fits: the total rises with the target's compute, so it is found by halving. Null
 * where not even the smallest one tried fits, 2^-14 of the budget: scoring and the smallest widths cost too
 * much.
 */
export function largestPlan(campaign: Campaign, flops: number): Plan | null {
  let [low, high] = [0, flops];
  for (let i = 0; i < NUM_HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (planFor(campaign, middle).totalFlops <= flops) low = middle;
    else high = middle;
  }
  return low === 0 ? null : planFor(campaign, low);
}

/** Compute of the rungs, smallest first: evenly spaced in its logarithm, the largest at target / reach. */
export function rungFlops(
  targetFlops: number,
  { rungs, decades }: Campaign["ladder"],
  reach: number,
): readonly number[] {
  const largest = targetFlops / reach;
  return Array.from({ length: rungs }, (_, i) => largest * 10 ** (-decades * (1 - i / (rungs - 1))));
}

/** The campaign with a target of about so many FLOPs. */
export function planFor(campaign: Campaign, targetFlops: number): Plan {
  const { ladder, seed } = campaign;
  const recipe = recipeOfTarget(campaign);
  const { family, vocabularyReason } = chooseFamily(campaign.vocabularySize, recipe, targetFlops);
  const common = {
    heldOutTokens: HELD_OUT_TOKENS,
    checkpointSeconds: CHECKPOINT_SECONDS,
    ...torchOf(campaign),
  };
  const sizes = ladderSizes(rungFlops(targetFlops, ladder, campaign.target.reach), family, recipe);
  const rungs = sizes.map((size, index): Rung => {
    const run = planRun("", size, seed, "rung", recipe, family, common);
    const numSeeds = ladder.seeds + Math.max(0, ladder.extraSeeds - index);
    const runs = Array.from({ length: numSeeds }, (_, i) => ({
      ...run,
      name: `rung-${index}-seed-${seed + i}`,
      spec: { ...run.spec, seed: seed + i },
    }));
    return { index, flops: run.flops, runs };
  });
  // Rungs moved to their widths; the target takes its compute from where the largest one really is.
  const reachedFlops = campaign.target.reach * REACH_MARGIN * rungs.at(-1)!.flops;
  const targetSize = { width: widthForCompute(reachedFlops, family, recipe), flops: reachedFlops };
  const target = planRun("target", targetSize, seed, "target", recipe, family, common);
  const features = campaign.features?.map((feature) => planFeature(campaign, feature, rungs)) ?? [];
  const all = [...runsOf(rungs), ...features.flatMap((feature) => runsOf(feature.rungs)), target];
  return {
    vocabularySize: family.vocabularySize,
    vocabularyReason,
    rungs,
    ...(features.length > 0 ? { features } : {}),
    target,
    reach: target.flops / rungs.at(-1)!.flops,
    totalFlops: all.reduce((sum, run) => sum + run.flops + run.evaluationFlops, 0),
  };
}

/** Every run of these rungs, smallest first. */
export function runsOf(rungs: readonly Rung[]): readonly PlannedRun[] {
  return rungs.flatMap(({ runs }) => runs);
}

/** Each rung once more with the feature, or without it where the ladder has it. */
function planFeature(campaign: Campaign, feature: CampaignFeature, ladder: readonly Rung[]): PlannedFeature {
  const recipe = comparedRecipe(campaign, feature);
  const label = feature.adopt ? `no-${feature.name}` : feature.name;
  const rungs = ladder.map(({ index, runs }): Rung => {
    const first = runByRecipe(runs[0]!, recipe);
    const own = runs.map(({ name, spec: { seed } }) => ({
      ...first,
      name: `${label}-${name}`,
      spec: { ...first.spec, seed },
    }));
    return { index, flops: first.flops, runs: own };
  });
  return { name: feature.name, change: changeText(campaign, feature), adopted: feature.adopt, rungs };
}

/** Depth and vocabulary follow the target's width, and it them: repeated until a choice comes back. */
function chooseFamily(
  vocabularySize: Campaign["vocabularySize"],
  recipe: Recipe,
  targetFlops: number,
): { readonly family: Family; readonly vocabularyReason: string } {
  const sizeFor = (shape: { readonly width: number; readonly numLayers: number }) =>
    vocabularySize === "auto" ? vocabularyFor(shape) : vocabularySize;
  const tried = new Set<string>();
  let family = familyOf(recipe, {
    vocabularySize: vocabularySize === "auto" ? 1024 : vocabularySize,
    numLayers: 2,
  });
  while (!tried.has(JSON.stringify(family))) {
    tried.add(JSON.stringify(family));
    const width = widthForCompute(targetFlops, family, recipe);
    const numLayers = layersForWidth(width);
    family = { ...family, numLayers, vocabularySize: sizeFor({ width, numLayers }) };
  }
  const reason = "the power of two that gives the head about 20 % of the target's parameters";
  return { family, vocabularyReason: vocabularySize === "auto" ? reason : "set in the campaign file" };
}
