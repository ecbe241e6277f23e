/** @file A job given to Slurm: its script and log in the run's folder, its number back. */

import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { makeFolder, writeFileAtomic } from "../../record/files.ts";
import { type BatchJob, batchScript, sbatchWords } from "./batch-job.ts";
import { refuseUnreachable } from "./configuration.ts";
import { patiently } from "./patiently.ts";
import { slurm } from "./slurm-command.ts";

/** What a submission came to. */
export type Submitted = { readonly job: string; readonly log: string };

/** By which a job of a folder is known at Slurm. */
export const scriptOf = (folder: string) => join(folder, "slurm.sh");

/** For `sbatch`, to which a % begins a name of its own. */
export const logPattern = (folder: string) => join(folder.replaceAll("%", "%%"), "slurm-%j.log");

/**
 * Queues a command. Throws a UserError where Slurm takes no such job.
 * @param command a program and its arguments; Slurm starts it where this process is
 * @param waiting hears why it takes longer
 */
export async function submit(
  folder: string,
  job: Omit<BatchJob, "log">,
  command: readonly string[],
  waiting: (why: string) => void,
): Promise<Submitted> {
  makeFolder(folder);
  const script = scriptOf(folder);
  writeFileAtomic(script, batchScript(job));
  const words = sbatchWords({ ...job, log: logPattern(folder) }, script, command);
  const number = await queueJob(words, waiting);
  return { job: number, log: join(folder, `slurm-${number}.log`) };
}

/**
 * The number of the job that `sbatch` makes of these words, `--parsable` among them. Throws a UserError with
 * what Slurm said where it takes no such job, now or ever.
 */
export async function queueJob(words: readonly string[], waiting: (why: string) => void): Promise<string> {
  await refuseUnreachable();
  // A job that no node could ever take would else wait for ever.
  await patiently(() => slurm("sbatch", ["--test-only", ...words]), waiting);
  const said = (await patiently(() => slurm("sbatch", words), waiting)).trim();
  // "12;cluster" where there are several.
  const number = /^(\d+)(;.*)?$/.exec(said)?.[1];
  if (number === undefined)
    throw new UserError(
      `sbatch has queued nothing, and says: ${said.split("\n")[0] || "nothing"}`,
      "the number of a job",
      "leave out --sbatch=--test-only, --help and what else keeps it from queuing",
    );
  return number;
}
