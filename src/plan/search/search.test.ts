import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accelerator } from "../hardware/catalogue.ts";
import { type Cluster, clusterOf } from "../hardware/cluster.ts";
import {
  type Job,
  type Layout,
  RECOMPUTES,
  SCHEDULES,
  SHARDINGS,
  SOFTWARE_2021,
  SOFTWARE_2024,
} from "../layout/layout.ts";
import { layoutText } from "../layout/parse.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import { predictStep } from "../step/predict.ts";
import { ALL_CHOICES, type Choices } from "./choices.ts";
import { layoutFamilies } from "./enumerate.ts";
import { searchLayouts } from "./search.ts";
import { layoutProblem } from "./validity.ts";

const DENSE: ModelShape = {
  name: "small",
  numLayers: 12,
  hidden: 2048,
  vocabularySize: 50_000,
  attention: { kind: "grouped", numHeads: 16, numKeyValueHeads: 4, headDim: 128 },
  feedForwardWidth: 8192,
  gated: true,
  tiedEmbeddings: false,
  learnedPositions: 0,
  biases: false,
  experts: null,
  extraPredictions: 0,
};
const SPARSE: ModelShape = {
  ...DENSE,
  name: "sparse",
  experts: { count: 8, topK: 2, width: 2048, sharedWidth: 0, denseFirst: 1, every: 1 },
};
const UNEVEN: ModelShape = {
  ...DENSE,
  name: "uneven",
  numLayers: 10,
  attention: { ...DENSE.attention, numHeads: 12 } as ModelShape["attention"],
};
/** Big enough that many layouts do not fit. */
const BIG: ModelShape = {
  ...DENSE,
  name: "big",
  numLayers: 24,
  hidden: 8192,
  feedForwardWidth: 28_672,
  attention: { kind: "grouped", numHeads: 64, numKeyValueHeads: 8, headDim: 128 },
};

const cluster = (numDevices: number, changes: Partial<Cluster> = {}): Cluster => ({
  ...clusterOf(accelerator("a100-40"), numDevices),
  ...changes,
});
const job = (sequence: number, batchSequences: number, software = SOFTWARE_2024): Job => ({
  sequence,
  batchSequences,
  software,
});

/**
 * Every whole number for every size, every choice, asked one by one whether it is valid: slow, and knows
 * nothing of the search.
 */
function exhaustive(model: ModelShape, on: Cluster, work: Job, choices: Choices): readonly Layout[] {
  const upTo = (most: number) => Array.from({ length: most }, (_, index) => index + 1);
  const n = on.numDevices;
  const found: Layout[] = [];
  for (const tensor of upTo(n))
    for (const pipeline of upTo(n))
      for (const context of upTo(n)) {
        const data = n / (tensor * pipeline * context);
        if (!Number.isInteger(data)) continue;
        for (const expert of upTo(model.experts?.count ?? 1))
          for (const microBatch of upTo(work.batchSequences))
            for (const schedule of SCHEDULES)
              for (const virtualStages of upTo(schedule === "interleaved" ? model.numLayers + 2 : 1))
                for (const sharding of SHARDINGS)
                  for (const shardGroup of sharding === "none" ? [1] : upTo(data * context))
                    for (const sequenceParallel of [true, false])
                      for (const recompute of RECOMPUTES)
                        for (const precision of choices.precisions) {
                          const layout: Layout = {
                            data,
                            tensor,
                            pipeline,
                            context,
                            expert,
                            sharding,
                            shardGroup,
                            sequenceParallel,
                            schedule,
                            virtualStages,
                            microBatch,
                            recompute,
                            precision,
                          };
                          if (
                            isWanted(layout, on, work, choices) &&
                            layoutProblem({ model, cluster: on, job: work }, layout) === null
                          )
                            found.push(layout);
                        }
      }
  return found;
}

/** What the search looks at, said once more: one spelling of each layout, and its limits. */
function isWanted(layout: Layout, on: Cluster, work: Job, choices: Choices): boolean {
  const { pipeline, schedule, sharding, shardGroup, data, context, tensor } = layout;
  const replicas = data * context;
  const isWhole = shardGroup === replicas;
  const room = Math.max(2, Math.floor(on.domainSize / tensor));
  return (
    choices.schedules.includes(schedule) &&
    tensor <= 2 * on.domainSize &&
    (context === 1 || work.sequence >= 2 * 128 * context) &&
    (pipeline > 1 || schedule === "1f1b") &&
    (replicas > 1 || sharding === "none") &&
    (sharding === "none" || isWhole || (sharding === "full" && shardGroup % room === 0))
  );
}

const SETTINGS: readonly (readonly [string, ModelShape, Cluster, Job])[] = [
  ["a dense model", DENSE, cluster(8), job(2048, 16)],
  ["experts", SPARSE, cluster(8), job(2048, 8)],
  ["unfused attention", DENSE, cluster(4), job(2048, 12, SOFTWARE_2021)],
  ["layers, heads and devices that share few factors", UNEVEN, cluster(12), job(1536, 12)],
  ["a model that seldom fits", BIG, cluster(16, { domainSize: 4 }), job(4096, 8)],
];

describe.each(SETTINGS)("%s", (_, model, on, work) => {
  const reference = exhaustive(model, on, work, ALL_CHOICES);
  const found = searchLayouts({ model, cluster: on, job: work }, { count: 1_000_000 });

  test("every valid layout is looked at, once", () => {
    const families = [...layoutFamilies({ model, cluster: on, job: work }, ALL_CHOICES)];
    expect(families.flat().map(layoutText).sort()).toEqual(reference.map(layoutText).sort());
    expect(found.numValid).toBe(reference.length);
    expect(reference.length).toBeGreaterThan(100);
  });

  test("the ranking is that of an exhaustive search", () => {
    const ranked = reference
      .map((layout) => ({
        text: layoutText(layout),
        prediction: predictStep({ model, cluster: on, job: work }, layout),
      }))
      .filter(({ prediction }) => prediction.memory.fits)
      .sort((a, b) => a.prediction.stepSeconds - b.prediction.stepSeconds);
    expect([...found.stepSeconds]).toEqual(ranked.map(({ prediction }) => prediction.stepSeconds));
    expect(found.best.map(({ layout }) => layoutText(layout)).sort()).toEqual(
      ranked.map(({ text }) => text).sort(),
    );
    expect(found.best.map(({ prediction }) => prediction)).toEqual(
      found.best.map(({ layout }) => predictStep({ model, cluster: on, job: work }, layout)),
    );
    // No layout of the reference is better than a member of the Pareto set in both, nor as good in both and
    // left out.
    const front = found.pareto.map(
      ({ prediction }) => [prediction.stepSeconds, prediction.memory.totalBytes] as const,
    );
    for (const { prediction } of ranked)
      expect(
        front.some(
          ([seconds, bytes]) => seconds <= prediction.stepSeconds && bytes <= prediction.memory.totalBytes,
        ),
      ).toBe(true);
    for (const [index, [seconds, bytes]] of front.entries())
      expect(front.every(([s, b], other) => other === index || s > seconds || b > bytes)).toBe(true);
  });

  test("near misses are faster than the best and too big, by how much the prediction says", () => {
    const best = found.stepSeconds[0] ?? Number.POSITIVE_INFINITY;
    for (const { prediction } of found.nearMisses) {
      expect(prediction.memory.fits).toBe(false);
      expect(prediction.stepSeconds).toBeLessThan(best);
    }
  });
});

test("what the search leaves out is never better: GPipe against 1f1b", () => {
  const choices: Choices = { ...ALL_CHOICES, schedules: ["gpipe", "1f1b"] };
  for (const layout of exhaustive(DENSE, cluster(8), job(2048, 8), { ...choices, schedules: ["gpipe"] })) {
    if (layout.pipeline === 1) continue;
    const [gpipe, other] = [layout, { ...layout, schedule: "1f1b" as const }].map((each) =>
      predictStep({ model: DENSE, cluster: cluster(8), job: job(2048, 8) }, each),
    );
    expect(gpipe!.stepSeconds).toBeGreaterThanOrEqual(other!.stepSeconds);
    expect(gpipe!.memory.totalBytes).toBeGreaterThanOrEqual(other!.memory.totalBytes);
  }
});

test("memory does not fall with the micro batch, on which the search relies", () => {
  for (const [, model, on, work] of SETTINGS)
    for (const family of layoutFamilies({ model, cluster: on, job: work }, ALL_CHOICES)) {
      let before = 0;
      for (const layout of family) {
        const { totalBytes } = predictStep({ model, cluster: on, job: work }, layout).memory;
        expect(totalBytes).toBeGreaterThanOrEqual(before * (1 - 1e-12));
        before = totalBytes;
      }
    }
});

describe("properties", () => {
  const clusters = fc.record({
    numDevices: fc.constantFrom(8, 16, 24, 32),
    domainSize: fc.constantFrom(2, 4, 8),
    networkBandwidth: fc.double({ min: 1e9, max: 1e11, noNaN: true }),
    oversubscription: fc.double({ min: 1, max: 4, noNaN: true }),
  });
  const models = fc.constantFrom(DENSE, SPARSE, BIG);
  const work = job(4096, 48);
  const narrow: Choices = { ...ALL_CHOICES, schedules: ["1f1b", "interleaved"], mostMicroBatch: 4 };
  const bestOf = (model: ModelShape, on: Cluster, choices = narrow) =>
    searchLayouts({ model, cluster: on, job: work }, { choices, count: 1 });

  test("more bandwidth, inside or outside, never slows the best", () => {
    fc.assert(
      fc.property(models, clusters, fc.double({ min: 1, max: 10, noNaN: true }), (model, changes, factor) => {
        const on = cluster(changes.numDevices, changes);
        const before = bestOf(model, on).stepSeconds[0] ?? Number.POSITIVE_INFINITY;
        const outside = { ...on, networkBandwidth: on.networkBandwidth * factor };
        const device = on.accelerator;
        const inside = {
          ...on,
          accelerator: { ...device, domainBandwidth: device.domainBandwidth * factor },
        };
        for (const faster of [outside, inside])
          expect(bestOf(model, faster).stepSeconds[0] ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
            before * (1 + 1e-12),
          );
      }),
      { numRuns: 12 },
    );
  });

  test("more memory never loses a layout", () => {
    fc.assert(
      fc.property(models, clusters, fc.double({ min: 1, max: 4, noNaN: true }), (model, changes, factor) => {
        const on = cluster(changes.numDevices, changes);
        const roomier = {
          ...on,
          accelerator: { ...on.accelerator, memoryBytes: on.accelerator.memoryBytes * factor },
        };
        const [before, after] = [bestOf(model, on), bestOf(model, roomier)];
        expect(after.stepSeconds.length).toBeGreaterThanOrEqual(before.stepSeconds.length);
        expect(after.stepSeconds[0] ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
          before.stepSeconds[0] ?? Number.POSITIVE_INFINITY,
        );
      }),
      { numRuns: 12 },
    );
  });

  test("the best of more choices is never worse", () => {
    fc.assert(
      fc.property(
        models,
        clusters,
        fc.subarray([...ALL_CHOICES.schedules], { minLength: 1 }),
        (model, changes, schedules) => {
          const on = { ...cluster(changes.numDevices, changes), accelerator: accelerator("h100") };
          const few = { ...narrow, schedules };
          const more: Choices = { ...few, schedules: ALL_CHOICES.schedules, precisions: ["bf16", "fp8"] };
          const [best] = bestOf(model, on, few).stepSeconds;
          if (best !== undefined) expect(bestOf(model, on, more).stepSeconds[0]).toBeLessThanOrEqual(best);
        },
      ),
      { numRuns: 12 },
    );
  });
});
