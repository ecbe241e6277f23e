/** @file The model of a campaign's file, or of one training's: apart, for it needs the rooms that train. */

import { basename, extname } from "node:path";
import { z } from "zod";
import { planCampaign } from "../../campaign/planning/plan.ts";
import { loadCampaign } from "../../campaign/spec.ts";
import { UserError } from "../../errors.ts";
import { runSpecOf, singleRunSchema } from "../../fleet/single-run.ts";
import { shapeOfDecoder } from "../../plan/shape/of-decoder.ts";
import { parseYaml, parseYamlAs } from "../../yaml-file.ts";
import type { NamedModel } from "./model.ts";

/** One training: its shape. A campaign: its target's, which the budget decides. */
export function modelOfCampaign(path: string, content: string): NamedModel {
  // Only the file of one training has the key, so that a mistake in it is told by its own rules.
  const isRun = z.object({ run: z.unknown() }).safeParse(parseYaml(content, path)).data?.run !== undefined;
  const spec = isRun
    ? runSpecOf(parseYamlAs(singleRunSchema, content, path, "docs/campaign.md"))
    : targetOf(path);
  const { shape, sequenceLength, batchSequences } = spec;
  return {
    model: shapeOfDecoder(basename(path, extname(path)), shape),
    decoder: shape,
    sequence: sequenceLength,
    batchSequences,
    notes: [],
  };
}

function targetOf(path: string) {
  const { campaign } = loadCampaign(path);
  if (campaign.budget.kind !== "flops")
    throw new UserError(
      `${path}: a budget in time`,
      "a budget in FLOPs, which decides the target's size without a measurement",
      "write budget: 28TFLOP or the like",
    );
  return planCampaign(campaign, campaign.budget.flops).target.spec;
}
