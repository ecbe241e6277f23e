/** @file The jobs of Slurm's that have carried a folder, or wait to, in what `longrun status` shows. */

import type { JobRow, JobStatus, NodeRow } from "../fleet/account/job-status.ts";
import { left } from "../report/markdown.ts";
import { table, wrapped } from "./terminal/table.ts";

/** Lines of text; none where there are no jobs. */
export function jobLines(status: JobStatus | null, width: number): readonly string[] {
  if (status === null) return [];
  const { jobs, nodes, slurmIsSilent } = status;
  return [
    ...(jobs.length > 0 ? [jobsTable(jobs, width)] : ["no job of Slurm's is known"]),
    ...(slurmIsSilent === null
      ? []
      : [`Slurm does not answer here (${slurmIsSilent}): this is what the record says`]),
    ...(nodes.length > 0 ? ["", nodesTable(nodes, width)] : []),
  ];
}

const jobsTable = (jobs: readonly JobRow[], width: number) =>
  table(
    jobs,
    [
      left("job", ({ job }) => job),
      left("state", ({ state }) => state),
      left("begins", ({ begins }) => begins?.slice(0, 19).replace("T", " ") ?? "-"),
      left("attempts", ({ attempts }) => attemptsText(attempts)),
      left("nodes", ({ nodes }) => nodes.join(",") || "-"),
      wrapped("why", ({ why }) => why ?? "-"),
    ],
    width,
  );

const nodesTable = (nodes: readonly NodeRow[], width: number) =>
  table(
    nodes,
    [
      left("node", ({ node }) => node),
      left("does", ({ does }) => does),
      // What srun said may have several lines.
      wrapped("what", ({ ranks, why }) => why?.replaceAll(/\s*\n\s*/g, "; ") ?? ranksText(ranks)),
    ],
    width,
  );

/** Of one run its numbers; of several how many. */
function attemptsText(attempts: JobRow["attempts"]): string {
  const runs = new Set(attempts.map(({ run }) => run));
  if (runs.size > 1) return `${attempts.length} of ${runs.size} runs`;
  return attempts.map(({ attempt }) => attempt).join(",") || "-";
}

const ranksText = (ranks: NodeRow["ranks"]) =>
  [...Map.groupBy(ranks, ({ run, attempt }) => `${run}, attempt ${attempt}`)]
    .map(([of, own]) => `rank ${own.map(({ rank }) => rank).join(", ")} of ${of}`)
    .join("; ") || "-";
