/** @file What Slurm itself says of the jobs of a folder, as `squeue --json` prints it. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.ts";
import { slurm } from "./slurm-command.ts";
import { scriptOf } from "./submit.ts";

/** A job as Slurm has it: queued, under way, or ended a few minutes ago at most. */
export type QueuedJob = {
  readonly job: string;
  /** In Slurm's words: PENDING, RUNNING, COMPLETED, NODE_FAIL ... */
  readonly state: string;
  /** Why it waits, in Slurm's words; null: it does not say. */
  readonly reason: string | null;
  readonly restarts: number;
  /** When it began, or when Slurm expects it to; null: it does not say. */
  readonly beginsAt: string | null;
};

/** It has nodes, and what runs there has not ended. */
export const isUnderWay = ({ state }: QueuedJob) =>
  /^(RUNNING|COMPLETING|SUSPENDED|STOPPED|CONFIGURING|SIGNALING|STAGE_OUT)$/.test(state);

/** Null for `jobs`: Slurm does not answer here. */
export type SlurmsWord =
  | { readonly jobs: readonly QueuedJob[]; readonly silence: null }
  | { readonly jobs: null; readonly silence: string };

/** After which Slurm is taken for silent: it tries for a minute by itself. */
const MOST_SECONDS = 10;

/** v0.0.38 has plain values where later versions say of each whether it is set, and lists of states. */
const count = z.union([z.number(), z.object({ number: z.number() }).transform(({ number }) => number)]);
const state = z.union([z.string(), z.array(z.string()).min(1)]).transform((each) => [each].flat()[0]!);
const queueSchema = z.object({
  jobs: z.array(
    z.object({
      job_id: z.number(),
      job_state: state,
      state_reason: z.string(),
      restart_cnt: z.number(),
      start_time: count,
      command: z.string(),
    }),
  ),
});

/** Whether a job of Slurm's has ever been queued for a folder. */
export const wasQueued = (folder: string): boolean => existsSync(scriptOf(folder));

/**
 * The jobs that were queued for a folder, and these.
 * @param known numbers of jobs that its record tells of
 */
export async function askSlurm(folder: string, known: readonly string[]): Promise<SlurmsWord> {
  try {
    return { jobs: jobsOf(await slurm("squeue", ["--json"], MOST_SECONDS), folder, known), silence: null };
  } catch (error) {
    if (error instanceof UserError) return { jobs: null, silence: error.found };
    throw error;
  }
}

/** @param text what `squeue --json` prints: of all jobs there are, whatever it was asked for (22.05) */
export function jobsOf(text: string, folder: string, known: readonly string[]): readonly QueuedJob[] {
  const script = scriptOf(resolve(folder));
  return queueSchema.parse(JSON.parse(text)).jobs.flatMap((each) => {
    const job = String(each.job_id);
    const isOurs = each.command === script || each.command.startsWith(`${script} `);
    if (!isOurs && !known.includes(job)) return [];
    const { job_state: state, state_reason: reason, restart_cnt: restarts } = each;
    return [
      {
        job,
        state,
        reason: reason === "None" ? null : reason,
        restarts,
        beginsAt: dateOf(each.start_time),
      },
    ];
  });
}

const dateOf = (seconds: number) => (seconds === 0 ? null : new Date(1000 * seconds).toISOString());
