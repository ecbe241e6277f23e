/** @file The model that --model names: a published one, a config.json, or a campaign file's target. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { UserError } from "../../errors.ts";
import type { DecoderShape } from "../../model/shape.ts";
import type { ModelShape } from "../../plan/shape/model-shape.ts";

export type NamedModel = {
  readonly model: ModelShape;
  /** What our own engine would train; null where the model is not described in its terms. */
  readonly decoder: DecoderShape | null;
  /** What a campaign file says of them; null elsewhere. */
  readonly sequence: number | null;
  readonly batchSequences: number | null;
  /** What is worth saying of it. */
  readonly notes: readonly string[];
};

/**
 * Reads the model.
 * Throws a `UserError` for unknown names, with the near ones, and files that are none
 */
export async function readModel(text: string): Promise<NamedModel> {
  const path = existsSync(text) && statSync(text).isDirectory() ? join(text, "config.json") : text;
  const kind = extname(path).toLowerCase();
  if (kind === ".yaml" || kind === ".yml") return modelOfCampaign(path);
  if (kind === ".json") {
    const { modelOfConfig } = await import("../../plan/shape/hugging-face.ts");
    // Models are known by their folder: every configuration has the same name.
    const name = basename(path) === "config.json" ? basename(dirname(resolve(path))) : basename(path, kind);
    const { model, notes } = modelOfConfig(readText(path), name);
    return withFurtherPredictions({ model, decoder: null, sequence: null, batchSequences: null, notes });
  }
  const { preset } = await import("../../plan/shape/presets.ts");
  return withFurtherPredictions({
    model: preset(text),
    decoder: null,
    sequence: null,
    batchSequences: null,
    notes: [],
  });
}

async function withFurtherPredictions(named: NamedModel): Promise<NamedModel> {
  const { furtherPredictionNote } = await import("../../plan/shape/remarks.ts");
  const note = furtherPredictionNote(named.model);
  return note === null ? named : { ...named, notes: [...named.notes, note] };
}

/** One training: its shape. A campaign: its target's, which the budget decides. */
async function modelOfCampaign(path: string): Promise<NamedModel> {
  const [{ singleRunSchema, runSpecOf }, { parse }, { shapeOfDecoder }] = await Promise.all([
    import("../../fleet/single-run.ts"),
    import("yaml"),
    import("../../plan/shape/of-decoder.ts"),
  ]);
  const single = singleRunSchema.safeParse(parse(readText(path)));
  const spec = single.success ? runSpecOf(single.data) : await targetOf(path);
  const { shape, sequenceLength, batchSequences } = spec;
  return {
    model: shapeOfDecoder(basename(path, extname(path)), shape),
    decoder: shape,
    sequence: sequenceLength,
    batchSequences,
    notes: [],
  };
}

async function targetOf(path: string) {
  const [{ loadCampaign }, { planCampaign }] = await Promise.all([
    import("../../campaign/spec.ts"),
    import("../../campaign/planning/plan.ts"),
  ]);
  const { campaign } = loadCampaign(path);
  if (campaign.budget.kind !== "flops")
    throw new UserError(
      `${path}: a budget in time`,
      "a budget in FLOPs, which decides the target's size without a measurement",
      "write budget: 28TFLOP or the like",
    );
  return planCampaign(campaign, campaign.budget.flops).target.spec;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new UserError(`no file ${path}`, "a config.json or a campaign file", "check the path");
  }
}
