/** @file A job given to Slurm: its script and log in the run's folder, its number back. */

import { join } from "node:path";
import { makeFolder, writeFileAtomic } from "../../record/files.ts";
import { type BatchJob, batchScript, sbatchWords } from "./batch-job.ts";
import { slurm } from "./slurm-command.ts";

/** What a submission came to. */
export type Submitted = { readonly job: string; readonly log: string };

/**
 * Queues a command. Throws a UserError with what Slurm said where it takes no such job.
 * @param command a program and its arguments; Slurm starts it where this process is
 */
export async function submit(
  folder: string,
  job: Omit<BatchJob, "log">,
  command: readonly string[],
): Promise<Submitted> {
  makeFolder(folder);
  const script = join(folder, "slurm.sh");
  writeFileAtomic(script, batchScript(job));
  const words = sbatchWords({ ...job, log: join(folder, "slurm-%j.log") }, script, command);
  // "12;cluster" where there are several.
  const number = (await slurm("sbatch", words)).trim().split(";")[0]!;
  return { job: number, log: join(folder, `slurm-${number}.log`) };
}
