/** @file Where a campaign's runs train: on this machine, or on the nodes of a job. */

import { type Leases, ThreadLeases } from "../fleet/leases.ts";
import { NodeLeases } from "../fleet/nodes/node-leases.ts";
import { LocalBackend, localPlaces } from "../fleet/process/local-backend.ts";
import {
  allocatedBackend,
  numTrainingNodes,
  ranksPerNode,
  type SlurmJob,
} from "../fleet/slurm/allocation.ts";
import type { TorchPlace } from "../fleet/torch/torch-job.ts";
import type { Machine } from "../machine/this-machine.ts";

/** What there is, and what its runs take of it. */
export type Where = {
  readonly folder: string;
  /** Every node is taken to be like it. */
  readonly machine: Machine;
  readonly torch: TorchPlace | null;
  readonly numSpares: number;
};

/** Disposed of, it ends what was started there. */
export type TrainingPlaces = AsyncDisposable & { readonly leases: Leases };

/** As many runs side by side as this machine has threads for. */
export function placesHere({ folder, machine, torch, numSpares }: Where): TrainingPlaces {
  const backend = new LocalBackend(folder, localPlaces(torch?.numRanks ?? 1, numSpares));
  const leases = new ThreadLeases(backend, machine.numThreads);
  return { leases, [Symbol.asyncDispose]: async () => backend[Symbol.dispose]() };
}

/** The same on each node; ranks of PyTorch that get all threads are spread over all nodes. */
export async function placesOnNodes(
  job: SlurmJob,
  { folder, machine: { numThreads }, torch, numSpares }: Where,
): Promise<TrainingPlaces> {
  const numMachines = numTrainingNodes(job, numSpares);
  const perNode = torch ? ranksPerNode(job, torch.numRanks, numSpares) : numThreads;
  const backend = await allocatedBackend(job, folder, { perNode, least: torch?.numRanks ?? perNode });
  const leases = new NodeLeases(backend, { numMachines, threadsPerSlot: numThreads / perNode });
  return { leases, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() };
}
