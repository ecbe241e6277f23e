/** @file Ends the jobs of Slurm's that carry a folder, or wait to, from any machine that Slurm answers. */

import { rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../record/files.ts";
import { drainFile } from "../../record/workspace.ts";
import { slurm } from "../slurm/slurm-command.ts";
import { jobsOfFolder } from "./folder-jobs.ts";
import type { JobRow } from "./job-status.ts";
import { newestStep, type Stopped, type StopWhen } from "./stop.ts";

/** Each of them, and whether it had begun. */
export type StoppedJobs = {
  readonly jobs: readonly { readonly job: string; readonly hadBegun: boolean }[];
  readonly runs: Stopped["runs"];
};

const POLL_MS = 1000;

/**
 * Asks for it, and resolves when none is left. One that waits is cancelled.
 * @returns null where there is none
 */
export async function stopJobs(
  folder: string,
  when: StopWhen,
  onWait: (jobs: readonly JobRow[]) => void,
  signal: AbortSignal,
): Promise<StoppedJobs | null> {
  const stopped = new Map<string, JobRow>();
  for (;;) {
    const living = await livingJobs(folder);
    // Each time: a job that begins takes the wish for one that was meant for its predecessor.
    if (when === "checkpoint" && living.some(({ state }) => state === "running"))
      writeFileAtomic(drainFile(folder), `${JSON.stringify({ since: new Date().toISOString() })}\n`);
    for (const row of living) {
      const known = stopped.get(row.job);
      if (known?.state === row.state) continue;
      await tellSlurm(row, when);
      stopped.set(row.job, known?.state === "running" ? known : row);
    }
    if (living.length === 0) break;
    onWait(living);
    await setTimeout(POLL_MS, undefined, { signal });
  }
  if (stopped.size === 0) return null;
  rmSync(drainFile(folder), { force: true });
  const rows = [...stopped.values()];
  const runs = [...new Set(rows.flatMap(({ attempts }) => attempts.map(({ run }) => run)))];
  return {
    jobs: rows.map(({ job, state }) => ({ job, hadBegun: state === "running" })),
    runs: runs.map((run) => ({ run, checkpointStep: newestStep(folder, run) })),
  };
}

async function livingJobs(folder: string): Promise<readonly JobRow[]> {
  const status = await jobsOfFolder(folder);
  if (status?.mayHaveMore)
    throw new UserError(
      `a job may carry ${folder}, or wait to, and Slurm does not answer here: ${status.slurmIsSilent}`,
      "a machine on which Slurm answers, so that it can be told",
      "give the same command on a login node of the cluster, or once Slurm answers again",
    );
  return status?.jobs.filter(({ state }) => state === "running" || state === "waiting") ?? [];
}

async function tellSlurm({ job, state }: JobRow, when: StopWhen): Promise<void> {
  const scancel = (...words: readonly string[]) => slurm("scancel", ["--quiet", ...words, job]);
  if (state === "waiting") await scancel();
  // To the supervisor alone, which passes on what it has to.
  else if (when === "step") await scancel("--batch", "--signal=TERM");
  else if (when === "now") await scancel("--batch", "--signal=KILL");
}
