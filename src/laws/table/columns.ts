/** @file Which column is what: by the user's own word, or by what people call it; never by guessing. */

import { UserError } from "../../errors.ts";
import { nearest } from "../../math/edit-distance.ts";
import { formatList, shellWord } from "../../units/print.ts";
import { readCell } from "./cell.ts";
import {
  type CurveColumn,
  HELPERS,
  type Helper,
  isCalled,
  LOG_CALLS,
  QUANTITIES,
  type TableQuantity,
} from "./column-names.ts";
import { type Heading, headingOf } from "./heading.ts";
import type { RawTable } from "./parse-rows.ts";

export type FoundColumn = {
  readonly name: string;
  readonly index: number;
  /** What the heading's unit multiplies by: 1e9 for "tokens (B)". */
  readonly scale: number;
};

export type FoundColumns = Readonly<Partial<Record<TableQuantity | Helper, FoundColumn>>> & {
  /** The quantities the user named. */
  readonly named: ReadonlySet<TableQuantity>;
};

type Quantity = TableQuantity | CurveColumn | Helper;

/** Finds each quantity's column. Throws a `UserError` for a name unknown or a column in doubt. */
export function findColumns(
  raw: RawTable,
  source: string,
  named: Readonly<Partial<Record<TableQuantity, string>>>,
): FoundColumns {
  for (const quantity of Object.keys(named)) {
    if (!(QUANTITIES as readonly string[]).includes(quantity)) throw unknownQuantity(quantity, QUANTITIES);
  }
  const found = findEach<TableQuantity | Helper>(raw, source, named, [...QUANTITIES, ...HELPERS]);
  return { ...found, named: new Set(Object.keys(named) as TableQuantity[]) };
}

/** The columns of those quantities that are named or can be told; no two quantities share one. */
export function findEach<Q extends Quantity>(
  raw: RawTable,
  source: string,
  named: Readonly<Partial<Record<Q, string>>>,
  quantities: readonly Q[],
): Partial<Record<Q, FoundColumn>> {
  const headings = raw.columns.map(headingOf);
  const found: Partial<Record<Q, FoundColumn>> = {};
  const taken = new Set<number>();
  for (const quantity of quantities) {
    const own = named[quantity];
    if (own === undefined) continue;
    const index = indexOfName(raw.columns, own, source, `--columns ${quantity} =`);
    taken.add(index);
    found[quantity] = columnOf(headings, index);
    if (quantity === "n" || quantity === "d" || quantity === "c") checkUnit(headings[index]!, source);
  }
  for (const quantity of quantities) {
    if (found[quantity]) continue;
    const candidates = headings.flatMap((heading, index) =>
      isCalled(quantity, heading) && !taken.has(index) && mayHold(raw, quantity, index)
        ? [{ index, heading }]
        : [],
    );
    const index = theOne(raw, source, quantity, candidates, headings);
    if (index !== null) found[quantity] = columnOf(headings, index);
  }
  return found;
}

function columnOf(headings: readonly Heading[], index: number): FoundColumn {
  return { name: headings[index]!.name, index, scale: headings[index]!.scale };
}

/** Of a column that the user named: what its heading says of its unit has to be one thing. */
function checkUnit({ name, phrase, scale }: Heading, source: string): void {
  if (!Number.isNaN(scale) && !/\b(log|log10|log2|ln)\b/.test(phrase)) return;
  throw new UserError(
    `${source}: column ${name}, ${Number.isNaN(scale) ? "with two units in its heading" : "a logarithm"}`,
    "a plain count, or one in a single unit: tokens (B), total_gflops",
    "write the numbers themselves, or correct the heading",
  );
}

/** What a curve's axis counts: one curve's tokens are not another's steps. */
export type StepUnit = "steps" | "tokens" | "calls of W&B's log";

export type FoundCurveColumns = Readonly<Partial<Record<CurveColumn, FoundColumn>>> & {
  readonly counts: StepUnit;
};

/**
 * The columns of a curve. Without a column of steps, one of W&B's log calls or else of tokens stands in:
 * `counts` says so, for the reader of the curve to tell.
 */
export function findCurveColumns(
  raw: RawTable,
  source: string,
  named: Readonly<Partial<Record<CurveColumn, string>>>,
  wanted: readonly CurveColumn[],
): FoundCurveColumns {
  const found = findEach(raw, source, named, wanted);
  const step = found.step ?? standInForStep(raw, source);
  const columns = step ? { ...found, step } : found;
  const missing = wanted.find((column) => !columns[column]);
  if (missing === undefined) return { ...columns, counts: countsOf(columns.step!.name) };
  const isTensorBoard = ["Wall time", "Step", "Value"].every((name) => raw.columns.includes(name));
  throw new UserError(
    `${source}: columns ${formatList(raw.columns, 24)}, none of them ${MEANING[missing]}`,
    `a column for each of ${wanted.join(", ")}`,
    isTensorBoard
      ? "an export of TensorBoard holds one number: write step, lr and loss into one table"
      : `name it: --columns ${missing}=...`,
  );
}

function standInForStep(raw: RawTable, source: string): FoundColumn | undefined {
  const index = raw.columns.indexOf(LOG_CALLS);
  return index >= 0 ? { name: LOG_CALLS, index, scale: 1 } : findEach(raw, source, {}, ["d"]).d;
}

/** By the column's name, whoever chose it. */
function countsOf(step: string): StepUnit {
  if (step === LOG_CALLS) return "calls of W&B's log";
  return isCalled("d", headingOf(step)) ? "tokens" : "steps";
}

/** A column of words ("small", "large") holds no numbers, whatever it is called. */
function mayHold(raw: RawTable, quantity: Quantity, index: number): boolean {
  if (WORDS.has(quantity)) return true;
  const kinds = new Set(raw.rows.map(({ cells }) => readCell(cells[index]!).kind));
  return kinds.has("number") || !kinds.has("text");
}

const WORDS: ReadonlySet<Quantity> = new Set([
  "run",
  "seed",
  "schedule",
  "evaluation",
  "corpus",
  "outlier",
  "state",
] as const);

type Candidate = { readonly index: number; readonly heading: Heading };

/** The one candidate, or the one that all others repeat; of sparse models' two counts the dense one. */
function theOne(
  raw: RawTable,
  source: string,
  quantity: Quantity,
  candidates: readonly Candidate[],
  headings: readonly Heading[],
): number | null {
  const [first, ...others] = candidates;
  if (!first) return null;
  const text = (index: number) => raw.rows.map(({ cells }) => cells[index]).join("\n");
  if (others.every(({ index }) => text(index) === text(first.index))) return first.index;
  const canonical = candidates.filter(({ heading }) => heading.phrase === quantity);
  if (canonical.length === 1 && quantity !== "loss") return canonical[0]!.index;
  if (quantity === "n" && headings.some((heading) => isCalled("experts", heading))) {
    const dense = candidates.filter(({ heading }) => /\b(dense|active|activated)\b/.test(heading.phrase));
    if (dense.length === 1) return dense[0]!.index;
  }
  // A name or an identifier only labels a row: any will do. Numbers that others follow from are left alone.
  if (quantity === "run" || WORDS.has(quantity)) return first.index;
  if (isHelper(quantity)) return null;
  const names = candidates.map(({ index }) => nameOrPosition(raw.columns, index));
  const found = names.map((name, i) =>
    name.startsWith("#") ? `${candidates[i]!.heading.name} (${name})` : name,
  );
  throw new UserError(
    `${source}: ${names.length} columns that could be ${MEANING[quantity]}: ${formatList(found)}`,
    "one",
    `say which: ${names
      .slice(0, 3)
      .map((name) => `--columns ${shellWord(`${quantity}=${name}`)}`)
      .join(" or ")}`,
  );
}

function isHelper(quantity: Quantity): quantity is Helper {
  return (HELPERS as readonly string[]).includes(quantity);
}

/** What `--columns` can call a column by: its name, or its position where another has the same. */
function nameOrPosition(columns: readonly string[], index: number): string {
  const name = columns[index]!;
  return columns.indexOf(name) === columns.lastIndexOf(name) && name !== "" ? name : `#${index + 1}`;
}

const MEANING: Readonly<Record<TableQuantity | CurveColumn, string>> = {
  run: "the run's name",
  n: "the parameters",
  d: "the tokens",
  c: "the FLOPs",
  loss: "the loss",
  unique: "the distinct tokens",
  experts: "the experts",
  seed: "the seed",
  weight: "the weight",
  schedule: "the learning-rate schedule",
  evaluation: "the evaluation set",
  corpus: "the training corpus",
  step: "the step",
  lr: "the learning rate",
};

/**
 * The column of that name: as written, or else the same but for case, spaces and underscores; or #3, the
 * third. Throws a `UserError` for none and for two.
 */
export function indexOfName(columns: readonly string[], name: string, source: string, what: string): number {
  const loose = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, "");
  const called = (test: (column: string) => boolean) =>
    columns.flatMap((column, index) => (test(column) ? [index] : []));
  const exact = called((column) => column === name);
  const alike =
    exact.length > 0 || loose(name) === "" ? exact : called((column) => loose(column) === loose(name));
  if (alike.length === 1) return alike[0]!;
  const position = Number(/^#(\d+)$/.exec(name)?.[1]);
  if (alike.length === 0 && position >= 1 && position <= columns.length) return position - 1;
  if (alike.length > 1) {
    throw new UserError(
      `${what} ${name}: ${source} has ${alike.length} columns of that name`,
      "one",
      `say which by its position: ${alike.map((index) => `#${index + 1}`).join(" or ")}`,
    );
  }
  const near = nearest(
    name.toLowerCase(),
    columns.map((column) => column.toLowerCase()),
  );
  throw new UserError(
    `${what} ${name}: ${source} has no column "${name}"${near === null ? "" : `, perhaps ${near}`}`,
    `one of ${columns.slice(0, 24).join(", ")}`,
    "name the column as the file does, or by its position: #3",
  );
}

/** What `--columns` says, by quantity. A name may hold , and =: only known quantities start a new one. */
export function parseColumns<Q extends string>(
  text: string,
  known: readonly Q[],
): Partial<Record<Q, string>> {
  const isKnown = (quantity: string | undefined): quantity is Q => known.includes(quantity as Q);
  const pairs: [Q, string][] = [];
  for (const part of text.split(",")) {
    const [, quantity, name] = /^\s*(\w+)\s*=\s*(.*)$/.exec(part) ?? [];
    const last = pairs.at(-1);
    if (isKnown(quantity)) pairs.push([quantity, name!.trim()]);
    else if (last && quantity === undefined) last[1] += `,${part}`;
    else throw unknownQuantity(quantity ?? part.trim(), known);
  }
  return Object.fromEntries(pairs) as Partial<Record<Q, string>>;
}

/** The refusal of `--columns lose=...`. */
function unknownQuantity(quantity: string, known: readonly string[]): UserError {
  const near = nearest(quantity, known);
  return new UserError(
    `--columns ${quantity}=...${near === null ? "" : `, perhaps ${near}`}`,
    `one of ${known.join(", ")}`,
    `write for instance --columns ${known.includes("lr") ? "lr=learning_rate" : "n=params,d=tokens"},loss=val_loss`,
  );
}
