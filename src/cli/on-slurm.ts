/** @file `--on slurm`: outside of a job a command queues itself; in its job it trains on the job's nodes. */

import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { UserError } from "../errors.ts";
import { jobSetManifest } from "../fleet/kubernetes/job-set.ts";
import { PlacesUsedUp } from "../fleet/places/placing.ts";
import { allocationHere, leaveNodes, requeue, type SlurmJob } from "../fleet/slurm/allocation.ts";
import { batchScript, sbatchWords } from "../fleet/slurm/batch-job.ts";
import { askSlurm, isUnderWay } from "../fleet/slurm/queue.ts";
import { logPattern, scriptOf, submit } from "../fleet/slurm/submit.ts";
import { shellWord } from "../units/print.ts";
import { wholeNumber } from "./arguments.ts";
import type { Ended } from "./interrupt.ts";
import { printResult } from "./output.ts";

/** As the command line has them. */
export type OnSlurmOptions = {
  readonly on?: "slurm" | "kubernetes";
  readonly nodes?: number;
  readonly sbatch?: readonly string[];
  readonly dryRun?: true;
};

const PROGRAM = resolve(import.meta.dirname, "..", "..", "bin", "longrun.js");

export function onSlurmOptions(command: Command): void {
  nodesOptions(command, ["slurm", "kubernetes"]);
  const dryRun = "print the batch script and how it would be queued, or the JobSet, and do nothing";
  command.option("--dry-run", dryRun);
}

/** On which nodes. */
export function nodesOptions(command: Command, schedulers: readonly string[]): void {
  command
    .addOption(new Option("--on <scheduler>", "where it runs (default: this machine)").choices(schedulers))
    .option(
      "--nodes <n>",
      "nodes to train on, spares not counted (default: 1)",
      wholeNumber("--nodes", 1, 100_000),
    )
    .option(
      "--sbatch <option>",
      "a further option of sbatch, such as --partition=NAME; may be given again",
      (option: string, before: readonly string[] = []) => [...before, sbatchOption(option)],
    );
}

/** Any other word it would take for the batch script; an array would be many writers of one folder. */
function sbatchOption(option: string): string {
  if (/^-/.test(option) && !/^(-a|--array)/.test(option)) return option;
  throw new UserError(
    `--sbatch ${JSON.stringify(option)}`,
    "an option of sbatch, its value joined to it, and no --array: one job carries a folder",
    "give each by itself, such as --sbatch=--partition=NAME",
  );
}

type RunToPlace = {
  readonly name: string;
  readonly folder: string;
  /** Null: runs side by side, that fill what nodes there are. */
  readonly numRanks: number | null;
  readonly numSpares: number;
  readonly json?: true | undefined;
};

/**
 * Does the work here, on the nodes of the job that we are in, if any; or queues a job that will.
 * A job that has to end before the run does is followed by another: itself, before its time limit, or one
 * without the nodes that were of no use, once too few are left.
 * @param work on these nodes; null: on this machine
 */
export async function onSlurm<T>(
  options: OnSlurmOptions,
  run: RunToPlace,
  work: (job: SlurmJob | null) => Promise<Ended<T>>,
): Promise<Ended<T> | "queued"> {
  refuseStray(options);
  if (options.on === undefined) return await work(null);
  refuseUneven(options, run);
  if (options.on === "kubernetes") {
    printJobSet(options, run);
    return "queued";
  }
  const job = options.dryRun ? null : await allocationHere(waiting);
  if (job === null) {
    if (!options.dryRun) await refuseSecond(run.folder);
    await queue(options, run);
    return "queued";
  }
  try {
    const ended = await work(job);
    if (ended.kind === "interrupted" && ended.by === "SIGUSR2") await requeue(job, waiting);
    return ended;
  } catch (error) {
    if (!(error instanceof PlacesUsedUp)) throw error;
    process.stderr.write(`${error.found}\n`);
    await leaveNodes(job, error.machines, waiting);
    await queue(without(options, error.machines), run);
    return "queued";
  }
}

/** Two jobs cannot write one record: the second would wait for its nodes, and then be refused. */
async function refuseSecond(folder: string): Promise<void> {
  const { jobs } = await askSlurm(folder, []);
  const other = jobs?.find((each) => each.state === "PENDING" || isUnderWay(each));
  if (other === undefined) return;
  throw new UserError(
    `job ${other.job} of ${folder} is ${other.state}`,
    "one job at a time for a folder",
    `\`longrun status ${shellWord(folder)}\` shows how it goes, \`longrun stop ${shellWord(folder)}\` ends it; ` +
      "or give another --folder",
  );
}

function refuseStray({ on, nodes, sbatch, dryRun }: OnSlurmOptions): void {
  if (on !== undefined || !(dryRun || sbatch || nodes !== undefined)) return;
  throw new UserError("--nodes, --sbatch or --dry-run without --on", "a scheduler", "add --on slurm");
}

function refuseUneven({ nodes = 1 }: OnSlurmOptions, { numRanks }: RunToPlace): void {
  if (numRanks === null || numRanks % nodes === 0) return;
  throw new UserError(
    `${numRanks} rank${numRanks === 1 ? "" : "s"} on ${nodes} nodes`,
    "the same number of ranks on each node",
    "give another --ranks or --nodes; a run of the builtin engine has one rank",
  );
}

/** Kubernetes is prepared for, and no more. */
function printJobSet(
  { nodes = 1, dryRun, sbatch }: OnSlurmOptions,
  { name, numRanks, numSpares, json }: RunToPlace,
) {
  if (!dryRun || sbatch)
    throw new UserError(
      sbatch ? "--sbatch with --on kubernetes" : "--on kubernetes without --dry-run",
      "--dry-run, and nothing of Slurm's: the JobSet is printed, for you to change and to apply",
      "add --dry-run; longrun itself trains on this machine and on Slurm",
    );
  const command = ["longrun", ...wordsHere()];
  const manifest = jobSetManifest({
    name,
    numNodes: nodes,
    ranksPerNode: (numRanks ?? nodes) / nodes,
    numSpares,
    command,
  });
  printResult({ json }, { manifest }, () => manifest.trimEnd());
}

/** What the job itself is to do. */
const wordsHere = () => process.argv.slice(2).filter((word) => word !== "--dry-run");

const waiting = (why: string): void => {
  process.stderr.write(`${why}\n`);
};

/** In the environment of jobs that follow one another: the nodes that the run was let down by. */
const EXCLUDED = "LONGRUN_EXCLUDED_NODES";

function without(options: OnSlurmOptions, machines: readonly string[]): OnSlurmOptions {
  const excluded = [...new Set([...(process.env[EXCLUDED]?.split(",") ?? []), ...machines])].join(",");
  process.env[EXCLUDED] = excluded;
  return { ...options, sbatch: [...(options.sbatch ?? []), `--exclude=${excluded}`] };
}

async function queue({ nodes = 1, sbatch = [], dryRun }: OnSlurmOptions, run: RunToPlace): Promise<void> {
  const { name, numSpares, json } = run;
  const job = { name: `longrun-${name}`, numNodes: nodes, numSpares, options: sbatch };
  const command = [process.execPath, PROGRAM, ...wordsHere()];
  const folder = resolve(run.folder);
  if (dryRun) {
    const words = sbatchWords({ ...job, log: logPattern(folder) }, scriptOf(folder), command);
    const script = batchScript(job);
    printResult({ json }, { script, command: ["sbatch", ...words] }, () => `${script}\n${queuedAs(words)}`);
    return;
  }
  const queued = await submit(folder, job, command, waiting);
  printResult(
    { json },
    { ...queued, folder },
    () =>
      `job ${queued.job} is queued: \`longrun status ${run.folder}\` shows how it goes, and what it prints is ` +
      `in ${queued.log}`,
  );
}

/** For a person to read: no shell is given it. */
const queuedAs = (words: readonly string[]) =>
  `# queued by: sbatch ${words.map((word) => JSON.stringify(word)).join(" ")}`;
