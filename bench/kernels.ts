/**
 * @file Speed of each kernel on the lengths of one training step, beside the multiply-add peak measured just
 * before.
 *
 *     npm run bench:kernels -- [--set avx2] [--threads 2] [--width 128] [--features 384] [--layers 4]
 *       [--heads 4] [--vocabulary 1024] [--batch 8] [--length 256]
 */

import { parseArgs } from "node:util";
import { table } from "../src/cli/terminal/table.ts";
import type { Instruction } from "../src/engine/compile.ts";
import { native } from "../src/engine/native.ts";
import { estimateStep, type StepSpec } from "../src/machine/step.ts";
import { measuredPeak } from "../src/machine/this-machine.ts";

const { values } = parseArgs({
  options: {
    set: { type: "string", default: native.instructionSets()[0]! },
    threads: { type: "string", default: "1" },
    width: { type: "string", default: "128" },
    features: { type: "string", default: "384" },
    layers: { type: "string", default: "4" },
    heads: { type: "string", default: "4" },
    vocabulary: { type: "string", default: "1024" },
    batch: { type: "string", default: "8" },
    length: { type: "string", default: "256" },
  },
});

const spec: StepSpec = {
  shape: {
    vocabularySize: Number(values.vocabulary),
    width: Number(values.width),
    numLayers: Number(values.layers),
    numHeads: Number(values.heads),
    numKeyValueHeads: Number(values.heads),
    headDim: Number(values.width) / Number(values.heads),
    feedForwardWidth: Number(values.features),
    tiedEmbeddings: true,
    ropeBase: 10_000,
    normEpsilon: 1e-5,
  },
  batchSequences: Number(values.batch),
  sequenceLength: Number(values.length),
};

const numThreads = Number(values.threads);
const peak = measuredPeak(numThreads, values.set);
const { instructions, stepSeconds } = await estimateStep(spec, { numThreads, instructionSet: values.set });
const labelOf = ({ operation, attributes }: Instruction) =>
  `${operation} ${attributes.filter(Number.isInteger).join(" ")}`;
const rows = [...Map.groupBy(instructions, ({ instruction }) => labelOf(instruction))].map(
  ([label, uses]) => ({
    label,
    count: uses.length,
    seconds: uses[0]!.seconds,
    ...uses[0]!.instruction.cost,
  }),
);

console.log(
  `${values.set}, ${numThreads} thread(s), peak ${(peak / 1e9).toFixed(1)} GFLOP/s; ${JSON.stringify(spec)}`,
);
console.log(
  table(rows, [
    { title: "kernel", align: "left", cell: ({ label }) => label },
    { title: "us", align: "right", cell: ({ seconds }) => (1e6 * seconds).toFixed(0) },
    { title: "a step", align: "right", cell: ({ count }) => `${count}` },
    {
      title: "% of step",
      align: "right",
      cell: ({ count, seconds }) => ((100 * count * seconds) / stepSeconds).toFixed(1),
    },
    { title: "GFLOP/s", align: "right", cell: ({ flops, seconds }) => (flops / seconds / 1e9).toFixed(1) },
    { title: "GB/s", align: "right", cell: ({ bytes, seconds }) => (bytes / seconds / 1e9).toFixed(1) },
    { title: "of peak", align: "right", cell: ({ flops, seconds }) => (flops / seconds / peak).toFixed(2) },
  ]),
);
const flops = rows.reduce((sum, row) => sum + row.count * row.flops, 0);
const tokens = spec.batchSequences * spec.sequenceLength;
console.log(
  `step: ${(1e3 * stepSeconds).toFixed(1)} ms, ${(flops / stepSeconds / 1e9).toFixed(1)} GFLOP/s, ${(flops / stepSeconds / peak).toFixed(3)} of peak, ${(tokens / stepSeconds).toFixed(0)} tokens/s`,
);
