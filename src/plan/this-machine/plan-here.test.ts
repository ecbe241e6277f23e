import { expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { programsOf } from "../../machine/step.ts";
import { shapeOfWidth } from "../../model/dial.ts";
import { allParameters } from "../../model/shape.ts";
import { shapeOfDecoder } from "../shape/of-decoder.ts";
import { preset } from "../shape/presets.ts";
import { decoderOf } from "./decoder-of.ts";
import { parseThisMachine } from "./name.ts";
import { operationTimes, planHere } from "./plan-here.ts";

const shape = shapeOfWidth(32, {
  vocabularySize: 64,
  numLayers: 2,
  queriesPerKeyValue: 1,
  tiedEmbeddings: true,
});

const complaint = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return [error.found, error.expected, error.remedy].join(" | ");
  }
  return "";
};

test("times of instructions are added up by operation, the slowest first", () => {
  const { instructions } = programsOf({ shape, batchSequences: 2, sequenceLength: 16 }).programs.get(
    "train",
  )!;
  const operations = operationTimes(
    instructions.map((instruction) => ({
      instruction,
      seconds: instruction.operation === "mean" ? 3e-3 : 1e-6,
    })),
  );
  expect(operations[0]!.operation).toBe("mean");
  expect(operations.reduce((sum, { count }) => sum + count, 0)).toBe(instructions.length);
  const products = instructions.filter(({ operation }) => operation === "matmul");
  const matmul = operations.find(({ operation }) => operation === "matmul")!;
  expect(matmul.seconds).toBeCloseTo(1e-6 * products.length, 12);
  expect(matmul.flops).toBe(products.reduce((sum, { cost }) => sum + cost.flops, 0));
});

test("a small decoder's plan: its step, its run, and the arena cut into its parts", async () => {
  const spec = { shape, batchSequences: 2, sequenceLength: 16 };
  const { step, run, batch } = await planHere({ ...spec, name: "small", numThreads: 1, tokens: 3200 });
  const { median, lo, hi } = step.stepSeconds;
  expect(hi / median).toBeCloseTo(Math.exp(1.6448536 * 0.05), 6);
  expect(median / lo).toBeCloseTo(hi / median, 9);
  expect(step.tokensPerSecond * median).toBeCloseTo(32, 9);
  expect(step.operations.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThan(median);
  expect(batch).toEqual({ batch: 2, sequenceLength: 16, tokens: 32 });
  expect(run).toMatchObject({ tokens: 3200, numSteps: 100 });
  expect(run!.seconds.median).toBeCloseTo(100 * median, 9);
  const { weights, optimiser, rest, totalBytes } = step.memory;
  expect(weights).toBe(4 * allParameters(shape));
  expect(weights + optimiser + rest).toBe(totalBytes);
  expect(totalBytes).toBe(4 * programsOf(spec).numFloats);
});

test("this machine by its names, and what is not one of them", async () => {
  const all = parseThisMachine("cpu");
  expect(all!.numThreads).toBeGreaterThanOrEqual(1);
  for (const name of ["cpu:1", "this-machine", "CPU"]) expect(parseThisMachine(name)).toEqual(all);
  expect(parseThisMachine("cpu,threads=1")).toEqual({ numThreads: 1 });
  expect(parseThisMachine("h100:8")).toBeNull();
  expect(parseThisMachine(undefined)).toBeNull();
  expect(await complaint(() => parseThisMachine("cpu:1024"))).toContain("one machine");
  for (const text of ["cpu,threads=0", "cpu,threads=100000", "cpu,network=3"])
    expect(await complaint(() => parseThisMachine(text)), text).toContain("threads=1");
});

test("our own decoders come through the planner's shape unchanged; what the engine lacks is named", async () => {
  expect(decoderOf(shapeOfDecoder("mine", shape))).toEqual({ ...shape, feedForward: "swiglu" });
  expect(await complaint(() => decoderOf(preset("deepseek-v3")))).toContain("experts, latent attention");
  expect(await complaint(() => decoderOf(preset("gpt3-175b")))).toContain("learned positions, biases");
});

test("what does not fit is refused before anything is measured, with the batch that would", async () => {
  const refusal = (large: typeof shape, batchSequences: number) =>
    complaint(() =>
      planHere({
        name: "big",
        shape: large,
        batchSequences,
        sequenceLength: 2 ** 14,
        numThreads: 1,
        tokens: null,
      }),
    );
  expect(await refusal(decoderOf(preset("llama3-405b")), 1)).toContain("a smaller model");
  expect(await refusal(shape, 2 ** 24)).toMatch(/--batch-sequences [0-9]+ fits/);
});
