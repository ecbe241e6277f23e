/** @file The campaign file: what the user may say, with defaults and units. The rest is refused by name. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { corpusInFile, corpusSpec, MAXIMUM_VOCABULARY, MINIMUM_VOCABULARY } from "../corpus/spec.ts";
import { FEED_FORWARDS } from "../model/shape.ts";
import { readYamlFile } from "../yaml-file.ts";
import { budgetSchema } from "./budget.ts";

export const issueSchema = z.strictObject({
  id: z.string().regex(/^[\w-]+$/),
  what: z.string(),
  /** Probability that it happens during the target run. */
  chance: z.number().min(0).max(1),
  /** Days it costs if it does. */
  costDays: z.number().nonnegative(),
  /** Days from now until a fix is expected; left out: none in sight. */
  fixDueDays: z.number().nonnegative().optional(),
});

/** What a feature may change: what leaves batches and steps alone. Absent: the recipe's own. */
const changeableFields = {
  queriesPerKeyValue: z.int().positive(),
  tiedEmbeddings: z.boolean(),
  /** swiglu unless given. */
  feedForward: z.enum(FEED_FORWARDS),
  /** RMS norm over each head of queries and of keys; false unless given. */
  queryKeyNorm: z.boolean(),
  /** At the width of 64; other widths follow by mu-P. */
  learningRate: z.number().positive(),
  weightDecay: z.number().nonnegative(),
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

/** The campaign file, checked, its defaults filled in. */
export const campaignSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  seed: z.int().nonnegative().default(1),
  budget: budgetSchema,
  corpus: corpusInFile,
  /** `auto` takes it from the target's size. */
  vocabularySize: z
    .union([z.literal("auto"), corpusSpec.shape.vocabularySize], {
      error: `auto, or a whole number from ${MINIMUM_VOCABULARY} to ${MAXIMUM_VOCABULARY}`,
    })
    .default("auto"),
  recipe: z
    .strictObject({
      sequenceLength: z.int().min(8).default(64),
      /** D / N of every rung and of the target. */
      tokensPerParameter: z.number().positive().default(10),
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
      rungs: z.int().min(6).default(6),
      /** Decades of compute from the smallest rung to the largest. */
      decades: z.number().min(1).default(1.6),
      /** Runs of every rung, each with its seed: the noise of single runs limits a trend's reach. */
      seeds: z.int().positive().default(3),
      /** More seeds for the smallest rung, one fewer each rung above: cheap, and where noise is largest. */
      extraSeeds: z.int().nonnegative().default(1),
    })
    .prefault({}),
  target: z
    .strictObject({
      /** Compute of the target over that of the largest rung. */
      reach: z.number().min(1).default(8),
    })
    .prefault({}),
  gate: z
    .strictObject({
      /** Widest acceptable 90 % interval of the held-out loss, in percent of its median. */
      maxWidthPercent: z.number().positive().default(8),
      maxReach: z.number().positive().default(30),
      /** Times the training tokens may be repeated. */
      maxEpochs: z.number().positive().default(4),
    })
    .prefault({}),
  /** Changes of the recipe on trial: every rung is run with and without each. */
  features: z
    .array(featureSchema)
    .refine(
      (features) => new Set(features.map(({ name }) => name)).size === features.length,
      "every feature by a name of its own",
    )
    .optional(),
  issues: z.array(issueSchema).default([]),
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
