/** @file What a record says of a campaign: the last plan, and of each stage what belongs to it. */

import type { z } from "zod";
import { type Manifest, manifestSchema } from "../../corpus/manifest.ts";
import { UserError } from "../../errors.ts";
import { finishedSummary } from "../../fleet/recorded-run.ts";
import { type EventOf, eventsOf, type RecordEvent, type Stage } from "../../record/events.ts";
import { parseStored } from "../../record/read-back.ts";
import type { RunSummary } from "../../train/summary.ts";
import { inputsHashOf } from "../context.ts";
import { type StoredPlan, storedPlanSchema } from "../planning/plan.ts";
import { predictionsOf } from "../predictions.ts";
import { type FeatureResult, featureResults, featuresInputs, featuresSchema } from "../stages/features.ts";
import { type FitResult, fitInputs, fitSchema } from "../stages/fit.ts";
import { finishedRuns, type LadderRun, targetName } from "../stages/ladder.ts";
import { type VerdictResult, verdictSchema } from "../stages/verdict.ts";

/** null is what the campaign has not reached, or reached only under another plan. */
export type History = {
  readonly planned: StoredPlan;
  readonly plannedAt: string;
  /** Where the plan was made and timed. */
  readonly plannedOn: EventOf<"environment">["data"];
  readonly manifest: Manifest | null;
  readonly ladder: readonly LadderRun[] | null;
  readonly features: readonly FeatureResult[] | null;
  /** The target's run, known once the ladder is. */
  readonly targetName: string | null;
  readonly fit: FitResult | null;
  readonly target: RunSummary | null;
  readonly verdict: VerdictResult | null;
};

export function historyOf(events: readonly RecordEvent[]): History {
  const plannedEvent = eventsOf(events, "campaign-planned").at(-1);
  if (plannedEvent === undefined)
    throw new UserError(
      "a record without a plan",
      "the record of a campaign that has been launched",
      "launch the campaign first",
    );
  const planned = parseStored(storedPlanSchema, plannedEvent.data.plan, "the plan");
  const start = {
    planned,
    plannedAt: plannedEvent.time,
    plannedOn: environmentAt(events, plannedEvent.sequence)!,
  };
  return { ...start, ...stagesOf(events, planned.plan) };
}

function stagesOf(
  events: readonly RecordEvent[],
  plan: StoredPlan["plan"],
): Omit<History, "planned" | "plannedAt" | "plannedOn"> {
  const nothing = { ladder: null, features: null, targetName: null, fit: null, target: null, verdict: null };
  const manifest = lastResult(
    events,
    "prepare",
    manifestSchema,
    ({ tokenizer }) => tokenizer.vocabularySize === plan.vocabularySize,
  );
  const ladder = manifest && finishedRuns(events, plan.rungs, manifest);
  if (!ladder) return { ...nothing, manifest };
  const name = targetName(plan, manifest, ladder);
  const features = resultFor(events, "features", featuresSchema, featuresInputs(plan, manifest, ladder));
  const fit = resultFor(events, "fit", fitSchema, fitInputs(ladder, name));
  return {
    manifest,
    ladder,
    features: features && featureResults(events, plan, manifest, features),
    targetName: name,
    fit: fit && { ...fit, predictions: predictionsOf(events, name) },
    target: finishedSummary(events, name),
    verdict: resultFor(events, "verdict", verdictSchema, { target: name }),
  };
}

/** The machine and the software as of an event. */
export function environmentAt(
  events: readonly RecordEvent[],
  sequence: number,
): EventOf<"environment">["data"] | null {
  const upTo = eventsOf(events, "environment").filter((event) => event.sequence <= sequence);
  return upTo.at(-1)?.data ?? null;
}

/** The result of a stage that was given these inputs. */
function resultFor<T>(
  events: readonly RecordEvent[],
  stage: Stage,
  schema: z.ZodType<T>,
  inputs: unknown,
): T | null {
  const hash = inputsHashOf(inputs);
  return lastResult(events, stage, schema, (_, inputsHash) => inputsHash === hash);
}

function lastResult<T>(
  events: readonly RecordEvent[],
  stage: Stage,
  schema: z.ZodType<T>,
  belongs: (result: T, inputsHash: string) => boolean,
): T | null {
  for (const { data } of eventsOf(events, "stage-finished").toReversed()) {
    if (data.stage !== stage) continue;
    const result = parseStored(schema, data.result, `the result of stage ${stage}`);
    if (belongs(result, data.inputsHash)) return result;
  }
  return null;
}

/** When the target's predictions could no longer be touched, and the record's head then. */
export function lockOf(events: readonly RecordEvent[], run: string | null) {
  const last = eventsOf(events, "prediction", run).at(-1);
  return last ? { sequence: last.sequence, headHash: last.hash, at: last.time } : null;
}
