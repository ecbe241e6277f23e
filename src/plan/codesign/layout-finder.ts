/** @file Fastest layouts for many shapes: full searches now and then, between them only what did well. */

import { CONSTANTS, type Constants } from "../constants.ts";
import type { Precision } from "../hardware/accelerator.ts";
import type { Cluster } from "../hardware/cluster.ts";
import { devicesOf, type Job, type Layout } from "../layout/layout.ts";
import { commonChoices } from "../search/choices.ts";
import { dividingParts } from "../search/cluster-parts.ts";
import { chunkCounts } from "../search/enumerate.ts";
import { type PlannedLayout, searchLayouts } from "../search/search.ts";
import { layoutProblem } from "../search/validity.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { stepModel } from "../step/predict.ts";

/** Finds layouts. Both answers fit in memory; null: none does. */
export type LayoutFinder = {
  /** Every layout. */
  readonly search: (shape: ModelShape) => PlannedLayout | null;
  /** Layouts that were among the best for shapes searched before: far quicker, seldom worse. */
  readonly quick: (shape: ModelShape) => PlannedLayout | null;
};

/** How many ways to cut the model, the fastest of each full search, are kept for the shapes beside it. */
const KEPT = 12;

/** Layouts worth trying, by their text. */
export type Pool = Map<string, Layout>;

/** What the layouts of a co-design are tried with. */
export type FinderOptions = {
  readonly precision: Precision;
  readonly constants?: Constants;
  /** Shared by several clusters, it lets each try what did well on the others. */
  readonly pool?: Pool;
};

/**
 * What dozens of searches leave out beside: hybrid groups beyond four fast domains are three quarters of all
 * layouts, and a short sequence is seldom cut in more than four. On 2,304 GB200 with and without experts the
 * answer is the same, in half the time.
 */
function limitsFor({ sequence }: Job) {
  return { mostShardDomains: 4, mostContext: sequence <= 16_384 ? 4 : 8 };
}

/** A finder on one cluster for one job. Where no layout divides over all devices, some stay idle. */
export function layoutFinder(
  cluster: Cluster,
  job: Job,
  { precision, constants = CONSTANTS, pool = new Map() }: FinderOptions,
): LayoutFinder {
  const choices = { ...commonChoices(precision), ...limitsFor(job) };
  const options = { choices, constants, count: 1 };
  return {
    search(shape) {
      let fastest: PlannedLayout | null = null;
      for (const part of dividingParts({ model: shape, cluster, job }, options.choices)) {
        const { best, cuts } = searchLayouts({ model: shape, cluster: part, job }, options);
        for (const { layout } of cuts.slice(0, KEPT)) {
          const kept: Layout = { ...layout, schedule: "1f1b", virtualStages: 1 };
          pool.set(JSON.stringify(kept), kept);
        }
        fastest = faster(fastest, best[0] ?? null);
      }
      return fastest;
    },
    quick(shape) {
      const byUsed = Map.groupBy(pool.values(), devicesOf);
      let best: PlannedLayout | null = null;
      for (const [numDevices, layouts] of byUsed) {
        // The pool may hold what suited a larger cluster.
        if (numDevices > cluster.numDevices) continue;
        const part = { ...cluster, numDevices };
        const predict = stepModel({ model: shape, cluster: part, job }, constants);
        for (const layout of layouts.flatMap((kept) => withChunkCounts(kept, shape.numLayers))) {
          if (layoutProblem({ model: shape, cluster: part, job }, layout) !== null) continue;
          const prediction = predict(layout);
          // Without the last reserve of the allocator: a plan leaves room.
          if (prediction.memory.totalBytes > prediction.memory.capacityBytes) continue;
          best = faster(best, { layout, prediction });
        }
      }
      return best;
    },
  };
}

/** The faster of two; of equals the first. */
function faster(one: PlannedLayout | null, other: PlannedLayout | null): PlannedLayout | null {
  if (one === null || other === null) return one ?? other;
  return other.prediction.stepSeconds < one.prediction.stepSeconds ? other : one;
}

/** A layout with every number of chunks that a depth allows: what suited one depth seldom divides another. */
function withChunkCounts(layout: Layout, numLayers: number): readonly Layout[] {
  if (layout.pipeline === 1) return [layout];
  const chunked = chunkCounts(numLayers, layout.pipeline).map(
    (virtualStages): Layout => ({ ...layout, schedule: "interleaved", virtualStages }),
  );
  return [layout, ...chunked];
}
