/** @file Where the jobs of a folder stand, and what their nodes do: the record held against Slurm. Pure. */

import { machineOf } from "../decide/places.ts";
import { isUnderWay, type QueuedJob, type SlurmsWord } from "../slurm/queue.ts";
import type { CarriedJob, JobAttempt } from "./jobs.ts";

/** A start of a job, or one that waits for its start. */
export type JobRow = {
  readonly job: string;
  /** `unknown`: it has written of no end, and Slurm does not answer. */
  readonly state: "waiting" | "running" | "ended" | "unknown";
  /** Why it waits, or how it ended. */
  readonly why: string | null;
  /** When it began; of one that waits, when Slurm expects it to; null: it does not say. */
  readonly begins: string | null;
  readonly nodes: readonly string[];
  readonly attempts: readonly Pick<JobAttempt, "run" | "attempt">[];
};

/** A node of the job that runs. */
export type NodeRow = {
  readonly node: string;
  readonly does: "trains" | "spare" | "lost";
  readonly ranks: readonly { readonly run: string; readonly attempt: number; readonly rank: number }[];
  /** Why it is lost. */
  readonly why: string | null;
};

/** All of it. */
export type JobStatus = {
  /** In the order in which they began; those that wait are last. */
  readonly jobs: readonly JobRow[];
  readonly nodes: readonly NodeRow[];
  /** Why Slurm has not been heard; null: it has. */
  readonly slurmIsSilent: string | null;
  /** One may run or wait that only Slurm could tell of. */
  readonly mayHaveMore: boolean;
};

/** After these Slurm has another start of it to make, or another job. */
const GOES_ON = ["time limit", "nodes used up"];

export function jobStatus(carried: readonly CarriedJob[], { jobs, silence }: SlurmsWord): JobStatus {
  const rows = carried.map((job, i) => carriedRow(job, i === carried.length - 1, jobs));
  const current = carried.at(-1);
  const hasEnded = rows.at(-1)?.state === "ended";
  const isNew = ({ job, state }: QueuedJob) =>
    state === "PENDING" || carried.every((each) => each.job !== job);
  return {
    jobs: [...rows, ...(jobs ?? []).filter(isNew).map(queuedRow)],
    nodes: current && !hasEnded ? nodesOf(current) : [],
    slurmIsSilent: silence,
    mayHaveMore: silence !== null && (current?.end ? GOES_ON.includes(current.end.how) : true),
  };
}

function carriedRow(carried: CarriedJob, isLast: boolean, jobs: SlurmsWord["jobs"]): JobRow {
  const { job, restarts, nodes, attempts, startedAt: begins, end } = carried;
  const told = { job, begins, nodes, attempts: attempts.map(({ run, attempt }) => ({ run, attempt })) };
  if (end) return { ...told, state: "ended", why: `${end.how}: ${end.reason}` };
  if (isLast && jobs === null) return { ...told, state: "unknown", why: null };
  const now = jobs?.find((each) => each.job === job && each.restarts === restarts);
  if (isLast && now && isUnderWay(now)) return { ...told, state: "running", why: null };
  const slurmSays = now && isLast ? `; Slurm says ${now.state}` : "";
  return { ...told, state: "ended", why: `without a word${slurmSays}` };
}

function queuedRow(queued: QueuedJob): JobRow {
  const { job, state, reason, beginsAt } = queued;
  const told = { job, begins: beginsAt, nodes: [], attempts: [] };
  if (state === "PENDING") return { ...told, state: "waiting", why: reason };
  if (isUnderWay(queued)) return { ...told, state: "running", why: "it has written nothing yet" };
  // One that was cancelled before it began has printed nothing.
  const log = state === "CANCELLED" ? "" : `; see slurm-${job}.log`;
  return { ...told, state: "ended", why: `Slurm says ${state}${log}` };
}

function nodesOf({ nodes, attempts, lost }: CarriedJob): readonly NodeRow[] {
  return nodes.map((node) => {
    const why = lost.find((each) => each.node === node)?.why ?? null;
    const ranks = attempts
      .filter(({ isUnderWay }) => isUnderWay)
      .flatMap(({ run, attempt, places }) =>
        places.flatMap((place, rank) => (machineOf(place) === node ? [{ run, attempt, rank }] : [])),
      );
    if (why !== null) return { node, does: "lost", ranks: [], why };
    return { node, does: ranks.length > 0 ? "trains" : "spare", ranks, why };
  });
}
