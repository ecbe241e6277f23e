/**
 * @file Step time of our own engine as it is estimated from instructions timed alone against what the engine
 * takes, side by side in one run:
 * `node bench/plan-cpu.ts [--rounds 12] [--threads 1,2]`.
 */

import { parseArgs } from "node:util";
import { table } from "../src/cli/terminal/table.ts";
import { Session, type SessionOptions } from "../src/engine/session.ts";
import { estimateStep, fillLeaves, programsOf, type StepSpec } from "../src/machine/step.ts";
import { timeRun } from "../src/machine/time-instructions.ts";
import { median, quantile } from "../src/math/statistics.ts";
import { shapeOfWidth } from "../src/model/dial.ts";
import { initialValues } from "../src/model/initialise.ts";
import { type DecoderShape, parametersOf } from "../src/model/shape.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "12" }, threads: { type: "string", default: "1,2" } },
});

/** Steps measured in a round, after one that warms up. */
const STEPS = 3;

type Subject = {
  readonly name: string;
  readonly spec: StepSpec;
};

function subject(
  width: number,
  numLayers: number,
  batchSequences: number,
  sequenceLength: number,
  changes: Partial<DecoderShape> = {},
): Subject {
  const family = { vocabularySize: 1024, numLayers, queriesPerKeyValue: 1, tiedEmbeddings: true };
  const shape = { ...shapeOfWidth(width, family), ...changes };
  const name = `${width} wide, ${numLayers} deep, ${batchSequences} x ${sequenceLength}`;
  return { name, spec: { shape, batchSequences, sequenceLength } };
}

const SUBJECTS = [
  subject(32, 2, 16, 64),
  subject(64, 2, 16, 256),
  subject(96, 3, 16, 64),
  subject(128, 4, 8, 128, { queryKeyNorm: true }),
  subject(128, 4, 4, 256, { feedForward: "gelu" }),
  subject(192, 6, 4, 256),
  subject(256, 4, 4, 128),
  subject(256, 6, 8, 64, { vocabularySize: 2048 }),
];

/** A step that trains, from the start of a run. */
function loadedStep(spec: StepSpec, options: SessionOptions): Session {
  const session = new Session(programsOf(spec), options);
  fillLeaves(session, spec);
  for (const parameter of parametersOf(spec.shape))
    session.floats(parameter.name).set(initialValues(parameter, spec.shape, 1));
  return session;
}

/** In every round each subject is estimated and then measured, so that both see the same machine. */
async function compare(numThreads: number) {
  const subjects = SUBJECTS.map(({ name, spec }) => {
    const [estimated, measured]: number[][] = [[], []];
    return {
      name,
      spec,
      session: loadedStep(spec, { numThreads }),
      estimated: estimated!,
      measured: measured!,
    };
  });
  for (let round = 0; round < Number(values.rounds); round++)
    for (const { spec, session, estimated, measured } of subjects) {
      estimated.push((await estimateStep(spec, { numThreads })).stepSeconds);
      await timeRun(session, "train");
      for (let i = 0; i < STEPS; i++) measured.push((await timeRun(session, "train")).wallSeconds);
    }
  return subjects.map((row) => ({ ...row, ratio: median(row.estimated) / median(row.measured) }));
}

const milliseconds = (seconds: number) => (1000 * seconds).toFixed(2);
const spread = (times: readonly number[]) =>
  `${milliseconds(median(times))} [${milliseconds(quantile(times, 0.25))}, ${milliseconds(quantile(times, 0.75))}]`;

for (const numThreads of values.threads.split(",").map(Number)) {
  const rows = await compare(numThreads);
  console.log(`${numThreads} thread(s): ms a step, median and quartiles`);
  console.log(
    table(rows, [
      { title: "decoder", align: "left", cell: ({ name }) => name },
      { title: "estimated", align: "right", cell: ({ estimated }) => spread(estimated) },
      { title: "measured", align: "right", cell: ({ measured }) => spread(measured) },
      { title: "ratio", align: "right", cell: ({ ratio }) => ratio.toFixed(3) },
    ]),
  );
  const errors = rows.map(({ ratio }) => 100 * Math.abs(ratio - 1));
  console.log(`error: median ${median(errors).toFixed(1)} %, worst ${Math.max(...errors).toFixed(1)} %\n`);
}
