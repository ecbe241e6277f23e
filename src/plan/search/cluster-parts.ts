/** @file How many devices a layout can use: all, or as many whole nodes as batch and model divide over. */

import { UserError } from "../../errors.ts";
import type { Cluster } from "../hardware/cluster.ts";
import type { Setup } from "../layout/layout.ts";
import type { Choices } from "./choices.ts";
import { cuts, layoutFamilies } from "./enumerate.ts";

/** A cluster is worth planning for if a layout can use this part of it. */
const LEAST_USED = 0.8;
/** Parts of a cluster that are searched. */
const MOST_PARTS = 3;
/** Sizes looked at: beyond so many nodes, or sequences, only multiples of a power of two. */
const MOST_SIZES = 4096;

/**
 * The cluster itself if any layout divides over all its devices; else parts of it, in whole nodes: the
 * largest over which a layout divides, and those over which most do, for a few devices more are not worth a
 * crooked layout. Throws a `UserError` where every layout would leave more than a fifth idle.
 */
export function clusterParts(setup: Setup, choices: Choices): readonly Cluster[] {
  const { cluster, job } = setup;
  const parts = dividingParts(setup, choices);
  if (parts.length > 0) return parts;
  throw new UserError(
    `a batch of ${job.batchSequences} sequences for ${cluster.numDevices} devices`,
    "dp x tp x pp x cp = devices, with a batch divisible by dp, heads by tp, and no more stages than layers",
    `${nearbyBatch(setup, choices)}, or a number of devices with small factors`,
  );
}

/** The same without the complaint: empty where every layout would leave more than a fifth idle. */
export function dividingParts(setup: Setup, choices: Choices): readonly Cluster[] {
  const { cluster } = setup;
  if (hasLayout(setup, choices)) return [cluster];
  const { numDevices } = cluster;
  const node = cluster.accelerator.devicesPerNode;
  const unit = node * coarseness(((1 - LEAST_USED) * numDevices) / node);
  const parts: { readonly part: Cluster; readonly numCuts: number }[] = [];
  for (let size = Math.ceil(numDevices / unit - 1) * unit; size >= LEAST_USED * numDevices; size -= unit) {
    const part = { ...cluster, numDevices: size };
    const onPart = { ...setup, cluster: part };
    if (size > 0 && hasLayout(onPart, choices))
      parts.push({ part, numCuts: [...cuts(onPart, choices)].length });
  }
  const [largest, ...others] = parts;
  if (!largest) return [];
  const flexible = others.toSorted((a, b) => b.numCuts - a.numCuts).slice(0, MOST_PARTS - 1);
  return [largest, ...flexible].map(({ part }) => part);
}

/** The power of two by which so many sizes are thinned. */
function coarseness(sizes: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(sizes / MOST_SIZES)));
}

function hasLayout(setup: Setup, choices: Choices): boolean {
  return !cuts(setup, choices).next().done && !layoutFamilies(setup, choices).next().done;
}

/** The nearest batch above that the cluster can share out. */
function nearbyBatch(setup: Setup, choices: Choices): string {
  const { job } = setup;
  const most = 2 * job.batchSequences;
  const unit = coarseness(job.batchSequences);
  const first = (Math.floor(job.batchSequences / unit) + 1) * unit;
  for (let batchSequences = first; batchSequences <= most; batchSequences += unit)
    if (hasLayout({ ...setup, job: { ...job, batchSequences } }, choices))
      return `a batch of ${batchSequences} sequences (${batchSequences * job.sequence} tokens)`;
  return "a batch that shares factors with the number of devices";
}
