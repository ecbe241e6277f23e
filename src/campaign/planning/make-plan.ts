/** @file Planning: the campaign's plan, timed on this machine before anything is spent, and recorded. */

import { z } from "zod";
import { findSourceFiles } from "../../corpus/sources.ts";
import { recordEnvironment } from "../../fleet/recorded-run.ts";
import { requireMemory } from "../../machine/step.ts";
import { eventsOf, type RecordEvent } from "../../record/events.ts";
import { sha256 } from "../../record/files.ts";
import { parseStored } from "../../record/read-back.ts";
import { maskedCommand } from "../../record/secrets.ts";
import type { Context } from "../context.ts";
import { type Campaign, type CampaignIssue, issueSchema } from "../spec.ts";
import { planChange } from "./changes.ts";
import { type BeforeTiming, estimatePlan } from "./estimate.ts";
import { type Plan, planCampaign, type StoredPlan, storedPlanSchema } from "./plan.ts";
import { refuseTooSmallFiles } from "./text-budget.ts";

/** The plan, made once for a file and budget; later launches take it from the record. */
export async function planned(context: Context): Promise<Plan> {
  const { campaign, record, machine, tell, baseFolder } = context;
  // What is unresolved and what the gate lets pass may change on the way; neither changes the plan.
  const { issues, gate: _, ...bet } = campaign;
  const specHash = sha256(JSON.stringify(bet));
  const bytes = sourceBytes({ campaign, baseFolder });
  const last = eventsOf(record.events, "campaign-planned").at(-1)?.data;
  const known = last?.specHash === specHash ? parseStored(storedPlanSchema, last.plan, "the plan") : null;
  const { plan, expectedSeconds, targetStepSeconds } = known ?? (await planAnew(campaign, context, bytes));
  if (!known) {
    const stored: StoredPlan = {
      campaign: campaign.name,
      budget: campaign.budget,
      seed: campaign.seed,
      splitRule: splitRuleOf(campaign),
      plan,
      expectedSeconds,
      targetStepSeconds,
      command: `longrun ${maskedCommand(process.argv.slice(2))}`,
    };
    const change = planChange(record.events, stored);
    if (change) tell({ kind: "text", text: change });
    recordEnvironment(context);
    record.append({ run: null, kind: "campaign-planned", data: { specHash, plan: stored } });
  }
  if (JSON.stringify(statedIssues(record.events)) !== JSON.stringify(issues))
    record.append({ run: null, kind: "issues-stated", data: { issues } });
  const { numMachines } = context.leases;
  tell({ kind: "planned", plan, machine, numMachines, expectedSeconds, sourceBytes: bytes });
  return plan;
}

/** Bytes of the source files, unread; null where some are compressed. A missing or empty one is refused. */
export function sourceBytes(context: Pick<Context, "campaign" | "baseFolder">): number | null {
  return sourceSizes(context)?.reduce((sum, size) => sum + size, 0) ?? null;
}

function sourceSizes({
  campaign,
  baseFolder,
}: Pick<Context, "campaign" | "baseFolder">): readonly number[] | null {
  const sizes = campaign.corpus.sources.map((source) => findSourceFiles(source, baseFolder).totalBytes);
  return sizes.every((size) => size !== undefined) ? sizes : null;
}

/** The open issues that the campaign file named last; none until it has named one. */
export function statedIssues(events: readonly RecordEvent[]): readonly CampaignIssue[] {
  const last = eventsOf(events, "issues-stated").at(-1);
  return last ? parseStored(z.array(issueSchema), last.data.issues, "the open issues") : [];
}

function splitRuleOf({ corpus: { holdOut, passageBytes } }: Campaign): string {
  const pattern = holdOut.pattern
    ? `, and every document of ${holdOut.pattern.source} whose name matches ${holdOut.pattern.documents}`
    : "";
  return (
    `${100 * holdOut.fraction} % of the passages of about ${passageBytes} bytes of each source, ` +
    `by a hash of their content${pattern}`
  );
}

/** A time budget becomes compute by the estimate's own speed: plan, time the plan, correct, once more. */
async function planAnew(campaign: Campaign, context: Context, bytes: number | null) {
  const { machine } = context;
  const { budget } = campaign;
  const sizes = sourceSizes(context);
  // A budget of days takes tens of seconds to plan.
  context.tell({
    kind: "text",
    text: "planning: sizes of models that the budget pays for, timed on this machine",
  });
  let flops =
    budget.kind === "flops" ? budget.flops : budget.seconds * machine.numThreads * ASSUMED_FLOPS_PER_THREAD;
  let toldAt = performance.now();
  for (let round = 0; ; round++) {
    const plan = planCampaign(campaign, flops);
    // The first guesses of what a time buys refuse nothing.
    if (sizes !== null && (budget.kind === "flops" || round === BUDGET_ROUNDS))
      refuseTooSmallFiles(campaign, plan, sizes);
    requireMemory(
      plan.target.spec,
      machine.memoryBytes,
      "the target",
      "lower --budget, or recipe.sequenceLength in the campaign file",
    );
    const beforeTiming: BeforeTiming = (run, i, numRuns) => {
      if (performance.now() < toldAt + PROGRESS_MS) return;
      toldAt = performance.now();
      const rounds = budget.kind === "flops" ? "" : `round ${round + 1} of ${BUDGET_ROUNDS + 1}, `;
      context.tell({
        kind: "text",
        text: `planning: ${rounds}timing run ${i + 1} of ${numRuns} (${run.name})`,
      });
    };
    const { targetStepSeconds, trainingSeconds } = await estimatePlan(
      plan,
      machine,
      context.leases.numMachines,
      beforeTiming,
    );
    const overhead = OVERHEAD_SECONDS + (bytes ?? 0) / PREPARE_BYTES_PER_SECOND;
    const expectedSeconds = trainingSeconds + overhead;
    if (budget.kind === "flops" || round === BUDGET_ROUNDS) {
      return { plan, expectedSeconds, targetStepSeconds };
    }
    flops *= Math.max(0.1, budget.seconds - overhead) / trainingSeconds;
  }
}

/** First guess of what a thread sustains; corrected by measurement. */
const ASSUMED_FLOPS_PER_THREAD = 60e9;
const BUDGET_ROUNDS = 2;
/** Between two lines of progress, so that a plan of seconds says nothing. */
const PROGRESS_MS = 2000;
/** Timing, fitting, exporting, sampling, drawing: 4 to 5 s on two cores (docs/log.md, 2026-11-22). */
const OVERHEAD_SECONDS = 5;
/** Reading, cleaning, learning a tokenizer and encoding, on one core. */
const PREPARE_BYTES_PER_SECOND = 10e6;
