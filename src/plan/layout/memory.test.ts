import fc from "fast-check";
import { expect, test } from "vitest";
import { CONSTANTS } from "../constants.ts";
import { accelerator } from "../hardware/catalogue.ts";
import { clusterOf } from "../hardware/cluster.ts";
import { preset } from "../shape/presets.ts";
import { type Job, type Layout, SINGLE, SOFTWARE_2021, SOFTWARE_2024 } from "./layout.ts";
import { activationBytes, memoryModel, memoryOf, stageParameters } from "./memory.ts";

const gpt = preset("gpt3-175b");
const job2021: Job = { sequence: 2048, batchSequences: 64, software: SOFTWARE_2021 };
const a100 = clusterOf(accelerator("a100"), 64);

test("activations of a layer are Korthikanti's formulas", () => {
  // arXiv 2205.05198, equations 1, 2 and 4: s b h (34 + 5 a s / h), (10 + 24 / t + 5 a s / h t), (34 / t),
  // per token here.
  const [h, a, s] = [12288, 96, 2048];
  const of = (layout: Layout) => activationBytes(gpt, layout, job2021, 0, false);
  const whole = of(SINGLE);
  // 4 bytes a head for the sums of softmax are ours.
  expect(whole.whole + whole.split + whole.scores).toBe(h * (34 + (5 * a * s) / h));
  expect(whole.whole).toBe(10 * h);
  expect(whole.split).toBe(24 * h);
  expect(of({ ...SINGLE, recompute: "selective" }).scores).toBe(4 * a);
});

test("shares of the parameters add up to the model", () => {
  for (const name of ["llama3-70b", "gpt3-175b", "qwen3-30b-a3b"]) {
    const shape = preset(name);
    const model = memoryModel(shape);
    const layout = { ...SINGLE, pipeline: 2 };
    const first = stageParameters(model, layout, shape.numLayers / 2, { first: true, last: false });
    const last = stageParameters(model, layout, shape.numLayers / 2, { first: false, last: true });
    // The stage of the head holds a tied embedding's table again; the final norm is left out.
    const again = shape.tiedEmbeddings ? shape.vocabularySize * shape.hidden : 0;
    const sum = first.shared + first.experts + last.shared + last.experts - again;
    expect(sum / model.parameters.total, name).toBeCloseTo(1, 6);
    const cut = stageParameters(model, { ...layout, tensor: 4, expert: 4 }, shape.numLayers / 2, {
      first: true,
      last: false,
    });
    expect(cut.experts * 4).toBeCloseTo(first.experts, 0);
  }
});

test("states take 18 bytes a parameter, and ZeRO shares out as much of them as it says", () => {
  const model = memoryModel(preset("llama3-8b"));
  const cluster = clusterOf(accelerator("h200"), 8);
  const job: Job = { sequence: 4096, batchSequences: 8, software: SOFTWARE_2024 };
  const of = (sharding: Layout["sharding"]) => {
    const memory = memoryOf(model, cluster, { ...SINGLE, data: 8, shardGroup: 8, sharding }, job, CONSTANTS);
    return [memory.weights, memory.gradients, memory.optimiser].map(
      (bytes) => bytes / model.parameters.total,
    );
  };
  const rounded = (values: readonly number[]) => values.map((value) => Math.round(value * 1000) / 1000);
  expect(rounded(of("none"))).toEqual([2, 4, 12]);
  expect(rounded(of("optimiser"))).toEqual([2, 4, 1.5]);
  expect(rounded(of("gradients"))).toEqual([2, 0.5, 1.5]);
  expect(rounded(of("full"))).toEqual([0.25, 0.5, 1.5]);
});

test("components add up, and more memory never unfits", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 4, 8),
      fc.constantFrom(1, 2, 4, 8),
      fc.constantFrom(1, 2, 4),
      fc.constantFrom("none", "selective", "full"),
      fc.double({ min: 1, max: 10, noNaN: true }),
      (tensor, pipeline, microBatch, recompute, factor) => {
        const layout: Layout = {
          ...SINGLE,
          tensor,
          pipeline,
          microBatch,
          recompute,
          data: 64 / tensor / pipeline,
        };
        const model = memoryModel(preset("llama2-70b"));
        const memory = memoryOf(model, a100, layout, job2021, CONSTANTS);
        const { weights, gradients, optimiser, activations, workspace, overhead } = memory;
        expect(weights + gradients + optimiser + activations + workspace + overhead).toBeCloseTo(
          memory.totalBytes,
          -1,
        );
        const larger = clusterOf(
          { ...a100.accelerator, memoryBytes: a100.accelerator.memoryBytes * factor },
          64,
        );
        if (memory.fits) expect(memoryOf(model, larger, layout, job2021, CONSTANTS).fits).toBe(true);
        const again = memoryOf(model, a100, { ...layout, recompute: "full" }, job2021, CONSTANTS);
        expect(again.totalBytes).toBeLessThanOrEqual(memory.totalBytes * 1.2);
      },
    ),
    { numRuns: 60 },
  );
});

test(
  "rows that go to experts are kept in the width of the products, and what comes back only where the " +
    "router waits for it",
  () => {
    const shape = preset("deepseek-v3");
    const job: Job = { sequence: 4096, batchSequences: 8, software: SOFTWARE_2024 };
    const split = (recompute: Layout["recompute"], quantised: boolean, share: number) =>
      activationBytes(shape, { ...SINGLE, recompute }, job, share, quantised).split;
    const routed = (recompute: Layout["recompute"], quantised: boolean) =>
      split(recompute, quantised, 1) - split(recompute, quantised, 0);
    const { experts, hidden, feedForwardWidth } = shape;
    const { topK, width, sharedWidth } = experts!;
    const widths = topK * width + sharedWidth - feedForwardWidth;
    expect(routed("none", false)).toBe(topK * 4 * hidden + 6 * widths);
    expect(routed("none", true)).toBe(topK * 3 * hidden + 5 * widths);
    expect(routed("selective", true)).toBe(topK * hidden + 4 * widths);
  },
);
