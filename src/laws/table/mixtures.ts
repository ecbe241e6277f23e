/** @file Tables of more than one experiment: rows that differ in data, schedule, evaluation, settings. */

import { UserError } from "../../errors.ts";
import { formatList } from "../../units/print.ts";
import { readCell } from "./cell.ts";
import type { FoundColumns } from "./columns.ts";

import { headingOf } from "./heading.ts";
import type { RawTable } from "./parse-rows.ts";

/** A column that tells experiments apart. */
type Grouping = {
  readonly index: number;
  readonly what: string;
  /** Whether a mixture is refused, or only named. */
  readonly refused: boolean;
};

const QUANTITIES = {
  evaluation: "evaluation sets",
  schedule: "learning-rate schedules",
  corpus: "training corpora",
} as const;

/** Other columns by which people tell experiments apart; not a label that is one to one with a size. */
const LABELS: readonly { readonly pattern: RegExp; readonly what: string; readonly refused: boolean }[] = [
  {
    pattern:
      /^(config|configuration|sweep|group|series|experiment|setup|setting|recipe|project)( name| id)?$/,
    what: "configurations",
    refused: true,
  },
  {
    pattern: /^(arch|architecture|model (family|type|class)|family|router type)$/,
    what: "architectures",
    refused: true,
  },
  { pattern: /^(tokenizer|tokeniser)( name)?$/, what: "tokenizers", refused: true },
  { pattern: /^(optimizer|optimiser)( name| type)?$/, what: "optimisers", refused: false },
  {
    pattern: /^(context( length| size)?|ctx( len| length)?|seq(uence)? (len|length))$/,
    what: "sequence lengths",
    refused: false,
  },
  { pattern: /^(lr|learning rate|peak lr|max lr)$/, what: "learning rates", refused: false },
];

/** Warnings of mixtures. Throws a `UserError` for one that no single law can describe. */
export function checkMixtures(
  raw: RawTable,
  source: string,
  columns: FoundColumns,
  accepted: ReadonlySet<number>,
): readonly string[] {
  const taken = new Set(Object.values(columns).map((column) => ("index" in column ? column.index : -1)));
  const groupings = groupingsOf(raw, columns, taken);
  const warnings: string[] = [];
  for (const { index, what, refused } of groupings) {
    if (accepted.has(index)) continue;
    const counts = countsOf(raw, index, columns);
    if (counts.size < 2) continue;
    const listed = formatList([...counts].map(([value, count]) => `${value} (${count} rows)`));
    const name = raw.columns[index]!;
    if (refused) {
      const [most] = [...counts].sort((a, b) => b[1] - a[1]);
      throw new UserError(
        `${source} mixes ${counts.size} ${what}, column ${name}: ${listed}`,
        "runs that differ in size alone: one law describes one recipe, scored in one way",
        `choose one: --where "${name}=${most![0]}" (or "${name}=*" to mix them on purpose)`,
      );
    }
    const found = `${counts.size} ${what} in one table, column ${name}: ${listed}`;
    warnings.push(`${found}; a law fits runs that differ in size alone`);
  }
  const known = new Set([...taken, ...accepted, ...groupings.map(({ index }) => index)]);
  return [...warnings, ...variantWarnings(raw, columns, known)];
}

function groupingsOf(raw: RawTable, columns: FoundColumns, taken: ReadonlySet<number>): readonly Grouping[] {
  const known = (["evaluation", "schedule", "corpus"] as const).flatMap((quantity): Grouping[] => {
    const column = columns[quantity];
    if (!column || !(columns.named.has(quantity) || isText(raw, column.index))) return [];
    return [{ index: column.index, what: QUANTITIES[quantity], refused: true }];
  });
  const labelled = raw.columns.flatMap((name, index): Grouping[] => {
    const label = LABELS.find(({ pattern }) => pattern.test(headingOf(name).phrase));
    if (taken.has(index) || !label) return [];
    if (label.refused && (!isText(raw, index) || isLabelOfSize(raw, index, columns))) return [];
    return [{ index, what: label.what, refused: label.refused }];
  });
  return [...known, ...labelled];
}

/** Rows of each value. A dense model has no router: it belongs to every router's experiment. */
function countsOf(raw: RawTable, index: number, { experts }: FoundColumns): ReadonlyMap<string, number> {
  const router = /router/i.test(raw.columns[index]!);
  const counts = new Map<string, number>();
  for (const { cells } of raw.rows) {
    if (router && experts && ["", "0", "1"].includes(cells[experts.index]!)) continue;
    const value = valueText(cells[index]!);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

const valueText = (cell: string) => (cell === "" ? "(empty)" : cell);

function isText(raw: RawTable, index: number): boolean {
  return raw.rows.some(({ cells }) => readCell(cells[index]!).kind === "text");
}

/** "d12" and "d24", one a size, or a name a run: rows of one value agree in N, D or C, others do not. */
function isLabelOfSize(raw: RawTable, index: number, columns: FoundColumns): boolean {
  const byValue = Map.groupBy(raw.rows, ({ cells }) => cells[index]!);
  if (countsOf(raw, index, columns).size > raw.rows.length / 2) return true;
  return (["n", "d", "c"] as const).some((quantity) => {
    const column = columns[quantity];
    if (!column || byValue.size < 2) return false;
    const sizes = (rows: RawTable["rows"]) => new Set(rows.map(({ cells }) => cells[column.index]!)).size;
    return [...byValue.values()].every((rows) => sizes(rows) === 1) && sizes(raw.rows) >= byValue.size;
  });
}

/** Rows that agree in these should be repeats of one run. Not C, which follows from the rest. */
const DESIGN = [
  "n",
  "d",
  "steps",
  "tokensPerStep",
  "tokensPerParameter",
  "unique",
  "experts",
  "seed",
  "schedule",
  "evaluation",
  "corpus",
] as const;

/** A setting has few values, two of them or more at several designs; a measurement many. Assumptions. */
const MOST_VALUES = 8;
const LEAST_DESIGNS = 2;

/** Columns that tell repeats apart, not experiments. */
const REPEATS = new RegExp(
  "^(rep|repeat|repetition|replicate|replica|trial|attempt|restart|fold|index|idx|row|host|node|machine" +
    "|device|date|time|comment|notes?)( id| number| name)?$",
);

/** A warning for each column, other than those in `known`, in which rows of one design and seed differ. */
function variantWarnings(
  raw: RawTable,
  columns: FoundColumns,
  known: ReadonlySet<number>,
): readonly string[] {
  const design = DESIGN.flatMap((quantity) => columns[quantity]?.index ?? []);
  if (!columns.n && !columns.d && columns.c) design.push(columns.c.index);
  const groups = [
    ...Map.groupBy(raw.rows, ({ cells }) => design.map((index) => cells[index]).join("\n")).values(),
  ].filter((rows) => rows.length > 1);
  return raw.columns.flatMap((name, index) => {
    if (known.has(index) || design.includes(index) || REPEATS.test(headingOf(name).phrase)) return [];
    const values = new Set(raw.rows.map(({ cells }) => cells[index]!));
    if (values.size < 2 || values.size > MOST_VALUES) return [];
    const mixed = groups.filter((rows) => new Set(rows.map(({ cells }) => cells[index]!)).size > 1);
    const numDesigns = (value: string) =>
      mixed.filter((rows) => rows.some(({ cells }) => cells[index] === value)).length;
    if ([...values].filter((value) => numDesigns(value) >= LEAST_DESIGNS).length < 2) return [];
    const rows = mixed.reduce((sum, group) => sum + group.length, 0);
    const agreeing = `${rows} of ${raw.rows.length} rows agree in size${columns.seed ? " and seed" : ""}`;
    const settings = [...values].map(valueText).join(", ");
    return [
      `${agreeing} with another row and differ in column ${name} (${settings}): ` +
        "where these are variants and not repeats of one run, choose one with " +
        `--where "${name}=...", or keep them on purpose with --where "${name}=*"`,
    ];
  });
}
