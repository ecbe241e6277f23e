/** @file The campaign file: what the user may say, with defaults and units. The rest is refused by name. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { corpusInFile, corpusSpec, MAXIMUM_VOCABULARY, MINIMUM_VOCABULARY } from "../corpus/spec.ts";
import { trainerFields } from "../fleet/trainer.ts";
import { MOST_REACH } from "../law/scaling-law.ts";
import { FEED_FORWARDS } from "../model/shape.ts";
import { nameInFile } from "../record/workspace.ts";
import { MOST_SEQUENCE, optimiserSchema, runSpecSchema } from "../train/run-spec.ts";
import { numberFrom, wholeFrom } from "../units/limits.ts";
import { readYamlFile } from "../yaml-file.ts";
import { budgetSchema } from "./budget.ts";

export const issueSchema = z.strictObject({
  id: z.string().regex(/^[\w-]+$/),
  what: z.string(),
  /** Probability that it happens during the target run. */
  chance: z.number().min(0).max(1),
  /** Days it costs if it does. */
  costDays: numberFrom(0, 1e5, "days"),
  /** Days from now until a fix is expected; left out: none in sight. */
  fixDueDays: numberFrom(0, 1e5, "days").optional(),
});

/** What a feature may change: what leaves batches and steps alone. Absent: the recipe's own. */
const changeableFields = {
  queriesPerKeyValue: wholeFrom(1, 64, "no decoder shares keys and values among more heads"),
  tiedEmbeddings: z.boolean(),
  /** swiglu unless given. */
  feedForward: z.enum(FEED_FORWARDS),
  /** RMS norm over each head of queries and of keys; false unless given. */
  queryKeyNorm: z.boolean(),
  /** At the width of 64; other widths follow by mu-P. */
  learningRate: optimiserSchema.shape.learningRate,
  weightDecay: optimiserSchema.shape.weightDecay,
};

const featureSchema = z.strictObject({
  name: z
    .string()
    .max(40)
    // no-NAME is what the runs without an adopted NAME are called.
    .regex(
      /^(?!no-)[a-z0-9][a-z0-9-]*$/,
      "lower-case letters, digits and hyphens, and no no- at its beginning",
    ),
  change: z
    .strictObject(changeableFields, {
      error: (issue) =>
        issue.code === "unrecognized_keys"
          ? `${issue.keys.join(", ")} cannot be changed by a feature, ` +
            `only ${Object.keys(changeableFields).join(", ")} can`
          : undefined,
    })
    .partial()
    .refine((change) => Object.keys(change).length > 0, "at least one field of the recipe"),
  /** Whether ladder and target are trained with it; it is then compared with runs without. */
  adopt: z.boolean().default(false),
});

const MOST_RUNS = 1000;

/** The campaign file, checked, its defaults filled in. */
export const campaignSchema = z
  .strictObject({
    name: nameInFile,
    seed: runSpecSchema.shape.seed.default(1),
    budget: budgetSchema,
    // No default here either.
    ...trainerFields,
    corpus: corpusInFile,
    /** `auto` takes it from the target's size. */
    vocabularySize: z
      .union([z.literal("auto"), corpusSpec.shape.vocabularySize], {
        error: `auto, or a whole number from ${MINIMUM_VOCABULARY} to ${MAXIMUM_VOCABULARY}`,
      })
      .default("auto"),
    recipe: z
      .strictObject({
        sequenceLength: wholeFrom(8, MOST_SEQUENCE, "attention takes its square").default(64),
        /** D / N of every rung and of the target. */
        tokensPerParameter: numberFrom(
          0.1,
          10_000,
          "with fewer a model is in its first steps of learning, and more were never tried",
        ).default(10),
        queriesPerKeyValue: changeableFields.queriesPerKeyValue.default(1),
        tiedEmbeddings: changeableFields.tiedEmbeddings.default(false),
        // No defaults written in: the plan of a campaign is found again by a hash of its file.
        feedForward: changeableFields.feedForward.optional(),
        queryKeyNorm: changeableFields.queryKeyNorm.optional(),
        learningRate: changeableFields.learningRate.default(0.01),
        weightDecay: changeableFields.weightDecay.default(0.1),
      })
      .prefault({}),
    ladder: z
      .strictObject({
        rungs: wholeFrom(6, 24, "a trend needs six, and rungs closer than these say the same").default(6),
        /** Decades of compute from the smallest rung to the largest. */
        decades: numberFrom(1, 6, "less is no trend, and the smallest rung has to be a model").default(1.6),
        /** Runs of every rung, each with its seed: the noise of single runs limits a trend's reach. */
        seeds: wholeFrom(1, 100, "a hundred tell the noise to 7 %").default(3),
        /** More seeds for the smallest rung, one fewer each rung above: cheap, and where noise is largest. */
        extraSeeds: wholeFrom(0, 100, "a hundred tell the noise to 7 %").default(1),
      })
      .prefault({}),
    target: z
      .strictObject({
        /** Compute of the target over that of the largest rung. */
        reach: numberFrom(1, MOST_REACH, "no forecast reaches further").default(8),
      })
      .prefault({}),
    gate: z
      .strictObject({
        /** Widest acceptable 90 % interval of the held-out loss, in percent of its median. */
        maxWidthPercent: numberFrom(1e-3, 1e4, "percent of the loss").default(8),
        maxReach: numberFrom(1, MOST_REACH, "no forecast reaches further").default(30),
        /** Times the training tokens may be repeated. */
        maxEpochs: numberFrom(1e-3, 1e4, "passes over the text").default(4),
      })
      .prefault({}),
    /** Changes of the recipe on trial: every rung is run with and without each. */
    features: z
      .array(featureSchema)
      .max(16, "at most 16 features: each is a ladder more")
      .refine(
        (features) => new Set(features.map(({ name }) => name)).size === features.length,
        "every feature by a name of its own",
      )
      .optional(),
    issues: z.array(issueSchema).max(1000, "at most 1000 issues").default([]),
  })
  .check(({ value: { ladder, features = [] }, issues }) => {
    // The check comes before the limits of single numbers are enforced: no list may be made of them here.
    const { rungs, seeds, extraSeeds } = ladder;
    const steps = Math.min(rungs, extraSeeds);
    const ofOneLadder = rungs * seeds + steps * extraSeeds - (steps * (steps - 1)) / 2;
    const runs = ofOneLadder * (1 + features.length);
    if (runs <= MOST_RUNS) return;
    const message = `${runs} runs (seeds, extraSeeds, features), at most ${MOST_RUNS}: each is a process and a folder`;
    issues.push({ code: "custom", path: ["ladder"], message, input: ladder });
  });

/** A campaign file that `campaignSchema` has checked. */
export type Campaign = z.infer<typeof campaignSchema>;
export type CampaignFeature = z.infer<typeof featureSchema>;

/** Something unresolved that the gate weighs. */
export type CampaignIssue = z.infer<typeof issueSchema>;

/** A campaign file, read. */
export type LoadedCampaign = {
  readonly campaign: Campaign;
  /** Paths in the file are relative to this folder. */
  readonly baseFolder: string;
};

/** Reads and checks a campaign file. */
export function loadCampaign(path: string): LoadedCampaign {
  const campaign = readYamlFile(path, campaignSchema, {
    what: "a campaign file",
    example: "campaigns/first-light.yaml",
    documentation: "docs/campaign.md",
  });
  return { campaign, baseFolder: dirname(resolve(path)) };
}
