/** @file The main job: a campaign from file to verdict, stage by stage; called again, it goes on. */

import type { Manifest } from "../corpus/manifest.ts";
import { Interrupted, UserError } from "../errors.ts";
import { type EndFacts, notifying } from "../fleet/account/notify.ts";
import type { Policy } from "../fleet/decide/policy.ts";
import { finishedSummary } from "../fleet/recorded-run.ts";
import type { SlurmJob } from "../fleet/slurm/allocation.ts";
import { inJob, openRecordFor } from "../fleet/slurm/recorded-job.ts";
import { torchPlaceFor } from "../fleet/trainer.ts";
import { thisMachine } from "../machine/this-machine.ts";
import { damageText } from "../record/custody.ts";
import type { EventDraft, RecordEvent } from "../record/events.ts";
import { makeFolder } from "../record/files.ts";
import { workspaceOf } from "../record/workspace.ts";
import type { FeatureFacts, ScoredRow } from "../report/data.ts";
import { formatSeconds } from "../units/print.ts";
import { accountOf } from "./account/account.ts";
import { lockOf } from "./account/history.ts";
import { secondsOfWork } from "./account/work-time.ts";
import { writeReport } from "./account/write-report.ts";
import type { Budget } from "./budget.ts";
import type { CampaignEvent, Context } from "./context.ts";
import { planned, sourceBytes } from "./planning/make-plan.ts";
import type { Plan } from "./planning/plan.ts";
import { loadCampaign } from "./spec.ts";
import { features as featuresStage } from "./stages/features.ts";
import { type FitResult, fit as fitStage } from "./stages/fit.ts";
import { accept, gate, lastChecks } from "./stages/gate.ts";
import type { Acceptance, GateDecision } from "./stages/gate-rule.ts";
import { ladder as ladderStage, targetName } from "./stages/ladder.ts";
import { prepare } from "./stages/prepare.ts";
import { target as targetStage } from "./stages/target.ts";
import { verdict as verdictStage } from "./stages/verdict.ts";
import { placesHere, placesOnNodes } from "./where.ts";

/** Which campaign, where, on which budget. */
export type LaunchOptions = {
  /** The campaign file. */
  readonly path: string;
  /** Where the campaign lives; `runs/<name>` when left out. */
  readonly folder?: string | undefined;
  /** Instead of the file's. */
  readonly budget?: Budget | undefined;
  readonly accept?: Acceptance | undefined;
  /** Of a campaign in PyTorch: ranks of each run that gets all threads, 1 unless given; the interpreter. */
  readonly numRanks?: number | undefined;
  readonly python?: string | undefined;
  /** Places beyond those that its runs need, to take over from one that fails; 0 unless given. */
  readonly numSpares?: number | undefined;
  /** A program and its arguments that is told of incidents and of the end (docs/fleet.md). */
  readonly notify?: readonly string[] | undefined;
  /** What decisions about failures turn on, instead of what holds (fleet/policy.ts). */
  readonly policy?: Policy | undefined;
  /** Nodes of a job, over which its runs are spread; this machine unless given. */
  readonly allocation?: SlurmJob | undefined;
  readonly signal: AbortSignal;
  tell(event: CampaignEvent): void;
};

/** The verdict, or why there is none. */
export type LaunchResult =
  | {
      readonly kind: "finished";
      readonly verdict: readonly ScoredRow[];
      readonly reach: number;
      /** Work of the whole campaign, all launches together. */
      readonly seconds: number;
      readonly peakBytes: number;
      /** What became of the changes on trial. */
      readonly features: readonly FeatureFacts[];
      readonly report: string;
      readonly sample: string;
      readonly head: string;
    }
  | { readonly kind: "held" | "stopped"; readonly reason: string; readonly id: string | null };

/** Runs a campaign to its verdict, or to a hold; called again, it goes on where it stopped. */
export async function launch(options: LaunchOptions): Promise<LaunchResult> {
  const { campaign: written, baseFolder } = loadCampaign(options.path);
  const campaign = options.budget ? { ...written, budget: options.budget } : written;
  const { numRanks, numSpares = 0, python } = options;
  if (campaign.trainer === "torch") refuseTimeBudget(campaign.budget);
  const torch = await torchPlaceFor(campaign.trainer, { numRanks, python });
  const workspace = workspaceOf(campaign.name, options.folder);
  // Refuses a missing or empty source before anything is written.
  sourceBytes({ campaign, baseFolder });
  makeFolder(workspace.folder);
  using record = await openRecordFor(workspace.folder, options.allocation);
  for (const warning of record.warnings) options.tell({ kind: "text", text: warning });
  const machine = thisMachine(workspace.folder);
  const where = { folder: workspace.folder, machine, torch, numSpares };
  const common = {
    campaign,
    baseFolder,
    workspace,
    record,
    machine,
    torch,
    policy: options.policy,
    signal: options.signal,
    tell: options.tell,
  };
  const { allocation } = options;
  const work = async () => {
    await using places = allocation ? await placesOnNodes(allocation, where) : placesHere(where);
    return await stages({ ...common, leases: places.leases }, options.accept);
  };
  // A second Ctrl-C ends the process here and now; what is appended is on the disk at once.
  const onExit = () => {
    if (options.signal.aborted) record.append(interrupted("at once, by a second Ctrl-C"));
  };
  process.once("exit", onExit);
  try {
    const { folder } = workspace;
    const warn = (text: string) => options.tell({ kind: "text", text });
    const command = options.notify ?? null;
    const told = () => notifying(record, { command, folder, warn }, work, endOf);
    return allocation ? await inJob(record, allocation, options.signal, told) : await told();
  } catch (error) {
    if (error instanceof Interrupted || options.signal.aborted)
      record.append(interrupted((error as Error).message));
    throw error;
  } finally {
    process.off("exit", onExit);
  }
}

/** What a second buys is known of the builtin engine alone before anything is spent. */
function refuseTimeBudget(budget: Budget): void {
  if (budget.kind === "flops") return;
  throw new UserError(
    `a budget of ${formatSeconds(budget.seconds)} for a campaign in PyTorch`,
    "one of compute, such as 30TFLOP",
    "give --budget, or change budget in the campaign file",
  );
}

const endOf = (result: LaunchResult): EndFacts =>
  result.kind === "finished"
    ? { how: "finished", text: `the verdict is in ${result.report}` }
    : { how: result.kind, text: result.reason };

const interrupted = (reason: string): EventDraft<"interrupted"> => ({
  run: null,
  kind: "interrupted",
  data: { reason },
});

async function stages(context: Context, acceptance: Acceptance | undefined): Promise<LaunchResult> {
  const beganAt = performance.now();
  const { record, workspace } = context;
  if (acceptance) refuseEarlyAcceptance(acceptance, record.events);
  const plan = await planned(context);
  const manifest = await prepare(context, plan);
  const runs = await ladderStage(context, plan, manifest);
  await featuresStage(context, plan, manifest, runs);
  const name = targetName(plan, manifest, runs);
  const fit = await fitStage(context, plan, manifest, runs, name);
  const lock = lockOf(record.events, name);
  if (lock) context.tell({ kind: "locked", head: lock.headHash, sequence: lock.sequence });
  const done = finishedSummary(record.events, name) !== null;
  if (done && acceptance)
    context.tell({ kind: "text", text: `nothing is held: ${name} has been trained, the verdict stands` });
  const held = done
    ? null
    : passGate(context, gateFor(context, plan, manifest, fit, name, beganAt), name, acceptance);
  if (held) {
    await writeReport(workspace.folder);
    return held;
  }
  const summary = await targetStage(context, plan, manifest, fit, name);
  const { sample } = await verdictStage(context, plan, manifest, name, summary);
  const { path: report, damaged } = await writeReport(workspace.folder);
  for (const file of damaged) context.tell({ kind: "text", text: damageText(file) });
  const { campaign, verdict, features } = accountOf(workspace.folder);
  return {
    kind: "finished",
    verdict,
    reach: plan.reach,
    seconds: campaign.seconds,
    peakBytes: Math.max(campaign.peakBytes ?? 0, process.resourceUsage().maxRSS * 1024),
    features,
    report,
    sample: sample.prompt + sample.text,
    head: record.head,
  };
}

/** The gate's decision as of now, whenever it is asked. */
function gateFor(
  context: Context,
  plan: Plan,
  manifest: Manifest,
  fit: FitResult,
  name: string,
  beganAt: number,
): () => GateDecision {
  const { budget } = context.campaign;
  // What an earlier launch has done is spent too.
  const spent = Math.max(
    (performance.now() - beganAt) / 1000,
    secondsOfWork(context.record.events, ["prepare", "ladder", "features", "fit"]),
  );
  const secondsLeft = budget.kind === "seconds" ? budget.seconds - spent : null;
  return () => gate(context, plan, manifest, fit, name, secondsLeft);
}

/** Before anything is spent: a hold that nobody has read cannot be lifted. */
function refuseEarlyAcceptance({ id }: Acceptance, events: readonly RecordEvent[]): void {
  if (events.some((event) => event.kind === "decision" && event.data.about === "gate")) return;
  throw new UserError(
    `--accept ${id}, but nothing is held: the gate has not decided yet`,
    "a hold that stands",
    "launch without --accept; where the gate holds, it says why and how to go on",
  );
}

/** Null where the target may start. A target that has been trained is past every gate. */
function passGate(
  context: Context,
  decide: () => GateDecision,
  name: string,
  acceptance: Acceptance | undefined,
): LaunchResult | null {
  const before = lastChecks(context.record.events, name);
  let decision = decide();
  if (acceptance) {
    accept(context, acceptance, decision, before, name);
    decision = decide();
  }
  context.tell({ kind: "gate", decision });
  if (decision.decision === "go") return null;
  const deciding = decision.checks.find((check) => check.decision === decision.decision && !check.accepted);
  const kind = decision.decision === "hold" ? "held" : "stopped";
  return { kind, reason: decision.reason, id: deciding?.id ?? null };
}
