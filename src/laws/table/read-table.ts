/** @file Text to a table of runs: columns, conventions, and the rows set aside with the reason. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import { FLOPS_PER_PARAMETER_TOKEN, trainingFlops } from "../../law/training-flops.ts";
import { formatNumber, scientific } from "../../units/print.ts";
import { type Cell, notNumber, readCell } from "./cell.ts";
import type { TableQuantity } from "./column-names.ts";
import { type FoundColumn, type FoundColumns, findColumns, indexOfName } from "./columns.ts";
import { stateWarnings, unfinishedReason } from "./finished.ts";
import { checkMixtures } from "./mixtures.ts";
import { parseRows, type RawRow, type RawTable } from "./parse-rows.ts";
import type { RunTable, SetAside, TableRun } from "./run-table.ts";
import { checkUnits, type Given, MOST_LOSS } from "./unit-checks.ts";
import { chooseRows } from "./where.ts";

/** How a table is read: its columns, and which rows count. */
export type TableOptions = {
  /** The user's own names of columns; others are found by what they are commonly called. */
  readonly columns?: Readonly<Partial<Record<TableQuantity, string>>>;
  /** Keeps rows that the published fit of a known table drops, and rows that the table marks as outliers. */
  readonly keepAll?: boolean;
  /** What of a design the law reads; left out: N, D and C. Two of them give the third by C = 6 N D. */
  readonly needs?: readonly (keyof Design)[];
  /** Conditions on rows: `column=value`, or != < <= > >=. `column=*` accepts a mixture. */
  readonly where?: readonly string[];
  /** Further columns of numbers to carry along, by name; one that is needed and missing is refused. */
  readonly extra?: Readonly<Record<string, "needed" | "optional">>;
};

/** Reads a table. Throws a `UserError` where it cannot be one of runs for one law. */
export function readTable(text: string, source: string, options: TableOptions = {}): RunTable {
  const { columns: names = {}, keepAll = false, needs = ["n", "d", "c"], where = [] } = options;
  const { raw, accepted } = chooseRows(parseRows(text, source), source, where);
  const columns = findColumns(raw, source, names);
  const given = givenOf(columns);
  requireColumns(raw.columns, columns, given, source, needs);
  const extra = extraColumns(raw.columns, source, options.extra ?? {});
  const mixtureWarnings = checkMixtures(raw, source, columns, accepted);
  const setAside: SetAside[] = [];
  const keepsState = keepAll || columns.state === undefined || accepted.has(columns.state.index);
  const read = raw.rows.flatMap((row) => {
    const run = readRun(row, columns, extra, source, { keepAll, keepsState });
    if (!("reason" in run)) return [run];
    setAside.push(run);
    return [];
  });
  const unitWarnings = checkUnits(read, source, given);
  const isKept = (run: TableRun, reason: string | null) => {
    if (reason !== null) setAside.push({ run: run.run, reason });
    return reason === null;
  };
  const sound = read.filter((run) =>
    isKept(run, given.loss === "found" && run.loss > MOST_LOSS ? `diverged: a loss of ${run.loss}` : null),
  );
  const repeated = repeatReasons(sound);
  const once = sound.filter((run, i) => isKept(run, repeated[i]!));
  const bound = keepAll ? Infinity : publishedBound(once, raw.columns);
  const runs = once.filter((run) => isKept(run, run.loss >= bound ? PUBLISHED_REASON : null));
  const warnings = [
    ...unitRemarks(raw, columns),
    ...(keepsState ? [] : stateWarnings(raw, columns.state!)),
    ...mixtureWarnings,
    ...unitWarnings,
    ...checkpointWarning(runs),
  ];
  if (runs.length > 0) return { source, runs, setAside, warnings, conventions: conventionsOf(columns) };
  throw new UserError(
    `${source}: none of ${raw.rows.length} rows can be used: ${setAside[0]?.reason}`,
    "finished runs with a loss",
    "check the columns named by --columns",
  );
}

/** What the table says of each of N, D and C by itself, or through steps. */
function givenOf(columns: FoundColumns): Given {
  return {
    n: columns.n !== undefined,
    d:
      columns.d !== undefined ||
      (columns.steps !== undefined && columns.tokensPerStep !== undefined) ||
      (columns.n !== undefined && columns.tokensPerParameter !== undefined),
    c: columns.c !== undefined || (columns.steps !== undefined && columns.flopsPerStep !== undefined),
    compute: columns.named.has("c") ? "named" : "found",
    sizes: (["n", "d", "c"] as const).some((quantity) => columns.named.has(quantity)) ? "named" : "found",
    loss: columns.named.has("loss") ? "named" : "found",
  };
}

const SIZES = { n: "parameters (n)", d: "tokens (d)", c: "FLOPs (c)" } as const;

function requireColumns(
  names: readonly string[],
  columns: FoundColumns,
  given: Given,
  source: string,
  needs: readonly (keyof Design)[],
): void {
  const derivable = Number(given.n) + Number(given.d) + Number(given.c) >= 2;
  const missing = (["n", "d", "c"] as const).filter((q) => needs.includes(q) && !given[q] && !derivable);
  if (columns.loss && missing.length === 0) return;
  const wanted =
    needs.includes("n") && needs.includes("d")
      ? "two of parameters (n), tokens (d) and FLOPs (c)"
      : missing.map((q) => SIZES[q]).join(", ") || "sizes";
  throw new UserError(
    `${source}: columns ${names.slice(0, 24).join(", ")}${columns.loss ? "" : ", none of them a loss"}`,
    `a loss, and ${wanted}`,
    columnsRemedy(names, columns),
  );
}

function columnsRemedy(names: readonly string[], columns: FoundColumns): string {
  const isRate = (name: string) => /^(lr|learning[ _]rate)$/i.test(name);
  if (columns.steps && columns.loss && names.some(isRate))
    return "this looks like the curve of one run: longrun laws curve reads it";
  const perplexity = names.find((name) => /ppl|perplexity/i.test(name));
  if (!columns.loss && perplexity) return `give the logarithms of ${perplexity} in a column named loss`;
  return "name them: --columns n=...,d=...,c=...,loss=...";
}

function extraColumns(
  names: readonly string[],
  source: string,
  asked: NonNullable<TableOptions["extra"]>,
): readonly FoundColumn[] {
  return Object.entries(asked)
    .filter(([name, need]) => need === "needed" || names.includes(name))
    .map(([name]) => ({ name, index: indexOfName(names, name, source, "the column"), scale: 1 }));
}

function readRun(
  row: RawRow,
  columns: FoundColumns,
  extraColumns: readonly FoundColumn[],
  source: string,
  { keepAll, keepsState }: { readonly keepAll: boolean; readonly keepsState: boolean },
): TableRun | SetAside {
  const name = columns.run ? row.cells[columns.run.index]! : "";
  const run = name === "" ? row.label : name;
  const unfinished = keepsState ? null : unfinishedReason(columns.state!, row.cells[columns.state!.index]!);
  if (unfinished !== null) return { run, reason: unfinished };
  const reasons: string[] = [];
  const number = (column: FoundColumn | undefined): number | undefined => {
    if (!column) return undefined;
    const cell = readCell(row.cells[column.index]!);
    if (cell.kind === "number")
      return cell.value * (column === columns.loss || cell.hasUnit ? 1 : column.scale);
    if (cell.kind === "text") throw notNumber(source, row.label, column.name, cell.written);
    reasons.push(`${column.name} is ${cell.written === "" ? "empty" : cell.written}: unfinished or diverged`);
    return Number.NaN;
  };
  // An empty cell of these is no missing number: all tokens are distinct, the model is dense, the run counts
  // once.
  const optional = (column: FoundColumn | undefined) =>
    column && readCell(row.cells[column.index]!).kind === "missing" ? undefined : number(column);
  const required = { loss: number(columns.loss)!, ...sizesOf(columns, number) };
  const numExperts = optional(columns.experts);
  const own = {
    unique: optional(columns.unique),
    experts: numExperts === 0 ? 1 : numExperts,
    weight: optional(columns.weight),
  };
  if (!keepAll && isMarked(row, columns.outlier))
    reasons.push(`marked in column ${columns.outlier!.name}; --keep-all keeps it`);
  for (const [quantity, value] of Object.entries({ ...required, ...own })) {
    if (value !== undefined && value <= 0) reasons.push(`${quantity} is ${value}, and has to be positive`);
  }
  const extra = extraColumns.map((column) => [column.name, optional(column)] as const);
  if (reasons.length > 0) return { run, reason: reasons.join("; ") };
  return {
    run,
    ...required,
    ...known(Object.entries({ ...own, seed: seedOf(row, columns.seed) })),
    ...(extraColumns.length > 0 ? { extra: known(extra) } : {}),
  };
}

function known(
  entries: readonly (readonly [string, number | undefined])[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    entries.filter((entry): entry is readonly [string, number] => entry[1] !== undefined),
  );
}

/** N, D and C of a row: as given, through steps, or the third from the other two by C = 6 N D. */
function sizesOf(columns: FoundColumns, number: (column: FoundColumn | undefined) => number | undefined) {
  const product = (a: FoundColumn | undefined, b: FoundColumn | undefined) =>
    a && b ? number(a)! * number(b)! : undefined;
  const n = number(columns.n);
  const d =
    number(columns.d) ??
    product(columns.steps, columns.tokensPerStep) ??
    (n === undefined || !columns.tokensPerParameter ? undefined : n * number(columns.tokensPerParameter)!);
  const c = number(columns.c) ?? product(columns.steps, columns.flopsPerStep);
  return {
    n: n ?? (c ?? Number.NaN) / (FLOPS_PER_PARAMETER_TOKEN * (d ?? Number.NaN)),
    d: d ?? (c ?? Number.NaN) / (FLOPS_PER_PARAMETER_TOKEN * (n ?? Number.NaN)),
    c: c ?? trainingFlops(n ?? Number.NaN, d ?? Number.NaN),
  };
}

/** Seeds are often words; those are numbered by what they are, so that equal words stay equal. */
function seedOf(row: RawRow, column: FoundColumn | undefined): number | undefined {
  if (!column) return undefined;
  const written = row.cells[column.index]!;
  const cell = readCell(written);
  if (cell.kind === "number") return cell.value;
  if (cell.kind === "missing") return undefined;
  return [...written].reduce((hash, letter) => (Math.imul(hash, 31) + letter.codePointAt(0)!) | 0, 7);
}

function isMarked(row: RawRow, column: FoundColumn | undefined): boolean {
  return column !== undefined && /^(1|1\.0|true|yes|y|outlier)$/i.test(row.cells[column.index]!);
}

/** What the units in headings make of the first row: a unit that is read wrongly shows there. */
function unitRemarks(raw: RawTable, columns: FoundColumns): readonly string[] {
  return (["n", "d", "c", "unique"] as const).flatMap((quantity) => {
    const column = columns[quantity];
    const cell = column && raw.rows.map(({ cells }) => readCell(cells[column.index]!)).find(isPlainNumber);
    if (!column || !cell || column.scale === 1) return [];
    const [written, read] = [cell.value, cell.value * column.scale].map(formatNumber);
    return [
      `column ${column.name} counts in units of ${scientific(column.scale, 1)}: ${written} is read as ${read}`,
    ];
  });
}

function isPlainNumber(cell: Cell): cell is Cell & { kind: "number" } {
  return cell.kind === "number" && !cell.hasUnit;
}

/** Why each run repeats an earlier one; null where it does not, as seeds of one design do not. */
function repeatReasons(runs: readonly TableRun[]): readonly (string | null)[] {
  const seen = new Map<string, string>();
  return runs.map(({ run, n, d, c, loss, unique, experts, seed }) => {
    const key = [n, d, c, loss, unique, experts, seed].join();
    const first = seen.get(key);
    if (first !== undefined) return `repeats ${first}: the same N, D, C and loss`;
    seen.set(key, run);
    return null;
  });
}

/** The published fit keeps what lies strictly below the fifth largest loss: 240 of 245 runs. */
const NUM_DROPPED = 5;
const PUBLISHED_REASON =
  `one of the ${NUM_DROPPED} largest losses, which the published fit (arXiv 2404.10102) leaves out; ` +
  "--keep-all keeps it";

/**
 * Besiroglu et al. (arXiv 2404.10102) leave out the five largest losses of what they read off Chinchilla's
 * figure: short runs that the law does not describe and that would decide B and beta alone. The columns of
 * their file say that it is theirs.
 */
function publishedBound(runs: readonly TableRun[], columns: readonly string[]): number {
  const theirs = ["Model Size", "Training FLOP", "loss", "hex_color"].every((name) => columns.includes(name));
  if (!theirs || runs.length < 10 * NUM_DROPPED) return Infinity;
  return runs.map(({ loss }) => loss).sort((a, b) => b - a)[NUM_DROPPED - 1]!;
}

/** Rows of one name that differ in D are checkpoints: where the rate decays, only the last is finished. */
function checkpointWarning(runs: readonly TableRun[]): readonly string[] {
  const several = [...Map.groupBy(runs, ({ run }) => run).values()].filter(
    (rows) =>
      new Set(rows.map(({ d, c }) => `${d}/${c}`)).size > 1 && new Set(rows.map(({ n }) => n)).size === 1,
  );
  if (several.length === 0) return [];
  const count = several.reduce((sum, rows) => sum + rows.length, 0);
  return [
    `${count} rows are checkpoints of ${several.length} runs (${several[0]![0]!.run} and so on): a ` +
      "checkpoint " +
      "in the middle of a decaying schedule is no finished run, and the rows of one run are not independent",
  ];
}

function conventionsOf(columns: FoundColumns): RunTable["conventions"] {
  const { n, d, c, steps, flopsPerStep, tokensPerStep, tokensPerParameter } = columns;
  const product = (factor: string, column: FoundColumn) => `${factor} x ${column.name}`;
  const asCounted = (column: FoundColumn) => `as column ${column.name} counts them`;
  const tokens = () => {
    if (d) return `column ${d.name}`;
    if (steps && tokensPerStep) return product(steps.name, tokensPerStep);
    return tokensPerParameter ? product("N", tokensPerParameter) : "C / 6 N";
  };
  return {
    parameters: n ? asCounted(n) : "C / 6 D",
    compute: c ? asCounted(c) : steps && flopsPerStep ? product(steps.name, flopsPerStep) : "6 N D",
    tokens: tokens(),
    loss: `column ${columns.loss!.name}`,
  };
}
