/** @file The main job: a campaign from its file to its verdict, stage by stage. The same call goes on where an earlier one stopped. */

import { mkdirSync } from "node:fs";
import { UserError } from "../errors.ts";
import { formatBytes } from "../figures/numbers.ts";
import type { RecordEvent, Stage } from "../record/events.ts";
import { sha256 } from "../record/files.ts";
import { openRecord } from "../record/record.ts";
import type { ScoredRow } from "../report/data.ts";
import { trainingPrograms } from "../train/programs.ts";
import type { Budget } from "./budget.ts";
import type { CampaignEvent, Context } from "./context.ts";
import { Interrupted } from "./context.ts";
import { estimatePlan } from "./estimate.ts";
import { fit as fitStage } from "./fit.ts";
import { accept, gate } from "./gate-stage.ts";
import { ladder as ladderStage, targetName } from "./ladder.ts";
import type { Machine } from "./machine.ts";
import { thisMachine } from "./machine.ts";
import type { Plan, StoredPlan } from "./plan.ts";
import { planCampaign, storedPlanSchema } from "./plan.ts";
import { prepare, sourceBytes } from "./prepare.ts";
import { writeReport } from "./report.ts";
import type { Campaign } from "./spec.ts";
import { loadCampaign } from "./spec.ts";
import { parseStored } from "./stored.ts";
import { target as targetStage } from "./target.ts";
import { scoredRows, verdict as verdictStage } from "./verdict.ts";
import { workspaceOf } from "./workspace.ts";

/** Lifts one hold of the gate, with the reason that goes into the record. */
export interface Acceptance {
  readonly id: string;
  readonly because: string;
}

export interface LaunchOptions {
  /** The campaign file. */
  readonly path: string;
  /** Where the campaign lives; `runs/<name>` when left out. */
  readonly folder?: string | undefined;
  /** Instead of the file's. */
  readonly budget?: Budget | undefined;
  readonly accept?: Acceptance | undefined;
  readonly signal: AbortSignal;
  tell(event: CampaignEvent): void;
}

export type LaunchResult =
  | {
      readonly kind: "finished";
      readonly verdict: readonly ScoredRow[];
      readonly reach: number;
      /** Work of the whole campaign, all launches together. */
      readonly seconds: number;
      readonly peakBytes: number;
      readonly report: string;
      readonly sample: string;
      readonly head: string;
    }
  | { readonly kind: "held" | "stopped"; readonly reason: string; readonly id: string | null };

export async function launch(options: LaunchOptions): Promise<LaunchResult> {
  const { campaign: written, baseFolder } = loadCampaign(options.path);
  const campaign = options.budget ? { ...written, budget: options.budget } : written;
  const workspace = workspaceOf(campaign.name, options.folder);
  mkdirSync(workspace.folder, { recursive: true });
  using record = openRecord(workspace.folder);
  for (const warning of record.warnings) options.tell({ kind: "text", text: warning });
  const machine = thisMachine(workspace.folder);
  const context: Context = {
    campaign,
    baseFolder,
    workspace,
    record,
    machine,
    signal: options.signal,
    tell: options.tell,
  };
  try {
    return await stages(context, options.accept);
  } catch (error) {
    if (error instanceof Interrupted || options.signal.aborted)
      record.append({ run: null, kind: "interrupted", data: { reason: (error as Error).message } });
    throw error;
  }
}

async function stages(context: Context, acceptance: Acceptance | undefined): Promise<LaunchResult> {
  const beganAt = performance.now();
  const { record, campaign, workspace } = context;
  const plan = await planned(context);
  const manifest = await prepare(context, plan);
  const runs = await ladderStage(context, plan, manifest);
  const name = targetName(plan, manifest, runs);
  const fit = await fitStage(context, plan, manifest, runs, name);
  const locked = record.events.findLast(
    (event) => event.kind === "stage-finished" && event.data.stage === "fit",
  )!;
  // The hash of an event is what the one after it keeps.
  const headThen = record.events[locked.sequence + 1]?.previous ?? record.head;
  context.tell({ kind: "locked", head: headThen, sequence: locked.sequence });

  // What an earlier launch has done is spent too.
  const spent = Math.max((performance.now() - beganAt) / 1000, secondsBeforeTarget(record.events));
  const secondsLeft = campaign.budget.kind === "seconds" ? campaign.budget.seconds - spent : null;
  let decision = gate(context, plan, manifest, fit, name, secondsLeft);
  if (acceptance) {
    accept(context, acceptance, decision, name);
    decision = gate(context, plan, manifest, fit, name, secondsLeft);
  }
  context.tell({ kind: "gate", decision });
  if (decision.decision !== "go") {
    await writeReport(workspace.folder);
    const deciding = decision.checks.find((check) => check.decision === decision.decision && !check.accepted);
    return {
      kind: decision.decision === "hold" ? "held" : "stopped",
      reason: decision.reason,
      id: deciding?.id ?? null,
    };
  }
  const target = await targetStage(context, plan, manifest, fit, name);
  const verdict = await verdictStage(context, plan, manifest, fit, target);
  const report = await writeReport(workspace.folder);
  return {
    kind: "finished",
    verdict: scoredRows(record.events, name, fit, target.summary),
    reach: plan.reach,
    seconds: secondsOfWork(context),
    peakBytes: Math.max(
      target.summary.peakBytes,
      process.resourceUsage().maxRSS * 1024,
      ...runs.map(({ summary }) => summary.peakBytes),
    ),
    report,
    sample: verdict.sample.prompt + verdict.sample.text,
    head: record.head,
  };
}

/** The plan, made once for a file and budget; a later launch takes it from the record, so that a faster or slower moment changes nothing. */
async function planned(context: Context): Promise<Plan> {
  const { campaign, record, machine, tell, baseFolder } = context;
  // What is unresolved and what the gate lets pass may change on the way; neither changes the plan.
  const { issues, gate: _, ...bet } = campaign;
  const specHash = sha256(JSON.stringify(bet));
  const bytes = sourceBytes({ campaign, baseFolder });
  const last = record.events.findLast((event) => event.kind === "campaign-planned");
  const known =
    last?.kind === "campaign-planned" && last.data.specHash === specHash
      ? parseStored(storedPlanSchema, last.data.plan, "the plan")
      : null;
  const { plan, expectedSeconds, targetStepSeconds } = known ?? (await planAnew(campaign, context, bytes));
  if (!known || JSON.stringify(known.issues) !== JSON.stringify(issues)) {
    const stored: StoredPlan = {
      campaign: campaign.name,
      budget: campaign.budget,
      seed: campaign.seed,
      splitRule: splitRuleOf(campaign),
      issues,
      plan,
      expectedSeconds,
      targetStepSeconds,
      command: `longrun ${process.argv.slice(2).join(" ")}`,
      machine,
    };
    record.append({ run: null, kind: "campaign-planned", data: { specHash, plan: stored } });
  }
  tell({ kind: "planned", plan, machine, expectedSeconds, sourceBytes: bytes });
  return plan;
}

function splitRuleOf({ corpus: { holdOut, passageBytes } }: Campaign): string {
  const pattern = holdOut.pattern
    ? `, and every document of ${holdOut.pattern.source} whose name matches ${holdOut.pattern.documents}`
    : "";
  return `${100 * holdOut.fraction} % of the passages of about ${passageBytes} bytes of each source, by a hash of their content${pattern}`;
}

/** A time budget becomes compute by the speed that the estimate itself measures: plan, time the plan, correct, once more. */
async function planAnew(campaign: Campaign, { machine }: Context, bytes: number | null) {
  const { budget } = campaign;
  let flops =
    budget.kind === "flops" ? budget.flops : budget.seconds * machine.numThreads * ASSUMED_FLOPS_PER_THREAD;
  for (let round = 0; ; round++) {
    const plan = planCampaign(campaign, flops);
    refuseTooLittleMemory(machine, plan);
    const estimates = await estimatePlan(plan, machine);
    const overhead = OVERHEAD_SECONDS + (bytes ?? 0) / PREPARE_BYTES_PER_SECOND;
    const expectedSeconds = estimates.trainingSeconds + overhead;
    if (budget.kind === "flops" || round === BUDGET_ROUNDS) {
      return { plan, expectedSeconds, targetStepSeconds: estimates.target.stepSeconds };
    }
    flops *= Math.max(0.1, budget.seconds - overhead) / estimates.trainingSeconds;
  }
}

/** First guess of what a thread sustains; corrected by measurement. */
const ASSUMED_FLOPS_PER_THREAD = 60e9;
const BUDGET_ROUNDS = 2;
/** Timing the plan twice, fitting, exporting, sampling, drawing the report. */
const OVERHEAD_SECONDS = 12;
/** Reading, cleaning, learning a tokenizer and encoding, on one core. */
const PREPARE_BYTES_PER_SECOND = 5e6;

/** Before anything of the target's size is allocated, even to time it. */
function refuseTooLittleMemory({ memoryBytes }: Machine, { target: { spec } }: Plan): void {
  const { shape, batchSequences, sequenceLength, optimiser } = spec;
  const { numFloats } = trainingPrograms(shape, { batch: batchSequences, sequenceLength }, optimiser);
  const needed = 4 * numFloats + PROCESS_BYTES;
  if (needed <= memoryBytes) return;
  throw new UserError(
    `the target needs ${formatBytes(needed)} of memory (width ${shape.width}, ${batchSequences} sequences a batch), the machine has ${formatBytes(memoryBytes)}`,
    "a target that fits into memory",
    "lower --budget, or recipe.sequenceLength in the campaign file",
  );
}

/** A process of ours beside its arena. */
const PROCESS_BYTES = 2e8;

/** Seconds that stages and runs of all launches took together, from the record. */
export function secondsOfWork({ record }: Pick<Context, "record">): number {
  return record.events.reduce(
    (sum, event) => sum + (event.kind === "stage-finished" ? event.data.seconds : 0),
    0,
  );
}

/** Of the stages before the target, each as it was last done. */
function secondsBeforeTarget(events: readonly RecordEvent[]): number {
  const secondsOf = (stage: Stage) => {
    const event = events.findLast(
      (candidate) => candidate.kind === "stage-finished" && candidate.data.stage === stage,
    );
    return event?.kind === "stage-finished" ? event.data.seconds : 0;
  };
  return secondsOf("prepare") + secondsOf("ladder") + secondsOf("fit");
}
