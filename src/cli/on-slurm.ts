/** @file `--on slurm`: outside of a job a command queues itself; in its job it trains on the job's nodes. */

import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { UserError } from "../errors.ts";
import { allocationHere, type SlurmJob } from "../fleet/slurm/allocation.ts";
import { batchScript, sbatchWords } from "../fleet/slurm/batch-job.ts";
import { submit } from "../fleet/slurm/submit.ts";
import { wholeNumber } from "./arguments.ts";
import { printResult } from "./output.ts";

/** As the command line has them. */
export type OnSlurmOptions = {
  readonly on?: "slurm";
  readonly nodes?: number;
  readonly sbatch?: readonly string[];
  readonly dryRun?: true;
};

const PROGRAM = resolve(import.meta.dirname, "..", "..", "bin", "longrun.js");

export function onSlurmOptions(command: Command): void {
  command
    .addOption(new Option("--on <scheduler>", "where it runs (default: this machine)").choices(["slurm"]))
    .option(
      "--nodes <n>",
      "nodes to train on, spares not counted (default: 1)",
      wholeNumber("--nodes", 1, 100_000),
    )
    .option(
      "--sbatch <option>",
      "a further option of sbatch, such as --partition=NAME; may be given again",
      (option: string, before: readonly string[] = []) => [...before, option],
    )
    .option("--dry-run", "print the batch script and how it would be queued, and do nothing");
}

/** What a command is to do: train here, on these nodes; or it was queued, which has been told. */
export async function placeOnSlurm(
  { on, nodes = 1, sbatch: options = [], dryRun }: OnSlurmOptions,
  {
    name,
    folder,
    numRanks,
    numSpares,
    json,
  }: { name: string; folder: string; numRanks: number; numSpares: number; json?: true | undefined },
): Promise<{ readonly allocation: SlurmJob | null } | "queued"> {
  if (on === undefined) {
    if (dryRun || options.length > 0 || nodes !== 1)
      throw new UserError("--nodes, --sbatch or --dry-run without --on", "a scheduler", "add --on slurm");
    return { allocation: null };
  }
  if (numRanks % nodes !== 0)
    throw new UserError(
      `${numRanks} rank${numRanks === 1 ? "" : "s"} on ${nodes} nodes`,
      "the same number of ranks on each node",
      "give another --ranks or --nodes; a run of the builtin engine has one rank",
    );
  const allocation = dryRun ? null : await allocationHere();
  if (allocation) return { allocation };
  const job = { name: `longrun-${name}`, numNodes: nodes, numSpares, options };
  const command = [process.execPath, PROGRAM, ...process.argv.slice(2)];
  const path = resolve(folder);
  if (dryRun) {
    const words = sbatchWords({ ...job, log: join(path, "slurm-%j.log") }, join(path, "slurm.sh"), command);
    const script = batchScript(job);
    printResult({ json }, { script, command: ["sbatch", ...words] }, () => `${script}\n${queuedAs(words)}`);
    return "queued";
  }
  const waiting = (why: string) => process.stderr.write(`${why}\n`);
  const queued = await submit(path, job, command, waiting);
  printResult(
    { json },
    { ...queued, folder: path },
    () =>
      `job ${queued.job} is queued: \`longrun status ${folder}\` shows how it goes, and what it prints is in ` +
      `${queued.log}`,
  );
  return "queued";
}

/** For a person to read: no shell is given it. */
const queuedAs = (words: readonly string[]) =>
  `# queued by: sbatch ${words.map((word) => JSON.stringify(word)).join(" ")}`;
