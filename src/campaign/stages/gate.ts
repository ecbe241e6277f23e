/** @file Stage 4 as a stage: gathers the facts, applies the rule, records the decision and what was accepted in spite of it. */

import { z } from "zod";
import type { Manifest } from "../../corpus/manifest.ts";
import { UserError } from "../../errors.ts";
import { allParameters } from "../../model/shape.ts";
import { sha256 } from "../../record/files.ts";
import type { Context } from "../context.ts";
import type { Plan } from "../planning/plan.ts";
import type { FitResult } from "./fit.ts";
import type { Acceptance, GateDecision } from "./gate-rule.ts";
import { decideGate } from "./gate-rule.ts";
import { epochsOf } from "./prepare.ts";

/** Value, first and second moment, four bytes each. */
const CHECKPOINT_BYTES_PER_PARAMETER = 12;

export const gateSchema = z.strictObject({
  decision: z.enum(["go", "hold", "stop"]),
  reason: z.string(),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      decision: z.enum(["go", "hold", "stop"]),
      reason: z.string(),
      accepted: z.boolean(),
    }),
  ),
});

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
  const accepted = record.events.flatMap((event) =>
    event.kind === "acceptance" && event.run === targetName ? [event.data.id] : [],
  );
  const facts = {
    widthPercent: (100 * (fit.loss.hi - fit.loss.lo)) / fit.loss.median,
    reach: fit.reach,
    backTestErrors: fit.backTest.map(({ errorPercent }) => errorPercent),
    peakBytes: fit.peakBytes.hi,
    memoryBytes: machine.memoryBytes,
    checkpointBytes: CHECKPOINT_BYTES_PER_PARAMETER * allParameters(plan.target.spec.shape),
    freeDiskBytes: machine.freeDiskBytes,
    wallSeconds: fit.wallSeconds.hi,
    secondsLeft,
    epochs: epochsOf(manifest, plan.target.tokens),
    issues: campaign.issues,
    accepted,
  };
  const decision = decideGate(facts, campaign.gate);
  const about = `gate before ${targetName}`;
  const last = record.events.findLast((event) => event.kind === "decision" && event.data.about === about);
  const outcome = (checks: GateDecision["checks"]) =>
    sha256(JSON.stringify(checks.map((check) => [check.id, check.decision, check.accepted])));
  const known =
    last?.kind === "decision"
      ? gateSchema.safeParse((last.data.facts as { readonly gate?: unknown }).gate)
      : null;
  if (!known?.success || outcome(known.data.checks) !== outcome(decision.checks)) {
    const { issues: _, ...numbers } = facts;
    record.append({
      run: targetName,
      kind: "decision",
      data: {
        about,
        decision: decision.decision,
        reason: decision.reason,
        facts: { ...numbers, issues: campaign.issues.map(({ id }) => id), gate: decision },
      },
    });
  }
  return decision;
}

/** Records that somebody lifts a hold. Only a hold that stands can be lifted: a stop is a fact, and a go needs no lifting. */
export function accept(
  { record }: Pick<Context, "record">,
  { id, because }: Acceptance,
  decision: GateDecision,
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
  if (!check.accepted) record.append({ run: targetName, kind: "acceptance", data: { id, because } });
}
