/** @file Stage 1: the corpus on disk, counted. It keeps its own half-done work; the record, what came out. */

import { type Manifest, manifestSchema } from "../../corpus/manifest.ts";
import { noteLines } from "../../corpus/notes.ts";
import { findSourceFiles } from "../../corpus/sources.ts";
import { readsOf } from "../../corpus/spec.ts";
import { recordedCorpus } from "../../fleet/recorded-corpus.ts";
import { type Context, runStage } from "../context.ts";
import { textChange } from "../planning/changes.ts";
import type { Plan } from "../planning/plan.ts";
import { tooLittleText } from "../planning/text-budget.ts";
import { judgeTokens } from "./gate-rule.ts";

function corpusSpecOf({ corpus, seed }: Context["campaign"], { vocabularySize, target }: Plan) {
  const reads = readsOf(target.tokens, target.spec.heldOutTokens);
  return { ...corpus, vocabularySize, seed, reads };
}

export async function prepare(context: Context, plan: Plan): Promise<Manifest> {
  const { campaign, baseFolder } = context;
  const spec = corpusSpecOf(campaign, plan);
  // Names, sizes and times of the files: their content is the corpus's business, its hash in the result.
  const files = campaign.corpus.sources.map((source) => findSourceFiles(source, baseFolder).fingerprint);
  const earlier = [...context.record.events];
  const manifest = await runStage(context, "prepare", { spec, files }, manifestSchema, () =>
    recordedCorpus(context, spec, baseFolder),
  );
  // The stage is skipped when its result is known, but its files may have been deleted or damaged since.
  await recordedCorpus(context, spec, baseFolder, manifest.hash);
  const change = textChange(context.record.events, earlier, manifest);
  if (change) context.tell({ kind: "text", text: change });
  for (const text of noteLines(manifest.sources)) context.tell({ kind: "text", text });
  refuseTooFewTokens(manifest, plan, campaign);
  return manifest;
}

/** How often so many training tokens read each source: its share of them over its own. */
export function epochsOf({ sources }: Manifest, tokens: number): Readonly<Record<string, number>> {
  return Object.fromEntries(sources.map(({ name, share, train }) => [name, (share * tokens) / train.tokens]));
}

/** The gate's own rule, applied before the ladder is paid for. */
function refuseTooFewTokens(manifest: Manifest, plan: Plan, campaign: Context["campaign"]): void {
  const { gate } = campaign;
  const { decision, reason } = judgeTokens({ epochs: epochsOf(manifest, plan.target.tokens) }, gate);
  if (decision === "go") return;
  const most = Math.min(
    ...manifest.sources.map(({ share, train }) => (gate.maxEpochs * train.tokens) / share),
  );
  const bytes = manifest.sources.reduce((sum, { train }) => sum + train.bytes, 0);
  throw tooLittleText(campaign, plan, reason, {
    mostTokens: () => most,
    bytesFor: (tokens) => (bytes * tokens) / most,
    fits: "fits",
  });
}
