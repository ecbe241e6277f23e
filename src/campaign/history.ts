/** @file What a record says of a campaign as it stands: the last plan, and of each stage the result that belongs to this plan. */

import type { z } from "zod";
import type { Manifest } from "../corpus/manifest.ts";
import { manifestSchema } from "../corpus/manifest.ts";
import { UserError } from "../errors.ts";
import type { RecordEvent, Stage } from "../record/events.ts";
import type { FitResult } from "./fit.ts";
import { fitSchema } from "./fit.ts";
import type { LadderRun } from "./ladder.ts";
import { ladderSchema, targetName } from "./ladder.ts";
import type { StoredPlan } from "./plan.ts";
import { storedPlanSchema } from "./plan.ts";
import { parseStored } from "./stored.ts";
import type { TargetResult } from "./target.ts";
import { targetSchema } from "./target.ts";
import { runName } from "./train-planned.ts";
import type { VerdictResult } from "./verdict.ts";
import { verdictSchema } from "./verdict.ts";

/** null is what the campaign has not reached, or reached only under another plan. */
export interface History {
  readonly planned: StoredPlan;
  readonly plannedAt: string;
  readonly manifest: Manifest | null;
  readonly ladder: readonly LadderRun[] | null;
  /** The target's run, known once the ladder is. */
  readonly targetName: string | null;
  readonly fit: FitResult | null;
  readonly target: TargetResult | null;
  readonly verdict: VerdictResult | null;
}

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
  const target = manifest && ladder ? targetName(plan, manifest, ladder) : null;
  const fit = lastResult(events, "fit", fitSchema, (result) => result.runs.join() === names.join());
  const reached = lastResult(events, "target", targetSchema, ({ name }) => name === target);
  return {
    planned,
    plannedAt: plannedEvent.time,
    manifest,
    ladder,
    targetName: target,
    fit,
    target: reached,
    verdict: reached ? lastResult(events, "verdict", verdictSchema, () => true) : null,
  };
}

function lastResult<T>(
  events: readonly RecordEvent[],
  stage: Stage,
  schema: z.ZodType<T>,
  belongs: (result: T) => boolean,
): T | null {
  for (const event of events.toReversed()) {
    if (event.kind !== "stage-finished" || event.data.stage !== stage) continue;
    const result = parseStored(schema, event.data.result, `the result of stage ${stage}`);
    if (belongs(result)) return result;
  }
  return null;
}
