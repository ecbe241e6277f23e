/** @file Judges the step model by published runs, each family by constants of the others. */

import { median } from "../../math/statistics.ts";
import { CONSTANT_PRIORS, type Constants } from "../constants.ts";
import type { StepPrediction } from "../step/prediction.ts";
import { adjustConstants } from "./calibrate.ts";
import { fitConstants } from "./fit.ts";
import {
  comparableBytes,
  idealSeconds,
  medianUtilisation,
  type PublishedRun,
  type PublishedRuns,
  predictRun,
  type SkippedRow,
  timedPairs,
} from "./published-run.ts";
import {
  type ErrorSummary,
  joinRankings,
  type Pair,
  type Ranking,
  rankLayouts,
  summariseErrors,
} from "./scores.ts";

/** A run and what was predicted for it. */
export type JudgedRun = {
  readonly run: PublishedRun;
  readonly prediction: StepPrediction;
};

/** Errors on one family. */
export type FamilyReport = ErrorSummary & {
  readonly family: string;
  /** Different recipes among the rows. */
  readonly recipes: number;
  /** Half the spread of recipes measured again: the least error of one number. Null: none was. */
  readonly floorPercent: number | null;
  readonly baselineOtherPercent: number | null;
  readonly baselineOraclePercent: number;
  readonly spearman: number | null;
  readonly regretPercent: number | null;
  /** Median error of the other recipes after calibrating on three of them; null with fewer than six. */
  readonly afterThreePercent: number | null;
};

/** How well memory was predicted. */
export type MemoryReport = {
  readonly rows: number;
  /** Null: no row says how much it took. */
  readonly medianPercent: number | null;
  /** Layouts that ran out of memory and were said to fit. */
  readonly falseFits: number;
  /** Layouts that ran, with all that memory depends on stated, and were said not to fit. */
  readonly falseMisfits: number;
  readonly outOfMemoryRows: number;
  readonly ranRows: number;
};

/** Rows that were not used, for one reason. */
export type UnusedRows = {
  readonly family: string;
  readonly reason: string;
  readonly rows: number;
  /** Of the table, the header being line 1. */
  readonly lines: readonly number[];
};

/** How far predictions were off, family by family. */
export type ValidationReport = {
  readonly all: ErrorSummary;
  readonly families: readonly FamilyReport[];
  readonly memory: MemoryReport;
  readonly rankings: readonly Ranking[];
  /** Rows that were not used, by family and reason. */
  readonly unused: readonly UnusedRows[];
  /** What was put into empty cells, and into those that contradicted others. */
  readonly filled: readonly { readonly note: string; readonly rows: number }[];
};

/** What a family is, and which constants judge it. */
export type ValidationOptions = {
  /** What makes a family of a run. */
  readonly groupBy?: (run: PublishedRun) => string;
  /** Every family is predicted with these, whatever they were calibrated on. */
  readonly constants?: Constants;
};

/** Judges every family. `known`: further runs to learn from, but for what they share with the judged. */
export function validate(
  { runs, skipped }: PublishedRuns,
  known: readonly PublishedRun[],
  options: ValidationOptions = {},
): ValidationReport {
  const groupBy = options.groupBy ?? (({ family }) => family);
  const families = Map.groupBy(runs, groupBy);
  const given = new Set(runs.map(sameLayout));
  const news = known.filter((run) => !given.has(sameLayout(run)));
  const judged: JudgedRun[] = [];
  const reports: FamilyReport[] = [];
  const rankings: Ranking[] = [];
  for (const [family, members] of families) {
    const relatives = familiesOf(members, known);
    const others = [...runs, ...news.filter((run) => !relatives.has(run.family))].filter(
      (run) => groupBy(run) !== family,
    );
    const constants = options.constants ?? (others.length > 0 ? fitConstants(others) : CONSTANT_PRIORS);
    const predictions = new Map(members.map((run) => [run, predictRun(run, constants)] as const));
    const own = [...predictions].map(([run, prediction]) => ({ run, prediction }));
    judged.push(...own);
    if (own.every(({ run }) => run.stepSeconds === null)) continue;
    const ranked = rankLayouts(members, (run) => predictions.get(run)!.stepSeconds);
    rankings.push(...ranked);
    reports.push(familyReport(family, own, others, ranked, constants));
  }
  return {
    all: summariseErrors(pairsOf(judged)),
    families: reports.sort((a, b) => a.family.localeCompare(b.family)),
    memory: memoryReport(judged),
    rankings,
    unused: unusedRows(skipped),
    filled: filledCells(runs),
  };
}

/** Rows with the same text are the same layout of the same model, by whatever name. */
function sameLayout({ model, cluster, layout, job }: PublishedRun): string {
  const { numLayers, hidden, attention, experts } = model;
  const { tensor, pipeline, context, expert, microBatch, precision } = layout;
  const cut = [tensor, pipeline, context, expert, microBatch, precision, job.sequence, job.batchSequences];
  const shape = [numLayers, hidden, attention.numHeads, experts?.count ?? 0];
  return [...shape, cluster.accelerator.name, cluster.numDevices, ...cut].join(" ");
}

/** Half of a family's layouts in a known one: it is that family under another name. */
const SAME_FAMILY = 0.5;

function familiesOf(members: readonly PublishedRun[], known: readonly PublishedRun[]): ReadonlySet<string> {
  const own = new Set(members.map(sameLayout));
  const same = [...Map.groupBy(known, ({ family }) => family)].filter(([, theirs]) => {
    const shared = new Set(theirs.map(sameLayout)).intersection(own);
    return shared.size >= SAME_FAMILY * own.size;
  });
  return new Set(same.map(([family]) => family));
}

function pairsOf(judged: readonly JudgedRun[]): readonly Pair[] {
  return judged.flatMap(({ run, prediction }) =>
    run.stepSeconds === null ? [] : [{ predicted: prediction.stepSeconds, measured: run.stepSeconds }],
  );
}

function familyReport(
  family: string,
  own: readonly JudgedRun[],
  others: readonly PublishedRun[],
  ranked: readonly Ranking[],
  constants: Constants,
): FamilyReport {
  const runs = own.map(({ run }) => run).filter((run) => run.stepSeconds !== null);
  const order = joinRankings(ranked);
  const utilisation = medianUtilisation(others);
  const constant = (share: number) =>
    summariseErrors(runs.map((run) => ({ predicted: idealSeconds(run) / share, measured: run.stepSeconds! })))
      .mapePercent;
  return {
    family,
    ...summariseErrors(pairsOf(own)),
    recipes: new Set(runs.map(({ recipe }) => recipe)).size,
    floorPercent: floorOf(runs),
    baselineOtherPercent: utilisation === null ? null : constant(utilisation),
    baselineOraclePercent: constant(medianUtilisation(runs)!),
    spearman: order?.spearman ?? null,
    regretPercent: order?.regretPercent ?? null,
    afterThreePercent: afterThree(runs, constants),
  };
}

/** Recipes measured more than once: mean distance from their median, in per cent. */
function floorOf(runs: readonly PublishedRun[]): number | null {
  const again = [...Map.groupBy(runs, ({ recipe }) => recipe).values()].filter((same) => same.length > 1);
  const pairs = again.flatMap((same) => {
    const middle = median(same.map(({ stepSeconds }) => stepSeconds!));
    return same.map(({ stepSeconds }) => ({ predicted: middle, measured: stepSeconds! }));
  });
  return pairs.length > 0 ? summariseErrors(pairs).mapePercent : null;
}

/** Three recipes, evenly spread over the family in table order, are learned from; the rest are judged. */
function afterThree(runs: readonly PublishedRun[], constants: Constants): number | null {
  const recipes = [...Map.groupBy(runs, ({ recipe }) => recipe).values()];
  if (recipes.length < 6) return null;
  const chosen = [1, 3, 5].map((sixth) => Math.floor((recipes.length * sixth) / 6));
  const learned = recipes.filter((_, index) => chosen.includes(index)).flat();
  const adjusted = adjustConstants(learned, constants);
  const rest = recipes.filter((_, index) => !chosen.includes(index)).flat();
  return summariseErrors(timedPairs(rest, adjusted)).medianPercent;
}

function memoryReport(judged: readonly JudgedRun[]): MemoryReport {
  const measured = judged.filter(({ run }) => run.memoryBytes !== null);
  const failed = judged.filter(({ run }) => run.outcome === "out of memory");
  const ran = judged.filter(({ run }) => run.outcome === "ran" && run.memoryStated);
  const pairs = measured.map(({ run, prediction }) => ({
    predicted: comparableBytes(prediction.memory, run.memoryKind),
    measured: run.memoryBytes!,
  }));
  return {
    rows: measured.length,
    medianPercent: pairs.length > 0 ? summariseErrors(pairs).medianPercent : null,
    falseFits: failed.filter(({ prediction }) => prediction.memory.fits).length,
    falseMisfits: ran.filter(({ prediction }) => !prediction.memory.fits).length,
    outOfMemoryRows: failed.length,
    ranRows: ran.length,
  };
}

function filledCells(runs: readonly PublishedRun[]): ValidationReport["filled"] {
  const notes = Map.groupBy(
    runs.flatMap(({ filled }) => filled),
    (note) => note,
  );
  return [...notes].map(([note, { length }]) => ({ note, rows: length })).sort((a, b) => b.rows - a.rows);
}

/** Rows that were not used, by family and reason. */
export function unusedRows(skipped: readonly SkippedRow[]): readonly UnusedRows[] {
  const groups = Map.groupBy(skipped, ({ family, reason }) => `${family}\n${reason}`);
  return [...groups.values()].map((rows) => ({
    family: rows[0]!.family,
    reason: rows[0]!.reason,
    rows: rows.length,
    lines: rows.map(({ line }) => line),
  }));
}
