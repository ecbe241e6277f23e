/**
 * @file Step time of our own engine as the planner predicts it against what the engine takes, side by side in one run:
 * `node bench/plan-cpu.ts [--rounds 12] [--threads 1,2]`. Predicted from the probe's references alone; none of the shapes below is among them.
 */

import { parseArgs } from "node:util";
import { table } from "../src/cli/terminal/table.ts";
import { median, quantile } from "../src/math/statistics.ts";
import type { BatchShape } from "../src/model/decoder.ts";
import { shapeOfWidth } from "../src/model/dial.ts";
import type { DecoderShape } from "../src/model/shape.ts";
import { LoadedStep } from "../src/plan/this-machine/loaded-step.ts";
import { predictHere, type StepHere } from "../src/plan/this-machine/predict-here.ts";
import { probeMachine } from "../src/plan/this-machine/probe.ts";
import { stepProgram } from "../src/plan/this-machine/program.ts";
import { trainingPrograms } from "../src/train/programs.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "12" }, threads: { type: "string", default: "1,2" } },
});

/** Any do: they change numbers, not time. */
const OPTIMISER = {
  learningRate: 0.01,
  baseWidth: 64,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clip: 1,
};

type Subject = {
  readonly name: string;
  readonly shape: DecoderShape;
  readonly batchShape: BatchShape;
};

function subject(
  width: number,
  numLayers: number,
  batch: number,
  sequenceLength: number,
  changes: Partial<DecoderShape> = {},
) {
  const family = { vocabularySize: 1024, numLayers, queriesPerKeyValue: 1, tiedEmbeddings: true };
  const name = `${width} wide, ${numLayers} deep, ${batch} x ${sequenceLength}`;
  return {
    name,
    shape: { ...shapeOfWidth(width, family), ...changes },
    batchShape: { batch, sequenceLength },
  };
}

const SUBJECTS: readonly Subject[] = [
  subject(32, 2, 16, 64),
  subject(64, 2, 16, 256),
  subject(96, 3, 16, 64),
  subject(128, 4, 8, 128, { queryKeyNorm: true }),
  subject(128, 4, 4, 256, { feedForward: "gelu" }),
  subject(192, 6, 4, 256),
  subject(256, 4, 4, 128),
  subject(256, 6, 8, 64, { vocabularySize: 2048 }),
];

type Row = {
  readonly name: string;
  readonly predicted: StepHere[];
  readonly measured: number[];
};

/** Each round: a probe, and then one step of every subject, so that both see the same machine. */
async function compare(numThreads: number): Promise<readonly Row[]> {
  const subjects = SUBJECTS.map((each) => ({
    ...each,
    program: stepProgram(each.shape, each.batchShape),
    step: new LoadedStep(trainingPrograms(each.shape, each.batchShape, OPTIMISER), each.shape, {
      numThreads,
    }),
    row: { name: each.name, predicted: [], measured: [] } as Row,
  }));
  for (let round = 0; round < Number(values.rounds); round++) {
    const rates = await probeMachine(numThreads);
    for (const { shape, batchShape, program, step, row } of subjects) {
      row.predicted.push(predictHere(rates, program, shape, batchShape));
      await step.run();
      for (let i = 0; i < 3; i++) row.measured.push((await step.run()).seconds);
    }
  }
  return subjects.map(({ row }) => row);
}

const milliseconds = (seconds: number) => (1000 * seconds).toFixed(2);

for (const numThreads of values.threads.split(",").map(Number)) {
  const rows = (await compare(numThreads)).map(({ name, predicted, measured }) => {
    const middles = predicted.map(({ stepSeconds }) => stepSeconds.median);
    return { name, middles, measured, ratio: median(middles) / median(measured) };
  });
  const spread = (times: readonly number[]) =>
    `${milliseconds(median(times))} [${milliseconds(quantile(times, 0.25))}, ${milliseconds(quantile(times, 0.75))}]`;
  console.log(`${numThreads} thread(s): ms a step, median and quartiles`);
  console.log(
    table(rows, [
      { title: "decoder", align: "left", cell: ({ name }) => name },
      { title: "predicted", align: "right", cell: ({ middles }) => spread(middles) },
      { title: "measured", align: "right", cell: ({ measured }) => spread(measured) },
      { title: "ratio", align: "right", cell: ({ ratio }) => ratio.toFixed(3) },
    ]),
  );
  const errors = rows.map(({ ratio }) => 100 * Math.abs(ratio - 1));
  console.log(`error: median ${median(errors).toFixed(1)} %, worst ${Math.max(...errors).toFixed(1)} %\n`);
}
