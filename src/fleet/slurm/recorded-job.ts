/** @file The job of Slurm that carries a record, as told in that record: its begin and its end. */

import { Interrupted, StopAsked, UserError } from "../../errors.ts";
import type { EventOf } from "../../record/events.ts";
import { freeRecord, openRecord, type RecordWriter, writersJob } from "../../record/record.ts";
import { PlacesUsedUp } from "../places/placing.ts";
import type { SlurmJob } from "./allocation.ts";
import { askSlurm, isUnderWay } from "./queue.ts";

/**
 * Opens a record, in a job where there is one. A supervisor whose node died has left it locked: that one is
 * known to be dead where Slurm has queued its job again, or says that it has ended.
 */
export async function openRecordFor(folder: string, own: SlurmJob | undefined): Promise<RecordWriter> {
  const holder = own ? writersJob(folder) : null;
  if (own && holder?.cluster === own.cluster) {
    const isOwn = holder.number === own.job;
    const hasEnded = isOwn ? holder.restarts < own.restarts : await hasJobEnded(folder, holder.number);
    if (hasEnded) freeRecord(folder, holder);
  }
  return openRecord(folder);
}

/** One that Slurm does not know any more has ended long ago. */
async function hasJobEnded(folder: string, number: string): Promise<boolean> {
  const { jobs } = await askSlurm(folder, [number]);
  const found = jobs?.find(({ job }) => job === number);
  return jobs !== null && (found === undefined || !isUnderWay(found));
}

/** Does the work in a job. All events that this launch writes are of that job. */
export async function inJob<T>(
  record: RecordWriter,
  { job, cluster, restarts, nodes }: SlurmJob,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  record.append({ run: null, kind: "job-started", data: { job, cluster, restarts, nodes } });
  const ended = (data: EventOf<"job-ended">["data"]) => record.append({ run: null, kind: "job-ended", data });
  try {
    const result = await work();
    ended({ how: "finished", reason: "its command came to its own end" });
    return result;
  } catch (error) {
    ended(endBy(error, signal));
    throw error;
  }
}

function endBy(error: unknown, { reason: asked }: AbortSignal): EventOf<"job-ended">["data"] {
  const reason =
    error instanceof UserError ? error.found : error instanceof Error ? error.message : "unknown";
  if (error instanceof PlacesUsedUp) return { how: "nodes used up", reason };
  if (!(error instanceof Interrupted || error === asked)) return { how: "failed", reason };
  const isLimit = asked instanceof StopAsked && asked.by === "SIGUSR2";
  return { how: isLimit ? "time limit" : "stopped", reason };
}
