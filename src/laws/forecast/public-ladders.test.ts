/** @file Do intervals hold on other people's runs? Small sub-ladders of public tables, reach 7 to 14. */

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Random } from "../../math/random.ts";
import { median } from "../../math/statistics.ts";
import type { TableRun } from "../table/run-table.ts";
import { forecastAt } from "./forecast.ts";
import { study } from "./study.ts";

const folder = new URL("../../../../shared/data/laws/", import.meta.url);

type Case = { readonly ladder: readonly TableRun[]; readonly target: TableRun };

/** Rows of a simple CSV file (no quoting), by column name. */
function readTable(name: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(new URL(name, folder), "utf8").trim().split(/\r?\n/);
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i]!, cell])));
}

function observation(n: number, d: number, c: number, loss: number): TableRun {
  return { run: c.toExponential(), seed: 0, n, d, c, loss };
}

/** Up to `count` ladders of 6 to 9 runs over 1.2 to 1.9 decades, each with one target at reach 7 to 14. */
function subLadders(runs: readonly TableRun[], count: number, random: Random): Case[] {
  const cases: Case[] = [];
  for (let attempt = 0; attempt < 30 * count && cases.length < count; attempt++) {
    const top = random.pick(runs);
    const targets = runs.filter((run) => run.c > 7 * top.c && run.c < 14 * top.c);
    const span = 1.2 + 0.7 * random.uniform();
    const below = random.shuffle(runs.filter((run) => run.c < 0.97 * top.c && run.c > top.c / 10 ** span));
    const ladder = [...below.slice(0, 5 + random.integer(4)), top];
    const decades = Math.log10(top.c / Math.min(...ladder.map((run) => run.c)));
    if (targets.length === 0 || ladder.length < 6 || decades < 1) continue;
    cases.push({ ladder, target: random.pick(targets) });
  }
  return cases;
}

/** Runs of about one ratio of tokens to parameters, as on a ladder of one recipe. */
function nearRatio(runs: readonly TableRun[], ratio: number, factor: number): TableRun[] {
  return runs.filter((run) => Math.abs(Math.log(run.d / run.n / ratio)) < Math.log(factor));
}

function epochCases(): Case[] {
  const runs = readTable("chinchilla-epoch.csv").map((row) => {
    const [n, c] = [Number(row["Model Size"]), Number(row["Training FLOP"])];
    return observation(n, c / (6 * n), c, Number(row.loss));
  });
  const random = new Random(1, "epoch");
  return [8, 20, 50].flatMap((ratio) => subLadders(nearRatio(runs, ratio, 1.4), 15, random));
}

function gadreCases(): Case[] {
  const rows = readTable("gadre_losses.csv");
  const random = new Random(2, "gadre");
  return [...new Set(rows.map((row) => row.train_dataset))].flatMap((corpus) => {
    const runs = rows
      .filter((row) => row.train_dataset === corpus)
      .map((row) => {
        const [n, d] = [Number(row.params), Number(row.tokens)];
        return observation(n, d, 6 * n * d, Number(row.c4_val_loss));
      });
    return subLadders(nearRatio(runs, 20, 2.2), 6, random);
  });
}

/** Best run of each compute budget, in recipes that were tuned at every scale. */
function porianCases(): Case[] {
  const rows = readTable("porian-isoflop_points.csv").filter(
    (row) => row.config!.includes("tuned") && Number(row.loss) > 0,
  );
  const random = new Random(3, "porian");
  return [...new Set(rows.map((row) => row.config))].flatMap((config) => {
    const best = new Map<number, TableRun>();
    for (const row of rows.filter((candidate) => candidate.config === config)) {
      const c = Number(row.flops);
      const run = observation(Number(row.params), Number(row.tokens), c, Number(row.loss));
      if (run.loss < (best.get(c)?.loss ?? Infinity)) best.set(c, run);
    }
    return subLadders([...best.values()], 5, random);
  });
}

describe.skipIf(!existsSync(folder))("public tables (../shared/data, skipped where it is missing)", () => {
  test.each([
    {
      name: "Chinchilla, read off the figure by Epoch AI",
      cases: epochCases,
      numCases: 45,
      medianPercent: 1.5,
    },
    { name: "Gadre et al., three corpora", cases: gadreCases, numCases: 5, medianPercent: 2 },
    { name: "Porian et al., tuned recipes", cases: porianCases, numCases: 4, medianPercent: 1 },
  ])("$name", ({ cases, numCases, medianPercent }) => {
    const scored = cases().map(({ ladder, target }) => ({
      actual: target.loss,
      ...forecastAt(study(ladder), target),
    }));
    expect(scored.length).toBeGreaterThanOrEqual(numCases);
    const inside = scored.filter(({ actual, lo, hi }) => actual >= lo && actual <= hi).length;
    expect(inside / scored.length).toBeGreaterThanOrEqual(0.83);
    expect(median(scored.map((s) => Math.abs(100 * (s.median / s.actual - 1))))).toBeLessThan(medianPercent);
    expect(median(scored.map((s) => (100 * (s.hi - s.lo)) / s.median))).toBeLessThan(7);
  });
});
