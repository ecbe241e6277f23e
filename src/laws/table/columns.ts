/** @file Which column is what: by the user's own word, or by what people call it; never by guessing. */

import { UserError } from "../../errors.ts";
import { nearest } from "../../math/edit-distance.ts";
import { formatList } from "../../units/print.ts";
import { readCell } from "./cell.ts";
import {
  EXACT,
  type Heading,
  type Helper,
  headingOf,
  isCalled,
  QUANTITIES,
  type TableQuantity,
} from "./names.ts";
import type { RawTable } from "./raw.ts";

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

/** Finds each quantity's column. Throws a `UserError` for a name unknown or a column in doubt. */
export function findColumns(
  raw: RawTable,
  source: string,
  named: Readonly<Partial<Record<TableQuantity, string>>>,
): FoundColumns {
  const headings = raw.columns.map((name) => headingOf(name));
  const found: Partial<Record<TableQuantity | Helper, FoundColumn>> = {};
  for (const quantity of Object.keys(named)) {
    if (!(QUANTITIES as readonly string[]).includes(quantity)) throw unknownQuantity(quantity);
  }
  const taken = new Set<number>();
  for (const quantity of QUANTITIES) {
    const own = named[quantity];
    if (own === undefined) continue;
    const index = indexOfName(raw.columns, own, source, `--columns ${quantity} =`);
    taken.add(index);
    found[quantity] = { name: raw.columns[index]!, index, scale: headings[index]!.scale };
  }
  for (const quantity of ["loss", ...(Object.keys(EXACT) as (keyof typeof EXACT)[])] as const) {
    if (found[quantity]) continue;
    const candidates = headings.flatMap((heading, index) =>
      isCalled(quantity, heading) && !taken.has(index) && mayHold(raw, quantity, index)
        ? [{ index, heading }]
        : [],
    );
    const index = theOne(raw, source, quantity, candidates, headings);
    if (index !== null) found[quantity] = { name: raw.columns[index]!, index, scale: headings[index]!.scale };
  }
  return { ...found, named: new Set(Object.keys(named) as TableQuantity[]) };
}

/** A column of words ("small", "large") holds no numbers, whatever it is called. */
function mayHold(raw: RawTable, quantity: TableQuantity | Helper, index: number): boolean {
  if (WORDS.has(quantity)) return true;
  const kinds = new Set(raw.rows.map(({ cells }) => readCell(cells[index]!).kind));
  return kinds.has("number") || !kinds.has("text");
}

const WORDS: ReadonlySet<TableQuantity | Helper> = new Set([
  "run",
  "seed",
  "schedule",
  "evaluation",
  "corpus",
  "outlier",
] as const);

type Candidate = { readonly index: number; readonly heading: Heading };

/** The one candidate, or the one that all others repeat; of sparse models' two counts the dense one. */
function theOne(
  raw: RawTable,
  source: string,
  quantity: TableQuantity | Helper,
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
  // A name or an identifier only labels a row: any will do.
  if (quantity === "run" || !(QUANTITIES as readonly string[]).includes(quantity)) return first.index;
  const names = candidates.map(({ index }) => raw.columns[index]!);
  const meaning = MEANING[quantity as TableQuantity];
  const some = names.slice(0, 3).map((name) => `--columns ${quantity}=${name}`);
  throw new UserError(
    `${source}: ${names.length} columns that could be ${meaning}: ${formatList(names)}`,
    "one",
    `say which: ${some.join(" or ")}`,
  );
}

const MEANING: Readonly<Record<TableQuantity, string>> = {
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
};

/** The column of that name: as written, or else the same but for case, spaces and underscores. */
export function indexOfName(columns: readonly string[], name: string, source: string, what: string): number {
  const exact = columns.indexOf(name);
  if (exact >= 0) return exact;
  const loose = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, "");
  const alike = columns.findIndex((column) => loose(column) === loose(name));
  if (alike >= 0 && loose(name) !== "") return alike;
  const near = nearest(
    name.toLowerCase(),
    columns.map((column) => column.toLowerCase()),
  );
  throw new UserError(
    `${what} ${name}: ${source} has no column "${name}"${near === null ? "" : `, perhaps ${near}`}`,
    `one of ${columns.slice(0, 24).join(", ")}`,
    "name the column as the file does",
  );
}

/** The refusal of `--columns lose=...`. */
export function unknownQuantity(quantity: string): UserError {
  const near = nearest(quantity, QUANTITIES);
  return new UserError(
    `--columns ${quantity}=...${near === null ? "" : `, perhaps ${near}`}`,
    `one of ${QUANTITIES.join(", ")}`,
    "write for instance --columns n=params,d=tokens,loss=val_loss",
  );
}
