/** @file A run through whatever befalls it, from start to end: started, watched, restarted by decide.ts. */

import { existsSync } from "node:fs";
import { makeFolder, writeFileAtomic } from "../record/files.ts";
import { seriesPath } from "../record/series.ts";
import { isDraining, nextAttempt, runFolder } from "../record/workspace.ts";
import type { RunEvent } from "../train/run-event.ts";
import type { RunSummary } from "../train/summary.ts";
import type { Attempt, Backend, ProcessLaunch } from "./backend.ts";
import { type Decision, decideRecovery, type Failure, type KnownCheckpoint } from "./decide/decide.ts";
import type { LeftOut, PlaceDecision, PlaceFacts, PlaceIncident } from "./decide/places.ts";
import type { Policy } from "./decide/policy.ts";
import type { Sighting } from "./decide/sighting.ts";
import { SilenceSeen } from "./hang/silence.ts";
import { Notices } from "./notice/notices.ts";
import type { SeriesRow } from "./notice/step-row.ts";
import { Placing } from "./places/placing.ts";
import { attemptFolder, readFence, taskFile, writeFence, writeProcesses } from "./process/attempt-folder.ts";
import { type Scored, SpoolReader } from "./process/spool.ts";
import { watchAttempt } from "./watch-attempt.ts";

/** How a run ended for good. */
export type RunOutcome =
  | { readonly kind: "finished"; readonly summary: RunSummary }
  /** A command, which leaves no summary: its last step, and the loss where it told one. */
  | { readonly kind: "ended"; readonly step: number; readonly loss: number | null }
  | { readonly kind: "stopped" }
  | { readonly kind: "held"; readonly failure: Failure; readonly reason: string };

/** What is to be run. */
export type RunJob = {
  /** The campaign's folder, and the run's name in it. */
  readonly folder: string;
  readonly run: string;
  /** What the processes of an attempt read as their task: what was decided since is in the record. */
  task(attempt: number): unknown;
  /** How many places it goes on. */
  readonly numPlaces: number;
  /** @param places `numPlaces` of them; fewer where the policy has let the run shrink */
  processes(attempt: number, places: readonly string[]): readonly ProcessLaunch[];
  /** Those that an attempt can be told to start from; left out where a trainer always takes its newest. */
  checkpoints?(): readonly KnownCheckpoint[];
  readonly policy: Policy;
  /** The most that was forecast for a step, where something was. */
  readonly plannedStepSeconds?: number | undefined;
  /** Of earlier runs and campaigns, and earlier launches of this run, oldest first; left out: none. */
  readonly placeHistory?: readonly PlaceIncident[];
  /** What earlier launches of this run have decided; left out: nothing. */
  readonly placeDecisions?: readonly PlaceDecision[];
  /** For processes that do not write their run's series and summary themselves. */
  follow?(attemptFolder: string): Follower;
  /** Certifies its checkpoints, and says which steps came out otherwise when they were done again. */
  readonly certifier?: StepTaker;
  /** A silence that is shorter is none, whatever was learnt: of a program that does not tell its sections. */
  readonly leastSilenceSeconds?: number;
  /** The same, once it was asked to stop. */
  readonly leastStoppingSeconds?: number;
};

/** Takes the numbers of an attempt's steps as they come, after they were looked at; none too, each second. */
export type StepTaker = {
  take(attempt: number, rows: readonly SeriesRow[]): readonly Sighting[];
};

/** Takes over what processes say beside their events. */
export type Follower = Disposable & {
  /** What came since. Before an event of theirs is recorded, `isDue` has it on disk. */
  read(isDue: boolean): void;
  /** What the end of the run came to. */
  finished(scored: Scored): RunEvent;
};

/** Who is told of a run while it lasts. What it throws ends the run, whose next attempt goes on. */
export type RunWatcher = {
  /**
   * One that was told before may be told again, by a process that was adopted.
   * @param at where the run is
   */
  onEvent(event: RunEvent, at: PlaceFacts): void;
  /** A place that the run is not begun on, for what it did to earlier ones. */
  onLeftOut?(place: LeftOut): void;
  /** @param detectionSeconds from its last sign of life, or its end, until all of the attempt was gone */
  onFailure(failure: Failure, decision: Decision, detectionSeconds: number): void;
};

/**
 * Trains a run until it ends for good, or stops after its step when `signal` aborts. Processes that an
 * earlier supervisor has left are adopted, and what they have said since is heard.
 */
export async function supervise(
  job: RunJob,
  backend: Backend,
  watcher: RunWatcher,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const seen = new SilenceSeen(job.leastSilenceSeconds);
  const stopping = () => seen.atLeast(job.leastStoppingSeconds ?? 0);
  signal.addEventListener("abort", stopping, { once: true });
  const notices = new Notices(job.plannedStepSeconds ?? null);
  const failures: Failure[] = [];
  const placing = new Placing(job, backend);
  for (const place of placing.leaveOut()) watcher.onLeftOut?.(place);
  let found = findAttempt(job, backend);
  for (;;) {
    if (found === null && signal.aborted) return { kind: "stopped" };
    const places = found ? found.attempt.places : placing.next();
    const folder = found?.folder ?? newAttempt(job);
    using attempt = found ? found.attempt : await startAttempt(job, backend, folder, places);
    found = null;
    placing.isOn(attempt.places);
    const at = placing.facts;
    using follower = job.follow?.(folder) ?? null;
    const recorded = () => writeFence(runFolder(job.folder, job.run), { ...fenceOf(job)!, isRecorded: true });
    const decide = (failure: Failure) => {
      const [first = failure, ...more] = [...failures, failure];
      const checkpoints = job.checkpoints?.() ?? null;
      return decideRecovery({
        failures: [first, ...more],
        ...placing.facts,
        checkpoints,
        policy: job.policy,
      });
    };
    const noticed = (failure: Failure) => {
      const decision = decide(failure);
      if (decision.action === "nothing") watcher.onFailure(failure, decision, 0);
      return decision.action !== "nothing";
    };
    const drained = drainedBy(job, attempt, (event) => watcher.onEvent(event, at), stopping);
    const number = fenceOf(job)!.attempt;
    const rowsSeen = (rows: readonly SeriesRow[]) => job.certifier?.take(number, rows) ?? [];
    const eyes = { noticed, notices, seriesPath: seriesPath(job.folder, job.run, number), rowsSeen };
    const to = { folder, attempt, seen, watcher: drained, follower, recorded, signal, ...eyes };
    const end = await watchAttempt(to);
    // One that an earlier supervisor, or somebody else, has asked to stop goes on with the next attempt.
    if (end.kind === "stopped" && !signal.aborted && !isDraining(job.folder)) continue;
    if (end.kind !== "failed") return end;
    if (signal.aborted) return { kind: "stopped" };
    const decision = decide(end.failure);
    failures.push(end.failure);
    watcher.onFailure(end.failure, decision, end.detectionSeconds);
    if (decision.action === "hold") return { kind: "held", failure: end.failure, reason: decision.reason };
    placing.decided(decision);
  }
}

/** A trainer that does not look for the wish to drain by itself is asked to stop at its checkpoint. */
function drainedBy(
  { folder }: RunJob,
  attempt: Attempt,
  tell: (event: RunEvent) => void,
  stopping: () => void,
) {
  return {
    onEvent(event: RunEvent) {
      tell(event);
      if (event.kind !== "checkpoint" || !isDraining(folder)) return;
      stopping();
      attempt.signal("SIGTERM");
    },
  };
}

const fenceOf = ({ folder, run }: RunJob) => readFence(runFolder(folder, run));

/** What an earlier supervisor has left running, or ended without anybody to hear its last words. */
function findAttempt(job: RunJob, backend: Backend): { folder: string; attempt: Attempt } | null {
  const fence = fenceOf(job);
  if (fence === null) return null;
  const folder = attemptFolder(job.folder, job.run, fence.attempt);
  const attempt = existsSync(folder) ? backend.adopt(folder) : null;
  if (attempt === null) return null;
  const isOver = attempt.exits.length === attempt.places.length;
  if (!isOver || hasFinished(folder)) return { folder, attempt };
  attempt[Symbol.dispose]();
  return null;
}

function hasFinished(folder: string): boolean {
  using spool = new SpoolReader(folder, 0);
  const last = spool.messages().at(-1)?.kind;
  return last === "finished" || last === "scored" || last === "ended";
}

function newAttempt(job: RunJob): string {
  const number = nextAttempt(job.folder, job.run);
  const folder = attemptFolder(job.folder, job.run, number);
  // From here on whatever is left of the attempt before can write no more.
  writeFence(runFolder(job.folder, job.run), { attempt: number, isRecorded: false });
  makeFolder(folder);
  writeFileAtomic(taskFile(folder), JSON.stringify(job.task(number)));
  return folder;
}

async function startAttempt(job: RunJob, backend: Backend, folder: string, places: readonly string[]) {
  const attempt = await backend.start({ folder, processes: job.processes(fenceOf(job)!.attempt, places) });
  writeProcesses(folder, attempt.processes);
  return attempt;
}
