/** @file One cell of a table as a number, as people write sizes: 70B, 1.4T, 6e18, 100 ZFLOP. */

import { UserError } from "../../errors.ts";
import { COUNT, FLOPS } from "../../units/kinds.ts";
import { parseNumber } from "../../units/read.ts";

export type Cell =
  | {
      readonly kind: "number";
      readonly value: number;
      /** Whether the cell names a unit or multiplier itself, which then stands for the heading's. */
      readonly hasUnit: boolean;
    }
  /** Empty, NaN, infinite, "diverged": a run without this number. */
  | { readonly kind: "missing"; readonly written: string }
  | { readonly kind: "text"; readonly written: string };

const MISSING =
  /^[-+]?(|-+|na|n\/a|nan|none|null|nil|undefined|inf|infinity|#\S+|\?|diverged|failed|crashed|oom)$/i;

/** Matching may take a level of the stack for each character. */
const LONGEST = 100;

/** Reads a cell. */
export function readCell(written: string): Cell {
  const text = written.trim();
  if (text.length > LONGEST) return { kind: "text", written: text };
  if (MISSING.test(text)) return { kind: "missing", written: text };
  const value = parseNumber(text, FLOPS) ?? parseNumber(text, COUNT);
  if (value === null) return { kind: "text", written: text };
  if (!Number.isFinite(value)) return { kind: "missing", written: text };
  return { kind: "number", value, hasUnit: /[a-z]$/i.test(text) };
}

/** The refusal of a cell of words in a column of numbers. */
export function notNumber(source: string, label: string, column: string, written: string): UserError {
  return new UserError(
    `${source}, ${label}: ${column} is "${written.slice(0, 40)}"`,
    "a number, plain or as 70B, 1.4T, 6e18",
    "correct the cell, or name another column with --columns",
  );
}
