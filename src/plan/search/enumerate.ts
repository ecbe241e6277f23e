/** @file Every valid layout of a model on a cluster, each once, in a fixed order. */

import type { Cluster } from "../hardware/cluster.ts";
import type { Layout, PipelineSchedule, Setup } from "../layout/layout.ts";
import { divisors } from "../layout/parse.ts";
import type { Choices } from "./choices.ts";
import { contextProblem, expertProblem, pipelineProblem, tensorProblem } from "./validity.ts";

/** Layouts that differ in the micro batch alone, which rises. */
export type LayoutFamily = readonly Layout[];

type Cut = Pick<Layout, "data" | "tensor" | "pipeline" | "context" | "expert">;
type Sharing = Pick<Layout, "sharding" | "shardGroup">;
type Flow = Pick<Layout, "schedule" | "virtualStages">;

/**
 * All valid layouts among the choices, in families. Left out are spellings of the same thing: a schedule
 * where there is no pipeline, sharing out over a single replica, a group of one.
 */
export function* layoutFamilies(setup: Setup, choices: Choices): Generator<LayoutFamily> {
  const { model, cluster, job } = setup;
  for (const cut of cuts(setup, choices)) {
    const microBatches = divisors(job.batchSequences / cut.data, choices.mostMicroBatch);
    for (const flow of flows(model.numLayers, cut.pipeline, choices.schedules))
      for (const sharing of sharings(cluster, cut, choices))
        for (const sequenceParallel of cut.tensor > 1 ? [true, false] : [false]) {
          if (contextProblem(job.sequence, { ...cut, sequenceParallel })) continue;
          for (const recompute of choices.recomputes)
            for (const precision of choices.precisions) {
              const rest = { ...cut, ...sharing, ...flow, sequenceParallel, recompute, precision };
              const family = microBatches
                .map((microBatch): Layout => ({ ...rest, microBatch }))
                .filter((layout) => pipelineProblem(model.numLayers, layout, job) === null);
              if (family.length > 0) yield family;
            }
        }
  }
}

/** The ways to cut a model over all devices of a cluster. */
export function* cuts(setup: Setup, choices: Choices): Generator<Cut> {
  const { model, job } = setup;
  const { numDevices } = setup.cluster;
  const most = largestSizes(setup, choices);
  for (const tensor of divisors(numDevices, most.tensor)) {
    if (tensorProblem(model, tensor)) continue;
    for (const pipeline of divisors(numDevices / tensor, model.numLayers)) {
      for (const context of divisors(numDevices / tensor / pipeline, most.context)) {
        const data = numDevices / (tensor * pipeline * context);
        if (job.batchSequences % data !== 0) continue;
        for (const expert of divisors(model.experts?.count ?? 1)) {
          const cut = { data, tensor, pipeline, context, expert };
          if (!expertProblem(model, cut)) yield cut;
        }
      }
    }
  }
}

/** How far tensor and context parallelism may go. */
export function largestSizes({ cluster, job }: Setup, choices: Choices): Pick<Layout, "tensor" | "context"> {
  return {
    tensor: Math.min(choices.mostTensor, choices.mostTensorDomains * cluster.domainSize),
    context: Math.max(1, Math.min(choices.mostContext, Math.floor(job.sequence / (2 * choices.leastPiece)))),
  };
}

function flows(numLayers: number, pipeline: number, schedules: readonly PipelineSchedule[]): readonly Flow[] {
  if (pipeline === 1) return [{ schedule: "1f1b", virtualStages: 1 }];
  return schedules.flatMap((schedule): readonly Flow[] =>
    schedule === "interleaved"
      ? chunkCounts(numLayers, pipeline).map((virtualStages) => ({ schedule, virtualStages }))
      : [{ schedule, virtualStages: 1 }],
  );
}

/** Chunks a stage can have, above 1; embedding and head may count as a layer each. */
export function chunkCounts(numLayers: number, pipeline: number): readonly number[] {
  const counts = [numLayers, numLayers + 2]
    .filter((layers) => layers % pipeline === 0)
    .flatMap((layers) => divisors(layers / pipeline));
  return [...new Set(counts)].filter((count) => count > 1).sort((a, b) => a - b);
}

/**
 * Optimiser states and gradients go over all replicas. Full sharding may stay within groups (hybrid): those
 * that fill a fast domain, and multiples of that, for a group inside a domain only saves less memory on the
 * same links.
 */
function sharings(cluster: Cluster, cut: Cut, choices: Choices): readonly Sharing[] {
  const replicas = cut.data * cut.context;
  if (replicas === 1) return [{ sharding: "none", shardGroup: 1 }];
  const near = Math.max(2, Math.floor(cluster.domainSize / cut.tensor));
  const most = near * choices.mostShardDomains;
  return choices.shardings.flatMap((sharding): readonly Sharing[] => {
    if (sharding === "none") return [{ sharding, shardGroup: 1 }];
    if (sharding === "gradients" && cut.pipeline > 1) return [];
    if (sharding !== "full") return [{ sharding, shardGroup: replicas }];
    const groups = divisors(replicas).filter(
      (group) => group % near === 0 && group <= most && group < replicas,
    );
    return [...groups, replicas].map((shardGroup) => ({ sharding, shardGroup }));
  });
}
