/**
 * @file How long fits take, and how many starts find the optimum: the Chinchilla law on a table of runs
 * (median of 3, and the spread), the classic grid of 4,500 starts against our eight, and every law on that
 * table against a search from random starts.
 *
 *     npm run bench:laws -- RUNS.csv
 *
 * For comparison, numpy and scipy on one core: 4,000 refits 34.5 s, 4,500 starts 225 s (2026, two-core cloud
 * machine).
 */

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { readRunTable } from "../src/cli/laws/run-table.ts";
import { table } from "../src/cli/terminal/table.ts";
import { LAWS } from "../src/law/formulas/all.ts";
import { chinchillaLaw } from "../src/law/formulas/power-laws.ts";
import { bootstrapFit } from "../src/laws/fit/bootstrap.ts";
import { fitLaw, fitObjective } from "../src/laws/fit/fit.ts";
import { DEFAULT_LOSS } from "../src/laws/fit/loss.ts";
import { checkTable } from "../src/laws/table/checks.ts";
import { minimise } from "../src/math/minimise.ts";
import { Random } from "../src/math/random.ts";
import { median } from "../src/math/statistics.ts";

const NUM_WORKERS = 2;
const NUM_RANDOM_STARTS = 100;

/** Hoffmann, Besiroglu et al.: log A, log B in 0..25 by 5, log E in -1..1, exponents in 0..2 by 1/2. */
function classicGrid(): readonly (readonly number[])[] {
  const axes = [
    [0, 5, 10, 15, 20, 25],
    [0, 5, 10, 15, 20, 25],
    [-1, -0.5, 0, 0.5, 1],
    [0, 0.5, 1, 1.5, 2],
    [0, 0.5, 1, 1.5, 2],
  ];
  return axes.reduce<number[][]>(
    (points, axis) => points.flatMap((point) => axis.map((value) => [...point, value])),
    [[]],
  );
}

/** The objective reached from every `NUM_WORKERS`th start, beginning with number `first`. */
function reachedFrom(path: string, first: number): readonly number[] {
  const objective = fitObjective(chinchillaLaw, readRunTable(path).runs, DEFAULT_LOSS);
  return classicGrid()
    .filter((_, i) => i % NUM_WORKERS === first)
    .map((start) => minimise(objective, start, { tolerance: 1e-6 }).value);
}

function inWorker(path: string, first: number): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { path, first } });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Seconds of three calls, and the last result. */
async function timed<Result>(work: () => Result | Promise<Result>) {
  const seconds: number[] = [];
  let result: Result | undefined;
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    result = await work();
    seconds.push((performance.now() - begin) / 1000);
  }
  return { seconds, result: result! };
}

const secondsText = (seconds: readonly number[]) =>
  `${median(seconds).toFixed(3)} s (${Math.min(...seconds).toFixed(3)} to ${Math.max(...seconds).toFixed(3)})`;

async function printTimings(path: string): Promise<void> {
  const { runs } = readRunTable(path);
  const one = await timed(() => fitLaw(chinchillaLaw, runs));
  const fit = one.result;
  const resampled = await timed(() =>
    bootstrapFit(fit, runs, { resampling: "case", numResamples: 4000, seed: 0 }),
  );
  const grid = await timed(async () =>
    (await Promise.all(Array.from({ length: NUM_WORKERS }, (_, first) => inWorker(path, first)))).flat(),
  );
  const atOptimum = (values: readonly number[]) =>
    values.filter((value) => value <= fit.objective * (1 + 1e-6)).length / values.length;
  const deepest = Math.min(...grid.result);
  console.log(`${runs.length} runs of ${path}; median of 3 (least to most)`);
  console.log(
    `fit                    ${secondsText(one.seconds)}   ${fit.numStarts} starts, ${percent(fit.shareAtOptimum)} at the optimum, objective ${fit.objective.toPrecision(10)}`,
  );
  console.log(`4,000 refits           ${secondsText(resampled.seconds)}   one thread`);
  console.log(
    `4,500 starts           ${secondsText(grid.seconds)}   ${NUM_WORKERS} threads, ${percent(atOptimum(grid.result))} at the optimum, objective ${deepest.toPrecision(10)}`,
  );
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Every law that the table bears: our starts against a hundred random ones about them. */
function printStarts(path: string): void {
  const rows = LAWS.flatMap((law) => {
    const runs = readRunTable(path, { needs: law.uses });
    if (checkTable(runs, law).decision === "refuse") return [];
    const begin = performance.now();
    const fit = fitLaw(law, runs.runs);
    const seconds = (performance.now() - begin) / 1000;
    const objective = fitObjective(law, runs.runs, DEFAULT_LOSS);
    const random = new Random(1, "bench.laws");
    const own = [...law.starts(runs.runs), fit.theta];
    const values = Array.from({ length: NUM_RANDOM_STARTS }, (_, i) => {
      const start = own[i % own.length]!.map((x) => x + (0.1 + 0.2 * Math.abs(x)) * random.normal());
      return objective(start, new Float64Array(start.length)) < Infinity
        ? minimise(objective, start).value
        : Infinity;
    });
    return [{ law, fit, seconds, deepest: Math.min(...values, fit.objective) }];
  });
  console.log(
    table(rows, [
      { title: "law", align: "left", cell: ({ law }) => law.name },
      { title: "starts", align: "right", cell: ({ fit }) => String(fit.numStarts) },
      { title: "at optimum", align: "right", cell: ({ fit }) => percent(fit.shareAtOptimum) },
      { title: "objective", align: "right", cell: ({ fit }) => fit.objective.toExponential(6) },
      {
        title: `deepest of ${NUM_RANDOM_STARTS} random`,
        align: "right",
        cell: ({ fit, deepest }) =>
          deepest < fit.objective * (1 - 1e-6) ? `${deepest.toExponential(6)} DEEPER` : "the same",
      },
      { title: "seconds", align: "right", cell: ({ seconds }) => seconds.toFixed(2) },
    ]),
  );
}

if (isMainThread) {
  const path = process.argv[2];
  if (path === undefined) throw new Error("usage: npm run bench:laws -- RUNS.csv");
  await printTimings(path);
  console.log("");
  printStarts(path);
} else {
  const { path, first } = workerData as { readonly path: string; readonly first: number };
  parentPort!.postMessage(reachedFrom(path, first));
}
