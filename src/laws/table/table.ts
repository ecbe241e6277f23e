/** @file A table of finished runs, read from text: which column is what, in which convention, and which rows were set aside. */

import { UserError } from "../../errors.ts";
import type { Design, Run } from "../../law/law.ts";
import { readCell } from "./cell.ts";
import { type Column, type Columns, findColumns, indexOfName, type Quantity } from "./columns.ts";
import { checkGroups } from "./groups.ts";
import { parseRows, type RawRow } from "./raw.ts";
import { withoutPublishedFive, withoutRepeats } from "./set-aside.ts";
import { checkUnits, type Given, MOST_LOSS } from "./units.ts";
import { chooseRows } from "./where.ts";

export type { Quantity } from "./columns.ts";

/** One run of a table. What the table does not say and no law asked for is NaN. */
export type TableRun = Run & {
  /** A name to call it by: its own, or its line in the file. Rows of one run (its checkpoints) share it. */
  readonly run: string;
  /** Runs of one design with different seeds, where the table says so. */
  readonly seed?: number;
  /** How much the run counts in a fit; left out: 1. */
  readonly weight?: number;
  /** Numbers of the columns asked for by `TableOptions.extra`; left out where the cell has none. */
  readonly extra?: Readonly<Record<string, number>>;
};

export type RunTable = {
  /** What was read: a path, for messages. */
  readonly source: string;
  readonly runs: readonly TableRun[];
  readonly setAside: readonly { readonly run: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  /** What N, C and D are taken to count, and in which column the loss stands. */
  readonly conventions: {
    readonly parameters: string;
    readonly compute: string;
    readonly tokens?: string;
    readonly loss?: string;
  };
};

export type TableOptions = {
  /** The user's own names of columns; others are found by what they are commonly called. */
  readonly columns?: Readonly<Partial<Record<Quantity, string>>>;
  /** Keeps rows that the published fit of a known table drops, and rows that the table marks as outliers. */
  readonly keepAll?: boolean;
  /** What of a design the law reads (`law.uses`); left out: N, D and C, of which any two give the third by C = 6 N D. */
  readonly needs?: readonly (keyof Design)[];
  /** Conditions on rows: `column=value`, or != < <= > >=. `column=*` accepts a mixture. */
  readonly where?: readonly string[];
  /** Further columns of numbers to carry along, by name; one that is needed and missing is refused. */
  readonly extra?: Readonly<Record<string, "needed" | "optional">>;
};

type Reading =
  | { readonly run: TableRun }
  | { readonly setAside: { readonly run: string; readonly reason: string } };

/** Reads CSV, TSV, JSON lines or a JSON array. Throws a `UserError` where the table cannot be one of runs for one law. */
export function readTable(text: string, source: string, options: TableOptions = {}): RunTable {
  const all = parseRows(text, source);
  const { raw, accepted } = chooseRows(all, source, options.where ?? []);
  const columns = findColumns(raw, source, options.columns ?? {});
  const given = givenOf(columns);
  requireColumns(raw.columns, columns, source, options.needs ?? ["n", "d", "c"]);
  const extra = extraColumns(raw.columns, source, options.extra ?? {});
  const groupWarnings = checkGroups(raw, source, columns, accepted);
  const readings = raw.rows.map((row) => readRun(row, columns, extra, source, options.keepAll === true));
  const read = readings.flatMap((reading) => ("run" in reading ? [reading.run] : []));
  const unitWarnings = checkUnits(read, source, given);
  const diverged = given.loss === "found" ? read.filter(({ loss }) => loss > MOST_LOSS) : [];
  const sound = read.filter((run) => !diverged.includes(run));
  const once = withoutRepeats(sound);
  const fitted =
    options.keepAll === true
      ? { runs: once.runs, setAside: [] }
      : withoutPublishedFive(once.runs, raw.columns);
  const table: RunTable = {
    source,
    runs: fitted.runs,
    setAside: [
      ...readings.flatMap((reading) => ("setAside" in reading ? [reading.setAside] : [])),
      ...diverged.map(({ run, loss }) => ({ run, reason: `diverged: a loss of ${loss}` })),
      ...once.setAside,
      ...fitted.setAside,
    ],
    warnings: [...groupWarnings, ...unitWarnings, ...checkpointWarning(fitted.runs)],
    conventions: conventionsOf(columns),
  };
  if (table.runs.length > 0) return table;
  throw new UserError(
    `${source}: none of ${raw.rows.length} rows can be used: ${table.setAside[0]?.reason}`,
    "finished runs with a loss",
    "check the columns named by --columns",
  );
}

/** What the table says of each of N, D and C by itself, or through steps. */
function givenOf(columns: Columns): Given {
  return {
    n: columns.n !== undefined,
    d:
      columns.d !== undefined ||
      (columns.steps !== undefined && columns.tokensPerStep !== undefined) ||
      (columns.n !== undefined && columns.tokensPerParameter !== undefined),
    c: columns.c !== undefined || (columns.steps !== undefined && columns.flopsPerStep !== undefined),
    compute: columns.named.has("c") ? "named" : "found",
    loss: columns.named.has("loss") ? "named" : "found",
  };
}

function requireColumns(
  names: readonly string[],
  columns: Columns,
  source: string,
  needs: readonly (keyof Design)[],
): void {
  const { n, d, c } = givenOf(columns);
  const found = { n, d, c };
  const derivable = Number(n) + Number(d) + Number(c) >= 2;
  const missing = (["n", "d", "c"] as const).filter((q) => needs.includes(q) && !found[q] && !derivable);
  if (columns.loss && missing.length === 0) return;
  const perplexity = names.find((name) => /ppl|perplexity/i.test(name));
  const curve = columns.steps && columns.loss && names.some((name) => /^(lr|learning[ _]rate)$/i.test(name));
  const what = { n: "parameters (n)", d: "tokens (d)", c: "FLOPs (c)" };
  throw new UserError(
    `${source}: columns ${names.slice(0, 24).join(", ")}${columns.loss ? "" : ", none of them a loss"}`,
    `a loss, and ${needs.includes("n") && needs.includes("d") ? "two of parameters (n), tokens (d) and FLOPs (c)" : missing.map((q) => what[q]).join(", ") || "sizes"}`,
    curve
      ? "this looks like the curve of one run: longrun laws curve reads it"
      : !columns.loss && perplexity
        ? `give the logarithms of ${perplexity} in a column named loss`
        : "name them: --columns n=...,d=...,c=...,loss=...",
  );
}

function extraColumns(
  names: readonly string[],
  source: string,
  asked: NonNullable<TableOptions["extra"]>,
): readonly Column[] {
  return Object.entries(asked)
    .filter(([name, need]) => need === "needed" || names.includes(name))
    .map(([name]) => ({ name, index: indexOfName(names, name, source, "the column"), scale: 1 }));
}

function readRun(
  row: RawRow,
  columns: Columns,
  extraColumns: readonly Column[],
  source: string,
  keepAll: boolean,
): Reading {
  const name = columns.run ? row.cells[columns.run.index]! : "";
  const run = name === "" ? row.label : name;
  const reasons: string[] = [];
  const number = (column: Column | undefined): number | undefined => {
    if (!column) return undefined;
    const cell = readCell(row.cells[column.index]!);
    if (cell.kind === "number") return cell.value * (column === columns.loss ? 1 : column.scale);
    if (cell.kind === "text") throw notNumber(source, row.label, column.name, cell.written);
    reasons.push(`${column.name} is ${cell.written === "" ? "empty" : cell.written}: unfinished or diverged`);
    return Number.NaN;
  };
  const loss = number(columns.loss)!;
  const sizes = sizesOf(columns, number);
  const { unique, experts, weight } = columns;
  // An empty cell here is no missing number: all tokens are distinct, the model is dense, the run counts once.
  const optional = (column: Column | undefined) =>
    column && readCell(row.cells[column.index]!).kind === "missing" ? undefined : number(column);
  const numExperts = optional(experts);
  const own = {
    unique: optional(unique),
    experts: numExperts === 0 ? 1 : numExperts,
    weight: optional(weight),
  };
  const seed = seedOf(row, columns.seed);
  if (!keepAll && isMarked(row, columns.outlier))
    reasons.push(`marked in column ${columns.outlier!.name}; --keep-all keeps it`);
  const positive = { loss, ...sizes, ...own };
  for (const [quantity, value] of Object.entries(positive)) {
    if (value !== undefined && value <= 0) reasons.push(`${quantity} is ${value}, and has to be positive`);
  }
  if (reasons.length > 0) return { setAside: { run, reason: reasons.join("; ") } };
  const given = (record: Readonly<Record<string, number | undefined>>) =>
    Object.fromEntries(
      Object.entries(record).filter((entry): entry is [string, number] => entry[1] !== undefined),
    );
  const extra = given(Object.fromEntries(extraColumns.map((column) => [column.name, optional(column)])));
  return {
    run: { run, loss, ...sizes, ...given({ ...own, seed }), ...(extraColumns.length > 0 ? { extra } : {}) },
  };
}

/** N, D and C of a row: as given, through steps, or the third from the other two by C = 6 N D. */
function sizesOf(
  columns: Columns,
  number: (column: Column | undefined) => number | undefined,
): { readonly n: number; readonly d: number; readonly c: number } {
  const product = (a: Column | undefined, b: Column | undefined) =>
    a && b ? number(a)! * number(b)! : undefined;
  const n = number(columns.n);
  const d =
    number(columns.d) ??
    product(columns.steps, columns.tokensPerStep) ??
    (n === undefined || !columns.tokensPerParameter ? undefined : n * number(columns.tokensPerParameter)!);
  const c = number(columns.c) ?? product(columns.steps, columns.flopsPerStep);
  return {
    n: n ?? (c ?? Number.NaN) / (6 * (d ?? Number.NaN)),
    d: d ?? (c ?? Number.NaN) / (6 * (n ?? Number.NaN)),
    c: c ?? 6 * (n ?? Number.NaN) * (d ?? Number.NaN),
  };
}

/** Seeds are often words; those are numbered by what they are, so that equal words stay equal. */
function seedOf(row: RawRow, column: Column | undefined): number | undefined {
  if (!column) return undefined;
  const written = row.cells[column.index]!;
  const cell = readCell(written);
  if (cell.kind === "number") return cell.value;
  if (cell.kind === "missing") return undefined;
  return [...written].reduce((hash, letter) => (Math.imul(hash, 31) + letter.codePointAt(0)!) | 0, 7);
}

function isMarked(row: RawRow, column: Column | undefined): boolean {
  return column !== undefined && /^(1|1\.0|true|yes|y|outlier)$/i.test(row.cells[column.index]!);
}

function notNumber(source: string, label: string, column: string, written: string): UserError {
  return new UserError(
    `${source}, ${label}: ${column} is "${written.slice(0, 40)}"`,
    "a number, plain or as 70B, 1.4T, 6e18",
    "correct the cell, or name another column with --columns",
  );
}

/** Several rows of one name that differ in D are checkpoints: under a schedule that decays, only the last is a finished run. */
function checkpointWarning(runs: readonly TableRun[]): readonly string[] {
  const rows = new Map<string, TableRun[]>();
  for (const run of runs) rows.set(run.run, [...(rows.get(run.run) ?? []), run]);
  const several = [...rows.values()].filter(
    (of) => new Set(of.map(({ d, c }) => `${d}/${c}`)).size > 1 && new Set(of.map(({ n }) => n)).size === 1,
  );
  if (several.length === 0) return [];
  const count = several.reduce((sum, of) => sum + of.length, 0);
  return [
    `${count} rows are checkpoints of ${several.length} runs (${several[0]![0]!.run} and so on): a checkpoint in the middle of a decaying schedule is no finished run, and the rows of one run are not independent`,
  ];
}

function conventionsOf(columns: Columns): RunTable["conventions"] {
  const { n, d, c, steps, flopsPerStep, tokensPerStep, tokensPerParameter } = columns;
  const through = steps && flopsPerStep ? `${steps.name} x ${flopsPerStep.name}` : "6 N D";
  return {
    parameters: n ? `as column ${n.name} counts them` : "C / 6 D",
    compute: c ? `as column ${c.name} counts them` : through,
    tokens: d
      ? `column ${d.name}`
      : steps && tokensPerStep
        ? `${steps.name} x ${tokensPerStep.name}`
        : tokensPerParameter
          ? `N x ${tokensPerParameter.name}`
          : "C / 6 N",
    loss: `column ${columns.loss!.name}`,
  };
}
