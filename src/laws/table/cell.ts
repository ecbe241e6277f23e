/** @file One cell of a table as a number, as people write sizes: 70B, 1.4T, 6e18, 100 ZFLOP. */

import { COUNT, FLOPS } from "../../units/kinds.ts";
import { parseNumber } from "../../units/read.ts";

export type Cell =
  | { readonly kind: "number"; readonly value: number }
  /** Empty, NaN, infinite, "diverged": a run without this number. */
  | { readonly kind: "missing"; readonly written: string }
  | { readonly kind: "text"; readonly written: string };

const MISSING = /^[-+]?(|-+|na|n\/a|nan|none|null|nil|inf|infinity|\?|diverged|failed|crashed|oom)$/i;

/** Reads a cell. */
export function readCell(written: string): Cell {
  const text = written.trim();
  if (MISSING.test(text)) return { kind: "missing", written: text };
  const value = parseNumber(text, FLOPS) ?? parseNumber(text, COUNT);
  if (value === null) return { kind: "text", written: text };
  return Number.isFinite(value) ? { kind: "number", value } : { kind: "missing", written: text };
}
