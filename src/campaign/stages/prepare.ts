/** @file Stage 1: the corpus on disk, counted. It keeps its own half-done work; the record, what came out. */

import { type Manifest, manifestSchema } from "../../corpus/manifest.ts";
import { noteLines } from "../../corpus/notes.ts";
import { findSourceFiles } from "../../corpus/sources.ts";
import { UserError } from "../../errors.ts";
import { recordedCorpus } from "../../fleet/recorded-corpus.ts";
import { type Context, runStage } from "../context.ts";
import type { Plan } from "../planning/plan.ts";
import { judgeTokens } from "./gate-rule.ts";

export function corpusSpecOf({ corpus, seed }: Context["campaign"], vocabularySize: number) {
  return { ...corpus, vocabularySize, seed };
}

export async function prepare(context: Context, plan: Plan): Promise<Manifest> {
  const { campaign, baseFolder } = context;
  const spec = corpusSpecOf(campaign, plan.vocabularySize);
  // Names, sizes and times of the files: their content is the corpus's business, its hash in the result.
  const files = campaign.corpus.sources.map((source) => findSourceFiles(source, baseFolder).fingerprint);
  const manifest = await runStage(context, "prepare", { spec, files }, manifestSchema, () =>
    recordedCorpus(context, spec, baseFolder),
  );
  // The stage is skipped when its result is known, but its files may have been deleted or damaged since.
  await recordedCorpus(context, spec, baseFolder, manifest.hash);
  for (const text of noteLines(manifest.sources)) context.tell({ kind: "text", text });
  refuseTooFewTokens(manifest, plan, campaign.gate);
  return manifest;
}

/** How often so many training tokens read each source: its share of them over its own. */
export function epochsOf({ sources }: Manifest, tokens: number): Readonly<Record<string, number>> {
  return Object.fromEntries(sources.map(({ name, share, train }) => [name, (share * tokens) / train.tokens]));
}

/** The gate's own rule, applied before the ladder is paid for. */
function refuseTooFewTokens(manifest: Manifest, { target }: Plan, rule: Context["campaign"]["gate"]): void {
  const { decision, reason } = judgeTokens({ epochs: epochsOf(manifest, target.tokens) }, rule);
  if (decision === "go") return;
  throw new UserError(
    `too little text for ${target.tokens} tokens: ${reason}`,
    `at most ${rule.maxEpochs} epochs of every source (gate.maxEpochs)`,
    "add text, lower --budget or a weight, or raise gate.maxEpochs to see what so much repetition does",
  );
}
