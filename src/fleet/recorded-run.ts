/** @file One run in a process of its own, recorded: finished, it is not trained anew; stopped, it goes on. */

import { relative } from "node:path";
import { assert, Interrupted, UserError } from "../errors.ts";
import { environmentOf, type Machine } from "../machine/this-machine.ts";
import { filesWritten } from "../record/custody.ts";
import {
  type EventDraft,
  type EventKind,
  type EventOf,
  eventsOf,
  type RecordEvent,
} from "../record/events.ts";
import { sha256 } from "../record/files.ts";
import { parseStored } from "../record/read-back.ts";
import type { RecordWriter } from "../record/record.ts";
import { maskedWithin } from "../record/secrets.ts";
import { checkpointsFolder, isDraining, seriesFolder, type Workspace } from "../record/workspace.ts";
import { listCheckpoints, stateFile } from "../train/checkpoint.ts";
import type { PlannedRun } from "../train/planned-run.ts";
import type { RunEvent } from "../train/run-event.ts";
import { type RunSummary, runSummarySchema } from "../train/summary.ts";
import { attemptStart } from "./attempt-start.ts";
import type { Backend } from "./backend.ts";
import { builtinJob, knownCheckpoints } from "./builtin-job.ts";
import { standingOf } from "./certify/certificates.ts";
import { Certifier } from "./certify/certifier.ts";
import type { Repeats } from "./certify/replayed-steps.ts";
import type { Decision, Failure } from "./decide/decide.ts";
import { DAMAGED_CHECKPOINT, INCIDENT_NAMES, LEFT_OUT } from "./decide/incident-names.ts";
import type { LeftOut, PlaceFacts } from "./decide/places.ts";
import { machineOf } from "./decide/places.ts";
import type { Policy } from "./decide/policy.ts";
import { sightingText } from "./decide/sighting.ts";
import { PlacesUsedUp } from "./places/placing.ts";
import { placesBefore, rememberPlace } from "./places/run-places.ts";
import type { AttemptStart, RunTask } from "./run-task.ts";
import { type RunJob, type RunOutcome, supervise } from "./supervise.ts";
import { type TorchPlace, torchJob } from "./torch/torch-job.ts";

/** What training one run needs. */
export type RunContext = {
  readonly record: RecordWriter;
  readonly workspace: Workspace;
  readonly machine: Machine;
  readonly backend: Backend;
  /** Null where no run is trained in PyTorch. */
  readonly torch: TorchPlace | null;
  /** Instead of the one that holds. */
  readonly policy?: Policy | undefined;
  readonly signal: AbortSignal;
  tell(notice: RunNotice): void;
};

/** What a run tells on its way. */
export type RunNotice =
  | { readonly kind: "run"; readonly run: PlannedRun; readonly event: RunEvent }
  | { readonly kind: "text"; readonly text: string };

/** A planned run with the threads it gets. */
export type Placed = {
  readonly run: PlannedRun;
  readonly numThreads: number;
};

/** The builtin engine repeats a step to the bit, whatever the number of threads. */
const BUILTIN_REPEATS: Repeats = { mostApart: 0, forSteps: Number.POSITIVE_INFINITY };
/**
 * PyTorch adds up in another order on other ranks, and on GPUs from time to time. Measured on one rank and on
 * two, losses are up to 1e-7 apart in float32 and 4e-5 in bf16 over 16 steps, 1e-7 and 5e-4 over 50, a
 * hundredth and more over 400 (docs/log.md).
 */
const TORCH_REPEATS: Repeats = { mostApart: 1e-3, forSteps: 32 };

/** Checkpoints of a run may take this share of the free disk. */
const DISK_SHARE = 0.25;

/**
 * The name of a run in the record and on disk: equal names are equal runs, whatever became of the campaign
 * file in between.
 * @param ground what else the run stands on: the corpus, and for a target the ladder that its bet is made
 * from
 */
export function runName(run: PlannedRun, ground: string): string {
  return `${run.name}.${sha256(JSON.stringify([run.spec, ground])).slice(0, 8)}`;
}

/** The summary of a run that the record knows as finished. */
export function finishedSummary(events: readonly RecordEvent[], name: string): RunSummary | null {
  const finished = eventsOf(events, "run-finished", name).at(-1);
  return finished ? parseStored(runSummarySchema, finished.data.summary, `the summary of run ${name}`) : null;
}

/**
 * Writes down the machine and the software where they differ from what the record knows.
 * @param trainer the versions of what trains, where that is not longrun itself
 */
export function recordEnvironment(
  { record, machine }: Pick<RunContext, "record" | "machine">,
  trainer: Readonly<Record<string, string>> = {},
): void {
  const own = environmentOf(machine);
  const environment = { ...own, versions: { ...own.versions, ...trainer } };
  const last = record.events.findLast(({ kind }) => kind === "environment");
  if (JSON.stringify(last?.data) !== JSON.stringify(environment))
    record.append({ run: null, kind: "environment", data: environment });
}

/** Trains to the end, from where an earlier process stopped. `onEvent` sees every event as it comes. */
export async function trainPlanned(
  context: RunContext,
  { run, numThreads }: Placed,
  name: string,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<RunSummary> {
  const { record, workspace, machine, signal, tell } = context;
  const earlier = finishedSummary(record.events, name);
  if (earlier) return earlier;
  const task: RunTask = {
    name,
    spec: run.spec,
    folder: workspace.folder,
    corpusFolder: workspace.corpus,
    numThreads,
    instructionSet: machine.instructionSet,
    checkpointBytes: Math.floor(DISK_SHARE * machine.freeDiskBytes),
  };
  const watcher = {
    onEvent(event: RunEvent, at: PlaceFacts) {
      if (event.kind === "started") recordEnvironment(context, event.versions);
      for (const draft of draftsOf(record.events, task, event, at)) record.append({ run: name, ...draft });
      tell({ kind: "run", run, event });
      onEvent(event);
    },
    onFailure(failure: Failure, decision: Decision, detectionSeconds: number) {
      if (decision.action === "nothing" && isKnown(record.events, name, failure)) return;
      record.append({ run: name, ...incidentOf(failure, decision, detectionSeconds) });
      tell({ kind: "text", text: `${run.name}: ${sightingText(failure.sighting)}; ${decision.reason}` });
      if (decision.action !== "nothing") rememberPlace(context, name, failure);
    },
    onLeftOut(response: LeftOut) {
      if (hasToldOf(record.events, response)) return;
      const { kind, data } = incident(LEFT_OUT, { place: response.place }, "info");
      record.append({ run: name, kind, data: { ...data, response } });
      tell({ kind: "text", text: `${run.name}: ${response.reason}` });
    },
  };
  const predicted = eventsOf(record.events, "prediction", name);
  const planned = jobOf(task, context, () => attemptStart(record.events, name));
  const policy = context.policy ?? planned.policy;
  const { certifiedAfterSteps: afterSteps } = policy;
  const repeats = run.spec.torch === undefined ? BUILTIN_REPEATS : TORCH_REPEATS;
  const { folder } = workspace;
  await using certifier = new Certifier({ record, folder, run: name, afterSteps, repeats });
  const job = {
    ...planned,
    policy,
    ...placesBefore(context, name, policy),
    certifier,
    checkpoints: () => knownCheckpoints(task, certifiedSteps(record.events, name)),
    plannedStepSeconds: predicted.findLast(({ data }) => data.quantity === "step time")?.data.hi,
  };
  const outcome = await supervise(job, context.backend, watcher, signal);
  if (outcome.kind === "stopped")
    throw new Interrupted(`${isDraining(workspace.folder) ? "drained, " : ""}in run ${run.name}`);
  if (outcome.kind === "held") throw heldError(run, outcome);
  assert(outcome.kind === "finished", "a run of ours leaves a summary");
  return outcome.summary;
}

/** Each run of a campaign leaves it out anew. */
const hasToldOf = (events: readonly RecordEvent[], { reason }: LeftOut) =>
  eventsOf(events, "incident").some(({ data }) => data.what === LEFT_OUT && data.response?.reason === reason);

const certifiedSteps = (events: readonly RecordEvent[], run: string) =>
  new Set(
    standingOf(events, run).checkpoints.flatMap(({ step, isCertified }) => (isCertified ? [step] : [])),
  );

/** By the trainer that its specification names. */
function jobOf(task: RunTask, { torch }: RunContext, start: () => AttemptStart): RunJob {
  if (task.spec.torch === undefined) return builtinJob(task, start);
  assert(torch !== null, "a run in PyTorch has a Python");
  return torchJob(task, start, torch);
}

function heldError(run: PlannedRun, { failure, reason }: Extract<RunOutcome, { readonly kind: "held" }>) {
  const { sighting } = failure;
  if (sighting.kind === "diverged")
    return new UserError(
      `run ${run.name} diverged at step ${sighting.step}: ${sightingText(sighting)}`,
      "a loss that falls",
      lowerLearningRate(run),
    );
  if (sighting.kind === "place")
    return new PlacesUsedUp(
      `run ${run.name}: ${sightingText(sighting)}`,
      "a spare for it",
      `${reason}. Give the same command again once it is well, or with other places`,
      [machineOf(sighting.place)],
    );
  return new UserError(
    `run ${run.name}: ${sightingText(sighting)}`,
    "a process that lives to the end of its run",
    `${reason}. Check memory and disk (\`longrun doctor\`), then give the same command again: ` +
      "it goes on from the last checkpoint",
  );
}

/** A supervisor that adopts a run sees again what an earlier one has noted. */
function isKnown(events: readonly RecordEvent[], run: string, { sighting }: Failure): boolean {
  const step = "step" in sighting ? sighting.step : null;
  // A step may be done again more than once.
  const attempt = "attempt" in sighting ? sighting.attempt : undefined;
  return eventsOf(events, "incident", run).some(({ data: { what, evidence } }) => {
    const known = evidence as { readonly seenStep?: number; readonly attempt?: number };
    const isSame = known.seenStep === step && known.attempt === attempt;
    return what === INCIDENT_NAMES[sighting.kind] && step !== null && isSame;
  });
}

/** A failure as the record keeps it. */
export function incidentOf({ sighting, step }: Failure, response: Decision, detectionSeconds: number) {
  const { kind: _, ...evidence } = sighting;
  const severity = response.action === "hold" ? "critical" : "warning";
  // The step that it is about, beside the one that the run had come to when it was seen.
  const seenStep = "step" in sighting ? { seenStep: sighting.step } : {};
  // What ends no attempt costs none of its time.
  const cost = response.action === "nothing" ? {} : { detectionSeconds };
  const facts = { ...maskedWithin(evidence), ...seenStep, step, ...cost };
  const { kind, data } = incident(INCIDENT_NAMES[sighting.kind], facts, severity);
  return { kind, data: { ...data, response } };
}

/** By the key that the user's own file has for it. */
function lowerLearningRate({ spec: { role, optimiser } }: PlannedRun): string {
  const now = `(now ${optimiser.learningRate})`;
  if (role === "single") return `lower run.optimiser.learningRate ${now} in the run file`;
  return (
    `lower recipe.learningRate ${now} in the campaign file, or the learningRate of the feature that sets it; ` +
    "runs that are finished stay finished"
  );
}

/** An event for the record, but for its run. */
export type RunDraft = { readonly [K in EventKind]: Omit<EventDraft<K>, "run"> }[EventKind];

/** What the record keeps of an event of the run. An adopted process says again what was said before. */
export function draftsOf(
  events: readonly RecordEvent[],
  { name, spec, numThreads, folder }: Pick<RunTask, "name" | "numThreads" | "folder"> & { spec: object },
  event: RunEvent,
  at: PlaceFacts,
): readonly RunDraft[] {
  const started = eventsOf(events, "run-started", name).at(-1);
  const since = started ? events.slice(started.sequence + 1).filter(({ run }) => run === name) : [];
  switch (event.kind) {
    case "started": {
      const { attempt, fromStep, exact, damaged, seconds } = event;
      if (started?.data.attempt === attempt) return [];
      const startSeconds = seconds === undefined ? {} : { startSeconds: seconds };
      // Failures of this run's own come in the record.
      const placeHistory = started || at.placeHistory.length === 0 ? {} : { placeHistory: at.placeHistory };
      const where = { places: at.places, numSpares: at.numSpares, ...placeHistory };
      const run = { attempt, fromStep, exact, numThreads, spec: started ? null : spec };
      const data = { ...run, ...startSeconds, ...where };
      return [
        { kind: "run-started", data },
        ...damaged.map((found) => incident(DAMAGED_CHECKPOINT, { ...found }, "warning")),
      ];
    }
    case "checkpoint": {
      const { kind: _, path: __, ...data } = event;
      const isKnown = eventsOf(since, "checkpoint-written").some((known) => known.data.step === data.step);
      return isKnown ? [] : [{ kind: "checkpoint-written", data }];
    }
    case "stopped": {
      if (eventsOf(since, "interrupted").length > 0) return [];
      return [{ kind: "interrupted", data: { reason: stoppedText(folder, event.step) } }];
    }
    case "finished": {
      const { kind, data } = filesOfRun(folder, name);
      return [
        { kind, data },
        { kind: "run-finished", data: { summary: event.summary } },
      ];
    }
    case "noticed": {
      const { what, evidence, severity } = event;
      const isKnown = eventsOf(since, "incident").some(({ data }) => data.what === what);
      return isKnown ? [] : [incident(what, maskedWithin(evidence), severity)];
    }
    case "ended":
    case "diverged":
    case "corrupted":
    case "disagreed":
    case "step":
    case "evaluating":
      return [];
  }
}

/** What the record says of a run that was asked to stop. */
export const stoppedText = (folder: string, step: number) =>
  `${isDraining(folder) ? "drained" : "asked to stop"}; checkpoint at step ${step}`;

/** Its curves, and the last checkpoint by the file that holds the hashes of the others. */
function filesOfRun(folder: string, name: string): EventDraft<"files-written"> {
  const state = stateFile(listCheckpoints(checkpointsFolder(folder, name)).at(-1)!.path);
  return filesWritten(
    folder,
    "run",
    name,
    [seriesFolder(folder, name), state].map((path) => relative(folder, path)),
  );
}

function incident(
  what: string,
  evidence: object,
  severity: EventOf<"incident">["data"]["severity"],
): Omit<EventDraft<"incident">, "run"> {
  return { kind: "incident", data: { what, evidence, severity } };
}
