/**
 * @file How long the search for a layout takes, and how many layouts it ranks: `npm run bench:plan`. Each
 * question in a cold and a warm process.
 */

import { accelerator } from "../src/plan/hardware/catalogue.ts";
import { clusterOf } from "../src/plan/hardware/cluster.ts";
import { type Job, SOFTWARE_2024 } from "../src/plan/layout/layout.ts";
import { planLayouts } from "../src/plan/search/plan-layouts.ts";
import { preset } from "../src/plan/shape/presets.ts";
import { formatWhole } from "../src/units/print.ts";

type Question = {
  readonly model: string;
  readonly device: string;
  readonly numDevices: number;
  readonly sequence: number;
  readonly batchSequences: number;
};

const QUESTIONS: readonly Question[] = [
  { model: "llama3-405b", device: "h100", numDevices: 16_384, sequence: 8192, batchSequences: 2048 },
  // With this batch no layout divides over all of them: the search starts with the largest part that works.
  { model: "llama3-405b", device: "h100", numDevices: 100_000, sequence: 8192, batchSequences: 2048 },
  // Many divisors, hence many layouts.
  { model: "llama3-405b", device: "h100", numDevices: 100_000, sequence: 8192, batchSequences: 4000 },
  { model: "llama3-405b", device: "h100", numDevices: 100_800, sequence: 8192, batchSequences: 5040 },
  { model: "llama3-8b", device: "h100", numDevices: 64, sequence: 8192, batchSequences: 512 },
  { model: "deepseek-v3", device: "h100", numDevices: 2048, sequence: 4096, batchSequences: 15_360 },
];

/** The first question of a process pays for compiling; the second time shows the search alone. */
function ask({ model, device, numDevices, sequence, batchSequences }: Question): void {
  const job: Job = { sequence, batchSequences, software: SOFTWARE_2024 };
  const started = performance.now();
  const answer = planLayouts({
    model: preset(model),
    cluster: clusterOf(accelerator(device), numDevices),
    job,
  });
  const seconds = (performance.now() - started) / 1000;
  const count = (value: number) => formatWhole(value).padStart(9);
  const [best] = answer.best;
  console.log(
    `${model.padEnd(12)} ${count(answer.numDevices)} of ${count(numDevices)} ${device}  ` +
      `${count(answer.numValid)} valid  ${count(answer.numFitting)} ranked  ` +
      `${seconds.toFixed(2).padStart(6)} s   best ${best!.stepSeconds.toFixed(2)} s: ${best!.layout}`,
  );
}

for (const question of QUESTIONS) {
  ask(question);
  ask(question);
}
