/** @file The jobs of a folder: its record, and Slurm where it answers. */

import { isThere } from "../../input-file.ts";
import { readRecord, recordPath } from "../../record/record.ts";
import { askSlurm, wasQueued } from "../slurm/queue.ts";
import { type JobStatus, jobStatus } from "./job-status.ts";
import { jobsIn } from "./jobs.ts";

/** Null: no job has had to do with it, as far as is known here. */
export async function jobsOfFolder(folder: string): Promise<JobStatus | null> {
  // Before its first job has begun there is no record.
  const isQueued = wasQueued(folder);
  const carried = isQueued && !isThere(recordPath(folder)) ? [] : jobsIn(readRecord(folder).events);
  if (carried.length === 0 && !isQueued) return null;
  const numbers = [...new Set(carried.map(({ job }) => job))];
  return jobStatus(carried, await askSlurm(folder, numbers));
}
