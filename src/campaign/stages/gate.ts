/** @file Stage 4 as a stage: gathers facts, applies the rule, records the decision and what was accepted. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { UserError } from "../../errors.ts";
import { strayRuns, strayWarnings } from "../../laws/forecast/stray-runs.ts";
import { allParameters } from "../../model/shape.ts";
import { eventsOf, type RecordEvent } from "../../record/events.ts";
import { masked } from "../../record/secrets.ts";
import type { Context } from "../context.ts";
import type { Plan } from "../planning/plan.ts";
import { LOSS, MEMORY, WALL_TIME } from "../quantities.ts";
import type { FitResult } from "./fit.ts";
import { type Acceptance, decideGate, type GateDecision } from "./gate-rule.ts";
import { finishedRuns, observationOf } from "./ladder.ts";
import { epochsOf } from "./prepare.ts";

/** Value, first and second moment, four bytes each. */
const CHECKPOINT_BYTES_PER_PARAMETER = 12;

/** What is read back of a decision's facts. */
const factsSchema = z.object({
  checks: z.array(
    z.strictObject({
      id: z.string(),
      decision: z.enum(["go", "hold", "stop"]),
      reason: z.string(),
      accepted: z.boolean(),
    }),
  ),
});

/** The checks of the last decision before a run, in their order; empty where none has been made. */
export function lastChecks(events: readonly RecordEvent[], run: string | null): GateDecision["checks"] {
  const facts = eventsOf(events, "decision", run).at(-1)?.data.facts;
  return factsSchema.safeParse(facts).data?.checks ?? [];
}

/** Decides anew at every launch, since machine and issues change; equal decisions are recorded once. */
export function gate(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  fit: FitResult,
  targetName: string,
  secondsLeft: number | null,
): GateDecision {
  const { record, campaign, machine } = context;
  const accepted = eventsOf(record.events, "acceptance", targetName).map(({ data }) => data.id);
  const loss = fit.predictions.get(LOSS.name)!;
  const ladder = finishedRuns(record.events, plan.rungs, manifest) ?? [];
  const facts = {
    widthPercent: (100 * (loss.hi - loss.lo)) / loss.median,
    reach: fit.reach,
    backTestErrors: fit.backTest.map(({ errorPercent }) => errorPercent),
    strays: strayWarnings(strayRuns(ladder.map(observationOf))),
    peakBytes: fit.predictions.get(MEMORY.name)!.hi,
    memoryBytes: machine.memoryBytes,
    checkpointBytes: CHECKPOINT_BYTES_PER_PARAMETER * allParameters(plan.target.spec.shape),
    freeDiskBytes: machine.freeDiskBytes,
    wallSeconds: fit.predictions.get(WALL_TIME.name)!.hi,
    secondsLeft,
    epochs: epochsOf(manifest, plan.target.tokens),
    issues: campaign.issues,
    accepted,
  };
  const { checks, decision, reason } = decideGate(facts, campaign.gate);
  const outcome = (some: GateDecision["checks"]) =>
    JSON.stringify(some.map((check) => [check.id, check.decision, check.accepted]));
  if (outcome(lastChecks(record.events, targetName)) !== outcome(checks)) {
    const { issues: _, ...numbers } = facts;
    const data = { about: "gate", decision, reason, facts: { ...numbers, checks } };
    record.append({ run: targetName, kind: "decision", data });
  }
  return { checks, decision, reason };
}

/** Records that somebody lifts a hold, one that an earlier launch has told. A stop is a fact. */
export function accept(
  { record, tell }: Pick<Context, "record" | "tell">,
  { id, because }: Acceptance,
  decision: GateDecision,
  before: GateDecision["checks"],
  targetName: string,
): void {
  const check = decision.checks.find((candidate) => candidate.id === id);
  if (check?.decision !== "hold")
    throw new UserError(
      check ? `the check ${id} says ${check.decision}` : `there is no check ${id}`,
      `one that holds: ${
        decision.checks
          .filter((other) => other.decision === "hold" && !other.accepted)
          .map((other) => other.id)
          .join(", ") || "none does"
      }`,
      "launch without --accept to see every check and its reason",
    );
  if (check.accepted) tell({ kind: "text", text: `the hold ${id} has been lifted before` });
  else if (before.some((other) => other.id === id && other.decision === "hold"))
    record.append({ run: targetName, kind: "acceptance", data: { id, because: masked(because) } });
  else tell({ kind: "text", text: `--accept ${id} lifts nothing: it did not hold before this launch` });
}
