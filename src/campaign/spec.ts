/** @file The campaign file: what the user may say, with defaults and units. Unknown keys and wrong types are refused by name. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { corpusFields, MAXIMUM_VOCABULARY, MINIMUM_VOCABULARY } from "../corpus/spec.ts";
import { budgetSchema } from "./budget.ts";
import { corpusInFile } from "./corpus-in-file.ts";
import { readYamlFile } from "./yaml-file.ts";

export const issueSchema = z.strictObject({
  id: z.string().regex(/^[\w-]+$/),
  what: z.string(),
  /** Probability that it bites during the target run. */
  chance: z.number().min(0).max(1),
  /** Days it costs if it does. */
  costDays: z.number().nonnegative(),
  /** Days from now until a fix is expected; left out: none in sight. */
  fixDueDays: z.number().nonnegative().optional(),
});

export const campaignSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  seed: z.int().nonnegative().default(1),
  budget: budgetSchema,
  corpus: corpusInFile,
  /** `auto` takes it from the target's size. */
  vocabularySize: z
    .union([z.literal("auto"), corpusFields.shape.vocabularySize], {
      error: `auto, or a whole number from ${MINIMUM_VOCABULARY} to ${MAXIMUM_VOCABULARY}`,
    })
    .default("auto"),
  recipe: z
    .strictObject({
      sequenceLength: z.int().min(8).default(64),
      /** D / N of every rung and of the target. */
      tokensPerParameter: z.number().positive().default(10),
      queriesPerKeyValue: z.int().positive().default(1),
      tiedEmbeddings: z.boolean().default(false),
      /** At the width of 64; other widths follow by mu-P. */
      learningRate: z.number().positive().default(0.01),
      weightDecay: z.number().nonnegative().default(0.1),
    })
    .prefault({}),
  ladder: z
    .strictObject({
      rungs: z.int().min(6).default(6),
      /** Decades of compute from the smallest rung to the largest. */
      decades: z.number().min(1).default(1.6),
      /** Runs of every rung, each with a seed of its own: the noise of single runs limits how far a trend can be followed. */
      seeds: z.int().positive().default(3),
      /** Further seeds for the smallest rung, one fewer for each rung above it: they are cheap, and noise is largest there. */
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
  issues: z.array(issueSchema).default([]),
});

export type Campaign = z.infer<typeof campaignSchema>;
export type CampaignIssue = z.infer<typeof issueSchema>;

export interface LoadedCampaign {
  readonly campaign: Campaign;
  /** Paths in the file are relative to this folder. */
  readonly baseFolder: string;
}

/** Reads and checks a campaign file. */
export function loadCampaign(path: string): LoadedCampaign {
  const campaign = readYamlFile(path, campaignSchema, {
    what: "a campaign file",
    example: "campaigns/first-light.yaml",
    documentation: "docs/campaign.md",
  });
  return { campaign, baseFolder: dirname(resolve(path)) };
}
