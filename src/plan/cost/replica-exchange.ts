/** @file Exchanges between replicas: gradients summed, weights gathered, what computation hides of it. */

import type { Constants } from "../constants.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { expertReplicas, type Layout, replicas, type Software, shardCount } from "../layout/layout.ts";
import type { StageParameters } from "../layout/memory.ts";
import { allReduceSeconds, gatherSeconds, type Links, linksOf } from "./collectives.ts";

/** Seconds that one micro batch takes on the stage, and how many there are. */
export type Windows = {
  readonly forward: number;
  readonly backward: number;
  readonly numMicroBatches: number;
  readonly numLayers: number;
};

/** An exchange beside work: what does not fit shows, and what fits still disturbs. */
export function exposed(exchange: number, window: number, constants: Constants): number {
  return Math.max(exchange - window, constants.overlapLoss * exchange);
}

/** What replicas exchange, over what, and what may hide it. */
export type ReplicaExchange = {
  readonly layout: Layout;
  readonly cluster: Cluster;
  readonly parameters: StageParameters;
  readonly software: Software;
  readonly windows: Windows;
  readonly constants: Constants;
};

/** Exposed seconds of one step. */
export function replicaExchangeSeconds(exchange: ReplicaExchange): number {
  const { layout, cluster, parameters, software, windows, constants } = exchange;
  if (replicas(layout) <= 1) return 0;
  if (layout.sharding === "full") return fullyShardedSeconds(exchange);
  const dense = linksOf(cluster, { size: replicas(layout), stride: layout.tensor }, constants);
  const sparse = linksOf(cluster, { size: expertReplicas(layout), stride: layout.expert }, constants);
  const reduce = (links: Links, count: number) =>
    layout.sharding === "none"
      ? allReduceSeconds(links, software.wireBytes * count)
      : gatherSeconds(links, software.wireBytes * count);
  // Shared-out gradients leave after every micro batch: nothing holds their sum.
  const times = layout.sharding === "gradients" ? windows.numMicroBatches : 1;
  const reduced = reduce(dense, parameters.shared) + reduce(sparse, parameters.experts);
  const gathered =
    layout.sharding === "none"
      ? 0
      : gatherSeconds(dense, 2 * parameters.shared) + gatherSeconds(sparse, 2 * parameters.experts);
  if (!software.overlapData) return times * reduced + gathered;
  return (
    times * exposed(reduced, windows.backward, constants) + exposed(gathered, windows.forward, constants)
  );
}

/** Weights and biases of two products of attention, two of the feed-forward part, and two norms. */
const TENSORS_PER_LAYER = 12;

/** Weights gathered for every pass, gradients scattered after each; replicas of the group sum once more. */
function fullyShardedSeconds(exchange: ReplicaExchange): number {
  const { layout, cluster, parameters, software, windows, constants } = exchange;
  const group = shardCount(layout);
  const links = linksOf(cluster, { size: group, stride: layout.tensor }, constants);
  const layers = Math.max(1, windows.numLayers);
  const count = (parameters.shared + parameters.experts) / layers;
  // The older software exchanges every tensor of a layer by itself, and waits for a ring's latency each time.
  const pieces = software.overlapData ? 1 : TENSORS_PER_LAYER;
  const gather = pieces * gatherSeconds(links, (2 * count) / pieces);
  const scatter = pieces * gatherSeconds(links, (software.wireBytes * count) / pieces);
  const across = linksOf(
    cluster,
    { size: replicas(layout) / group, stride: layout.tensor * group },
    constants,
  );
  const sum = allReduceSeconds(across, (4 * layers * count) / group);
  const each = software.overlapData
    ? exposed(gather, windows.forward / layers, constants) +
      exposed(gather + scatter, windows.backward / layers, constants)
    : 2 * gather + scatter;
  // The first layer's weights have nothing to hide behind.
  return (
    windows.numMicroBatches * layers * each +
    gather +
    (software.overlapData ? exposed(sum, windows.backward, constants) : sum)
  );
}
