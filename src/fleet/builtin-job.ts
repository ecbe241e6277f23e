/** @file A run of the builtin engine as a job: one process, on all the threads that it was given. */

import { extname, join } from "node:path";
import { listCheckpoints } from "../train/checkpoint.ts";
import { runCheckpoints } from "../train/state.ts";
import type { KnownCheckpoint } from "./decide/decide.ts";
import { DEFAULT_POLICY } from "./decide/policy.ts";
import type { AttemptStart, RunTask } from "./run-task.ts";
import type { RunJob } from "./supervise.ts";

/** TypeScript in a clone, compiled in a package. */
const WORKER = join(import.meta.dirname, `worker${extname(import.meta.filename)}`);

/**
 * One process; its task says the rest.
 * @param start what was decided before the next attempt, as the record has it
 */
export function builtinJob(task: RunTask, start: () => AttemptStart): RunJob {
  return {
    folder: task.folder,
    run: task.name,
    policy: DEFAULT_POLICY,
    numPlaces: 1,
    task: (attempt) => ({ ...task, attempt, ...start() }),
    checkpoints: () => knownCheckpoints(task),
    processes: (_, [place]) => [
      { rank: 0, place: place!, program: { kind: "warm", command }, environment: {} },
    ],
  };
}

/**
 * Those that an attempt can be told to start from: the start of the run, and what lies on the disk or in
 * memory.
 * @param certified steps of those that the record certifies
 */
export function knownCheckpoints(
  task: RunTask,
  certified: ReadonlySet<number> = new Set(),
): readonly KnownCheckpoint[] {
  const steps = listCheckpoints(...Object.values(runCheckpoints(task))).map(({ step }) => step);
  return [0, ...steps].map((step) => ({ step, isCertified: certified.has(step) }));
}

/** Garbage is little and short-lived; without a bound its pages vary a run's memory by 30 MB. */
const command = [process.execPath, "--max-semi-space-size=2", WORKER];
