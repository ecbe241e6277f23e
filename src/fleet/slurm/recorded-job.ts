/** @file The job of Slurm that carries a record, as told in that record: its begin and its end. */

import { Interrupted, StopAsked, UserError } from "../../errors.ts";
import type { EventOf } from "../../record/events.ts";
import type { RecordWriter } from "../../record/record.ts";
import { PlacesUsedUp } from "../placing.ts";
import type { SlurmJob } from "./allocation.ts";

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
    ended({ how: "finished", reason: "all of its work is done" });
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
