/** @file Stage 6: the trained model written out, and a sample of it. The score is read from the record. */

import { z } from "zod";
import { openCorpus } from "../../corpus/corpus.ts";
import type { Manifest } from "../../corpus/manifest.ts";
import { damagedModel, exportRecorded } from "../../train/export-run.ts";
import { heldOutPrompt } from "../../train/held-out-prompt.ts";
import { modelCard } from "../../train/model-card.ts";
import { sampleText } from "../../train/sample.ts";
import type { RunSummary } from "../../train/summary.ts";
import { type Context, runStage } from "../context.ts";
import type { Plan } from "../planning/plan.ts";

export const verdictSchema = z.strictObject({
  sample: z.strictObject({
    prompt: z.string(),
    text: z.string(),
    temperature: z.number(),
    topTokens: z.number(),
    seed: z.number(),
  }),
});

export type VerdictResult = z.infer<typeof verdictSchema>;

const SAMPLE = { numTokens: 160, temperature: 0.8, topTokens: 40 };

export async function verdict(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  run: string,
  summary: RunSummary,
): Promise<VerdictResult> {
  const { workspace, campaign, machine } = context;
  const write = () =>
    exportRecorded(
      context,
      run,
      plan.target.spec,
      modelCard(campaign.name, plan.target.spec, manifest, summary),
    );
  const result = await runStage(context, "verdict", { target: run }, verdictSchema, async () => {
    const model = write();
    const corpus = openCorpus(workspace.corpus);
    const { seed } = campaign;
    const prompt = heldOutPrompt(corpus, seed);
    const options = { ...SAMPLE, prompt, seed, numThreads: machine.numThreads };
    const text = await sampleText(model, corpus.tokenizer, options);
    const { temperature, topTokens } = SAMPLE;
    return { sample: { prompt, text, temperature, topTokens, seed } };
  });
  // The stage is skipped when its result is known, but the model may have been deleted or damaged since.
  if (damagedModel(context).length > 0) write();
  return result;
}
