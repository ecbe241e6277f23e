import fc from "fast-check";
import { expect, test } from "vitest";
import { CONSTANTS } from "../constants.ts";
import { ratesOf } from "../cost/matrix-product.ts";
import { accelerator } from "../hardware/catalogue.ts";
import { clusterOf, parseCluster } from "../hardware/cluster.ts";
import { type Job, type Layout, SINGLE, SOFTWARE_2024 } from "../layout/layout.ts";
import { parseLayout } from "../layout/parse.ts";
import { preset } from "../shape/presets.ts";
import { predictStep } from "../step/predict.ts";
import { explainStep } from "./explain.ts";
import { operationsOf } from "./operations.ts";
import { balanceOf, sensitivityOf, withMore } from "./sensitivity.ts";
import { peakSeconds, waterfallOf } from "./waterfall.ts";

const model = preset("llama3-405b");
const cluster = parseCluster("h100:1024");
const job: Job = { sequence: 8192, batchSequences: 512, software: SOFTWARE_2024 };

/** Layouts of 1,024 devices that divide; whether they fit does not matter here. */
const layouts: fc.Arbitrary<Layout> = fc
  .record({
    tensor: fc.constantFrom(1, 2, 4, 8),
    pipeline: fc.constantFrom(1, 2, 8, 16),
    context: fc.constantFrom(1, 2),
    zero: fc.constantFrom(0, 1, 3),
    recompute: fc.constantFrom("none", "full"),
    precision: fc.constantFrom("bf16", "fp8"),
  })
  .filter(({ tensor, pipeline, context }) => tensor * pipeline * context >= 2)
  .map(({ tensor, pipeline, context, zero, recompute, precision }) =>
    parseLayout(
      `tp=${tensor},pp=${pipeline},cp=${context},zero=${zero},recompute=${recompute},precision=${precision}`,
      cluster.numDevices,
    ),
  );

test("the waterfall starts at the peak, adds up to the step, and ends at the predicted MFU", () => {
  fc.assert(
    fc.property(layouts, (layout) => {
      const prediction = predictStep({ model, cluster, job }, layout);
      const steps = waterfallOf(prediction, peakSeconds({ model, cluster, job }, layout));
      const sum = steps.reduce((total, { seconds }) => total + seconds, 0);
      expect(sum / prediction.stepSeconds).toBeCloseTo(1, 9);
      expect(steps[0]!.seconds / prediction.stepSeconds).toBeCloseTo(prediction.mfu, 9);
      expect(steps.at(-1)!.mfu).toBeCloseTo(prediction.mfu, 9);
      expect(steps.filter(({ seconds }) => seconds < 0)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("a head on another stage than the slowest shares a bar with the products", () => {
  const parts = {
    ...predictStep({ model, cluster, job }, parseLayout("tp=8,pp=16", 1024)).parts,
    vocabulary: 0,
  };
  const stepSeconds = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const steps = waterfallOf({ parts, stepSeconds }, { matrixProducts: 1, attention: 0.1, vocabulary: 0.2 });
  const products = steps.find(({ part }) => part === "matrixProducts")!;
  expect(products.label).toBe("products, head and loss below peak");
  expect(products.seconds).toBeCloseTo(parts.matrixProducts - 1.2, 9);
  expect(steps.some(({ part }) => part === "vocabulary")).toBe(false);
});

test("no rate buys less than nothing or more than itself; together at most their ten percent", () => {
  fc.assert(
    fc.property(layouts, (layout) => {
      const on = (changed: typeof cluster) => predictStep({ model, cluster: changed, job }, layout);
      const gains = sensitivityOf(cluster, on, () => null);
      expect(gains.map(({ resource }) => resource)).toEqual([
        "compute",
        "memoryBandwidth",
        "domainBandwidth",
        "networkBandwidth",
      ]);
      for (const { gainPercent } of gains) {
        expect(gainPercent).toBeGreaterThan(-1e-9);
        expect(gainPercent).toBeLessThan(10 + 1e-9);
      }
      const all = (["compute", "memoryBandwidth", "domainBandwidth", "networkBandwidth"] as const).reduce(
        withMore,
        cluster,
      );
      expect(on(cluster).stepSeconds / on(all).stepSeconds).toBeLessThan(1.1 + 1e-9);
    }),
    { numRuns: 40 },
  );
});

test("more compute comes with the power for it: products alone gain all ten percent", () => {
  const rate = (changed: typeof cluster) => ratesOf(changed.accelerator, "bf16", CONSTANTS).product;
  expect(rate(withMore(cluster, "compute")) / rate(cluster)).toBeCloseTo(1.1, 12);
});

test("memory buys through the best layout that then fits", () => {
  const best = (changed: typeof cluster) => ({
    layout: SINGLE,
    stepSeconds: changed.accelerator.memoryBytes > cluster.accelerator.memoryBytes ? 8 : 10,
  });
  const [memory] = sensitivityOf(cluster, () => ({ stepSeconds: 12 }), best).filter(
    ({ resource }) => resource === "memorySize",
  );
  expect(memory).toEqual({ resource: "memorySize", gainPercent: 25, stepSeconds: 8 });
});

test("the balance names what binds", () => {
  const gains = (compute: number, networkBandwidth: number) =>
    [
      { resource: "compute", gainPercent: compute, stepSeconds: 1 },
      { resource: "networkBandwidth", gainPercent: networkBandwidth, stepSeconds: 1 },
    ] as const;
  expect(balanceOf(gains(7, 1)).verdict).toBe("compute");
  expect(balanceOf(gains(1, 7)).verdict).toBe("network");
  expect(balanceOf(gains(4, 4)).verdict).toBe("balanced");
  expect(balanceOf(gains(1, 2)).verdict).toBe("fixed");
  expect(balanceOf(gains(7, 1)).sentence).toContain("compute buys 7.0 %");
});

test("operations hold the FLOPs of a layer, and none beats the peak", () => {
  const layout = parseLayout("tp=8,pp=16", 1024);
  const operations = operationsOf({ model, cluster, job }, layout);
  // Llama 3 405B: (16384 x (16384 + 2 x 1024) + 16384^2 + 3 x 16384 x 53248) parameters a layer, an eighth on
  // each device.
  const perLayer = 16384 * (16384 + 2048) + 16384 ** 2 + 3 * 16384 * 53248;
  const products = operations.filter(({ name, shape }) => shape !== null && name !== "head");
  expect(products.reduce((sum, { flops }) => sum + flops, 0)).toBeCloseTo((6 * perLayer * 8192) / 8, -3);
  const scores = operations.find(({ shape }) => shape === null)!;
  // 4 s^2 h by half, three times: 128 heads of 128.
  expect(scores.flops / ((3 * 2 * 8192 * 8193 * 16384) / 8)).toBeCloseTo(1, 9);
  for (const { efficiency } of operations) expect(efficiency).toBeLessThan(1);
});

test("experts, shared experts and latent projections have their names", () => {
  const deepseek = preset("deepseek-v3");
  const names = operationsOf({ model: deepseek, cluster, job }, parseLayout("ep=64,pp=8", 1024)).map(
    ({ name }) => name,
  );
  for (const name of [
    "queries up",
    "keys and values down",
    "experts, gate and up",
    "shared expert, down",
    "head",
  ])
    expect(names).toContain(name);
});

test("stages: every one is listed, the fullest is the prediction's", () => {
  const explained = explainStep({ model, cluster, job }, parseLayout("tp=8,pp=16", 1024), () => null);
  const { stages, prediction } = explained;
  expect(stages[0]!.firstStage).toBe(0);
  expect(stages.at(-1)!.lastStage).toBe(15);
  for (let i = 1; i < stages.length; i++) expect(stages[i]!.firstStage).toBe(stages[i - 1]!.lastStage + 1);
  const fullest = Math.max(...stages.map(({ memory }) => memory.totalBytes));
  expect(prediction.memory.totalBytes).toBe(fullest);
  const layers = stages.reduce(
    (sum, { firstStage, lastStage, numLayers }) => sum + numLayers * (lastStage - firstStage + 1),
    0,
  );
  expect(layers).toBe(126);
});

test("a single device needs no network", () => {
  const one = clusterOf(accelerator("h100"), 1);
  const small = preset("llama3-8b");
  const explained = explainStep(
    { model: small, cluster: one, job: { ...job, batchSequences: 4 } },
    parseLayout("mb=1", 1),
    () => null,
  );
  expect(explained.sensitivities.find(({ resource }) => resource === "networkBandwidth")!.gainPercent).toBe(
    0,
  );
  expect(explained.waterfall.some(({ part }) => part === "bubble" || part === "dataExposed")).toBe(false);
});
