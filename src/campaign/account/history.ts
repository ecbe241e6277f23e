/** @file What a record says of a campaign as it stands: the last plan, and of each stage the result that belongs to this plan. */

import type { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { manifestSchema } from "../../corpus/manifest.ts";
import { UserError } from "../../errors.ts";
import { runName } from "../../fleet/recorded-run.ts";
import type { RecordEvent, Stage } from "../../record/events.ts";
import { parseStored } from "../../record/read-back.ts";
import { inputsHashOf } from "../context.ts";
import type { StoredPlan } from "../planning/plan.ts";
import { storedPlanSchema } from "../planning/plan.ts";
import type { FeatureResult } from "../stages/features.ts";
import { featuresInputs, featuresSchema } from "../stages/features.ts";
import type { FitResult } from "../stages/fit.ts";
import { fitInputs, fitSchema } from "../stages/fit.ts";
import type { LadderRun } from "../stages/ladder.ts";
import { ladderSchema, targetName } from "../stages/ladder.ts";
import type { TargetResult } from "../stages/target.ts";
import { targetSchema } from "../stages/target.ts";
import type { VerdictResult } from "../stages/verdict.ts";
import { verdictInputs, verdictSchema } from "../stages/verdict.ts";

/** null is what the campaign has not reached, or reached only under another plan. */
export type History = {
  readonly planned: StoredPlan;
  readonly plannedAt: string;
  readonly manifest: Manifest | null;
  readonly ladder: readonly LadderRun[] | null;
  readonly features: readonly FeatureResult[] | null;
  /** The target's run, known once the ladder is. */
  readonly targetName: string | null;
  readonly fit: FitResult | null;
  readonly target: TargetResult | null;
  readonly verdict: VerdictResult | null;
};

export function historyOf(events: readonly RecordEvent[]): History {
  const plannedEvent = events.findLast((event) => event.kind === "campaign-planned");
  if (plannedEvent?.kind !== "campaign-planned")
    throw new UserError(
      "a record without a plan",
      "the record of a campaign that has been launched",
      "launch the campaign first",
    );
  const planned = parseStored(storedPlanSchema, plannedEvent.data.plan, "the plan");
  const { plan } = planned;
  const manifest = lastResult(
    events,
    "prepare",
    manifestSchema,
    (result) => result.tokenizer.vocabularySize === plan.vocabularySize,
  );
  const names = plan.rungs.flatMap(({ runs }) => runs.map((run) => runName(run, manifest?.hash ?? "")));
  const ladder = lastResult(
    events,
    "ladder",
    ladderSchema,
    (runs) => runs.map(({ name }) => name).join() === names.join(),
  );
  const features =
    manifest && ladder
      ? resultFor(events, "features", featuresSchema, featuresInputs(plan, manifest, ladder))
      : null;
  const target = manifest && ladder ? targetName(plan, manifest, ladder) : null;
  const fit = ladder && target ? resultFor(events, "fit", fitSchema, fitInputs(ladder, target)) : null;
  const reached = lastResult(events, "target", targetSchema, ({ name }) => name === target);
  return {
    planned,
    plannedAt: plannedEvent.time,
    manifest,
    ladder,
    features,
    targetName: target,
    fit,
    target: reached,
    verdict: reached && fit ? resultFor(events, "verdict", verdictSchema, verdictInputs(reached, fit)) : null,
  };
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
  for (const event of events.toReversed()) {
    if (event.kind !== "stage-finished" || event.data.stage !== stage) continue;
    const result = parseStored(schema, event.data.result, `the result of stage ${stage}`);
    if (belongs(result, event.data.inputsHash)) return result;
  }
  return null;
}

/** The moment after which the target's predictions could no longer be touched, and the head of the record then. */
export function lockOf(events: readonly RecordEvent[], targetName: string | null) {
  const last = events.findLast((event) => event.kind === "prediction" && event.run === targetName);
  if (!last) return null;
  // The hash of an event is what the one after it keeps.
  const next = events[last.sequence + 1];
  return next ? { sequence: last.sequence, headHash: next.previous, at: last.time } : null;
}
