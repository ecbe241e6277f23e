/** @file The job that carries a run on Slurm: an allocation with spares, the supervisor in its script. */

/** What is asked of Slurm. */
export type BatchJob = {
  readonly name: string;
  /** Where Slurm writes what the supervisor prints. */
  readonly log: string;
  readonly numNodes: number;
  readonly numSpares: number;
  /** Further options of `sbatch`, as given: partition, account, time. */
  readonly options: readonly string[];
};

/** Slurm counts a time limit in minutes, and may send the signal half of one early. */
const SIGNAL_SECONDS_BEFORE_END = 90;

/**
 * A constant text but for whole numbers: names of files reach it as arguments alone, so that no shell ever
 * reads one.
 */
export function batchScript({ numNodes, numSpares }: Pick<BatchJob, "numNodes" | "numSpares">): string {
  return `#!/bin/sh
# One allocation for all of it: ${numNodes} node${numNodes === 1 ? "" : "s"} to train on, ${numSpares} spare.
#SBATCH --nodes=${numNodes + numSpares}
#SBATCH --ntasks-per-node=1
# A node that dies leaves the others to us: a spare takes its place within seconds, without a new job.
#SBATCH --no-kill
# Should the node of this script die, Slurm queues the job again; it goes on from its newest checkpoint.
#SBATCH --requeue
#SBATCH --open-mode=append
# Before the time limit: train to the end of a step, save, and be queued again.
#SBATCH --signal=B:USR2@${SIGNAL_SECONDS_BEFORE_END}

# The supervisor, as the arguments say. It starts an agent on each node (srun), and ranks through these.
exec "$@"
`;
}

/** The words after `sbatch`. */
export function sbatchWords({ name, log, options }: BatchJob, script: string, command: readonly string[]) {
  return ["--parsable", `--job-name=${name}`, `--output=${log}`, ...options, script, ...command];
}
