/** @file Which rows of a table are wanted: `column=value` and its like, as `--where` takes them. */

import { UserError } from "../../errors.ts";
import { formatList } from "../../units/print.ts";
import { readCell } from "./cell.ts";
import { indexOfName } from "./columns.ts";
import type { RawTable } from "./parse-rows.ts";

/** Whether cell and value, compared, satisfy the condition; the order of words that differ is NaN. */
const HOLDS: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/**
 * Keeps the rows that satisfy every condition; `accepted` are columns whose mixture `column=*` allows. Throws
 * a `UserError` where a condition cannot be read or nothing is left.
 */
export function chooseRows(
  raw: RawTable,
  source: string,
  conditions: readonly string[],
): { readonly raw: RawTable; readonly accepted: ReadonlySet<number> } {
  const accepted = new Set<number>();
  let rows = raw.rows;
  for (const condition of conditions) {
    const { column, comparison, value } = parseCondition(condition);
    const index = indexOfName(raw.columns, column, source, "--where");
    if (comparison === "=" && value === "*") {
      accepted.add(index);
      continue;
    }
    const kept = rows.filter(({ cells }) => HOLDS[comparison]!(orderOf(cells[index]!, value)));
    if (kept.length === 0) {
      throw new UserError(
        `no row with ${condition}`,
        `${column} to be one of ${formatList([...new Set(rows.map(({ cells }) => cells[index]!))])}`,
        "choose a value that is there",
      );
    }
    rows = kept;
  }
  return { raw: { columns: raw.columns, rows }, accepted };
}

function parseCondition(condition: string) {
  const [, column, comparison, value] = /^(.+?)\s*(!=|<=|>=|=|<|>)\s*(.*)$/.exec(condition.trim()) ?? [];
  if (column !== undefined) return { column, comparison: comparison!, value: value! };
  throw new UserError(
    `--where "${condition}"`,
    "column=value, or one of != < <= > >= between them",
    'write for instance --where dataset=c4, or --where "params>=1e8"; column=* keeps a mixture on purpose',
  );
}

/** As numbers where both are numbers, as text where not. */
function orderOf(cell: string, value: string): number {
  const [left, right] = [readCell(cell), readCell(value)];
  if (left.kind === "number" && right.kind === "number") return Math.sign(left.value - right.value);
  return cell === value ? 0 : Number.NaN;
}
