/** @file A run of the builtin engine as a job: one process, on all the threads that it was given. */

import { hostname } from "node:os";
import { extname, join } from "node:path";
import type { RunTask } from "./run-task.ts";
import type { RunJob } from "./supervise.ts";

/** TypeScript in a clone, compiled in a package. */
const WORKER = join(import.meta.dirname, `worker${extname(import.meta.filename)}`);

/** One process; its task says the rest. */
export function builtinJob(task: RunTask): RunJob {
  return {
    folder: task.folder,
    run: task.name,
    task: (attempt) => ({ ...task, attempt }),
    processes: () => [{ rank: 0, place: hostname(), program: { kind: "warm", command }, environment: {} }],
  };
}

/** Garbage is little and short-lived; without a bound its pages vary a run's memory by 30 MB. */
const command = [process.execPath, "--max-semi-space-size=2", WORKER];
