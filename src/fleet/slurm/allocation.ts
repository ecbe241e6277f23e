/** @file The nodes that Slurm has given to the job in whose batch script we are, as a backend. */

import { extname, join } from "node:path";
import { UserError } from "../../errors.ts";
import { slotsOf } from "../decide/places.ts";
import { refuseUnfit } from "../nodes/node-look.ts";
import { NodesBackend } from "../nodes/nodes-backend.ts";
import { PlacesUsedUp } from "../places/placing.ts";
import { patiently } from "./patiently.ts";
import { slurm } from "./slurm-command.ts";

/** TypeScript in a clone, compiled in a package. */
const AGENT = join(import.meta.dirname, "..", "nodes", `agent${extname(import.meta.filename)}`);

/** A job's nodes, which run. */
export type SlurmNodes = {
  readonly job: string;
  /** By name, those to train on and the spares alike; that of the batch script is the last. */
  readonly nodes: readonly string[];
  /** By which they reach each other. */
  readonly addresses: ReadonlyMap<string, string>;
};

/** The job that we are in. */
export type SlurmJob = SlurmNodes & {
  readonly cluster: string;
  /** How often Slurm has queued it again before. */
  readonly restarts: number;
};

/**
 * Null: this process is in no job.
 * @param waiting hears why it takes longer
 */
export async function allocationHere(waiting: (why: string) => void): Promise<SlurmJob | null> {
  const { SLURM_JOB_ID: job, SLURM_JOB_NODELIST: list, SLURM_CLUSTER_NAME: cluster } = process.env;
  if (job === undefined || list === undefined || cluster === undefined) return null;
  return {
    ...(await patiently(() => slurmNodes(job, list), waiting)),
    cluster,
    restarts: Number(process.env.SLURM_RESTART_COUNT ?? 0),
  };
}

/** @param list of its nodes, as Slurm writes it */
export async function slurmNodes(job: string, list: string): Promise<SlurmNodes> {
  const names = (await slurm("scontrol", ["show", "hostnames", list])).trim().split("\n");
  // Ours dies with its node, and only Slurm can start it again: where there is a spare, ours is that.
  const isOurs = (name: string) => name === process.env.SLURMD_NODENAME;
  const nodes = [...names.filter((name) => !isOurs(name)), ...names.filter(isOurs)];
  return { job, nodes, addresses: await addressesOf(list) };
}

/** @param list of nodes, as Slurm writes it */
async function addressesOf(list: string): Promise<ReadonlyMap<string, string>> {
  const told = await slurm("scontrol", ["show", "node", "--oneliner", list]);
  const found = told.matchAll(/^NodeName=(\S+) .*?\bNodeAddr=(\S+)/gm);
  return new Map([...found].map(([, name, address]) => [name!, address!]));
}

/** Before its time limit: the job is queued again, and its script begins anew. */
export async function requeue({ job }: SlurmJob, waiting: (why: string) => void): Promise<void> {
  await patiently(() => slurm("scontrol", ["requeue", job]), waiting);
}

/**
 * Takes dead nodes out of the job. Slurm would wait for them when the job ends, and meanwhile, for 11 s, give
 * none of its nodes to the next one. Where it does not let jobs shrink, that is told.
 */
export async function leaveNodes(
  { job, nodes }: SlurmJob,
  dead: readonly string[],
  tell: (why: string) => void,
): Promise<void> {
  const kept = nodes.filter((node) => !dead.includes(node) || node === process.env.SLURMD_NODENAME);
  if (kept.length === nodes.length) return;
  try {
    await patiently(() => slurm("scontrol", ["update", `JobId=${job}`, `NodeList=${kept.join(",")}`]), tell);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    tell(error.found);
  }
}

/** Those that are no spares. Throws a UserError where there are none. */
export function numTrainingNodes({ job, nodes }: SlurmJob, numSpares: number): number {
  if (nodes.length > numSpares) return nodes.length - numSpares;
  throw new UserError(
    `job ${job}, which has ${nodes.length} nodes, with ${numSpares} spare`,
    "a node to train on",
    "give other --nodes or --spares",
  );
}

/** So that ranks fill the nodes that are no spares. Throws a UserError where that does not come out even. */
export function ranksPerNode(job: SlurmJob, numRanks: number, numSpares: number): number {
  const numNodes = numTrainingNodes(job, numSpares);
  if (numRanks % numNodes === 0) return numRanks / numNodes;
  throw new UserError(
    `${numRanks} ranks on ${numNodes} nodes of job ${job.job}`,
    "the same number of ranks on each node",
    "give other --ranks, --nodes or --spares",
  );
}

/** How many places each node has, and how many there have to be. */
export type NodePlaces = { readonly perNode: number; readonly least: number };

/**
 * An agent on each node.
 * @param folder the campaign's, on a disk that all nodes see
 */
export async function allocatedBackend(
  allocation: SlurmNodes,
  folder: string,
  { perNode, least }: NodePlaces,
): Promise<NodesBackend> {
  const { job, nodes } = allocation;
  await using opened = new AsyncDisposableStack();
  const backend = opened.use(nodesBackend(allocation, folder, perNode));
  await backend.ready();
  if (backend.places().length < least) {
    const lost = backend.lost.map(({ machine, why }) => `${machine}: ${why}`).join("; ");
    const refusal = [
      `too few nodes of job ${job} answer: ${lost}`,
      `an agent on ${Math.ceil(least / perNode)} of its ${nodes.length} nodes`,
      "see `scontrol show node` for them; give the same command again",
    ] as const;
    // Where none answers it is not the nodes.
    if (backend.places().length === 0) throw new UserError(...refusal);
    throw new PlacesUsedUp(
      ...refusal,
      backend.lost.map(({ machine }) => machine),
    );
  }
  refuseUnfit(folder, await backend.look(folder));
  opened.move();
  return backend;
}

/** Agents on all of its nodes, whether they are fit or not. */
export function nodesBackend(
  { job, nodes, addresses }: SlurmNodes,
  folder: string,
  perNode = 1,
): NodesBackend {
  const places = nodes.flatMap((node) => slotsOf(node, perNode));
  const addressOf = (node: string) => addresses.get(node) ?? node;
  return new NodesBackend(places, (node, own) => agentWords(job, node, folder, own), addressOf);
}

/** A step beside those that run already: without `--overlap` it would wait until they end. */
const agentWords = (job: string, node: string, folder: string, places: readonly string[]) => [
  ...["srun", `--jobid=${job}`, "--overlap", "--nodes=1", "--ntasks=1", `--nodelist=${node}`],
  ...["--unbuffered", "--mpi=none"],
  ...[process.execPath, AGENT, folder, ...places],
];
