import { expect, test } from "vitest";
import { Session } from "../engine/session.ts";
import { shapeOfWidth } from "../model/dial.ts";
import { parametersOf } from "../model/shape.ts";
import { trainingPrograms } from "../train/programs.ts";
import { estimateStep, fillLeaves, processBytes, programsOf } from "./step.ts";
import { memoryBytes, thisMachine } from "./this-machine.ts";
import { timeInstructions, timeRun } from "./time-instructions.ts";

const spec = {
  shape: shapeOfWidth(32, { vocabularySize: 64, numLayers: 2, queriesPerKeyValue: 2, tiedEmbeddings: true }),
  batchSequences: 2,
  sequenceLength: 16,
};
const options = { numThreads: 1 };

test("a step is its instructions and the waking of the threads; its memory is the arena", async () => {
  const executable = programsOf(spec);
  const { stepSeconds, instructions, arenaBytes, numThreads } = await estimateStep(spec, options);
  expect(numThreads).toBe(1);
  expect(instructions.map(({ instruction }) => instruction)).toEqual(
    executable.programs.get("train")!.instructions,
  );
  for (const { seconds } of instructions) expect(seconds).toBeGreaterThan(0);
  expect(stepSeconds).toBeGreaterThan(instructions.reduce((sum, { seconds }) => sum + seconds, 0));
  expect(arenaBytes).toBe(4 * executable.numFloats);
  expect(processBytes(executable)).toBe(arenaBytes + 2e8);
});

test("the optimiser's settings change neither lengths nor memory", () => {
  const other = { learningRate: 1, baseWidth: 8, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, clip: 9 };
  const batchShape = { batch: spec.batchSequences, sequenceLength: spec.sequenceLength };
  const lengths = (executable: ReturnType<typeof programsOf>) => [
    executable.numFloats,
    executable.programs.get("train")!.instructions.map(({ operation, operands, attributes, cost }) => ({
      operation,
      operands,
      attributes: operation === "adamw" ? attributes.slice(0, 1) : attributes,
      cost,
    })),
  ];
  expect(lengths(trainingPrograms(spec.shape, batchShape, other))).toEqual(lengths(programsOf(spec)));
});

test("equal instructions take equally long, and are run once in a pass", async () => {
  const { instructions } = await timeInstructions(programsOf(spec), "train", options, (session) =>
    fillLeaves(session, spec),
  );
  const seconds = new Map<string, Set<number>>();
  for (const { instruction, seconds: own } of instructions) {
    const key = JSON.stringify([instruction.operation, instruction.attributes]);
    seconds.set(key, (seconds.get(key) ?? new Set()).add(own));
  }
  expect(seconds.size).toBeLessThan(instructions.length);
  for (const times of seconds.values()) expect(times.size).toBe(1);
});

test("on the numbers it is filled with a step stays finite, so that AdamW does its work", async () => {
  const session = new Session(programsOf(spec), options);
  fillLeaves(session, spec);
  for (let step = 0; step < 3; step++) await timeRun(session, "train");
  expect(session.output("train", "squaredNorm")[0]).toBe(0);
  expect(session.output("train", "loss")[0]).toBeCloseTo(Math.log(64), 5);
  for (const { name } of parametersOf(spec.shape))
    expect(session.floats(name).every((x) => x === 0)).toBe(true);
});

test("this machine has a processor, memory and an instruction set", () => {
  const machine = thisMachine(".");
  expect(machine.memoryBytes).toBe(memoryBytes());
  expect(machine.numThreads).toBeGreaterThanOrEqual(1);
  expect(machine.instructionSet).not.toBe("");
});
