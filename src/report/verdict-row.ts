/** @file One scored prediction as text: its cells, and the named causes that add up to its gap. */

import {
  fixed,
  formatScaled,
  formatSignedPercent,
  intervalDecimals,
  roundToSum,
  scaleFor,
} from "../units/print.ts";
import type { Cause, ScoredRow } from "./data.ts";

/** What no named cause explains of a gap counts as a cause too, above this many percent. */
const REST_PERCENT = 0.005;
export const REST = "not explained";

/** The causes of a row, adding up to its gap: the rest is named as such. Empty where not measured. */
export function completeCauses({
  gapPercent,
  causes,
}: Pick<ScoredRow, "gapPercent" | "causes">): readonly Cause[] {
  if (gapPercent === null) return [];
  const rest = gapPercent - causes.reduce((sum, cause) => sum + cause.percent, 0);
  return Math.abs(rest) < REST_PERCENT && causes.length > 0
    ? causes
    : [...causes, { name: REST, percent: rest }];
}

/** A cause with its percentage as printed. */
export type PrintedCause = Cause & {
  readonly printedPercent: number;
};

/** The same, rounded so that the printed causes add up to the printed gap, the largest first. */
export function printedCauses(
  row: Pick<ScoredRow, "gapPercent" | "causes">,
  decimals: number,
): readonly PrintedCause[] {
  const causes = completeCauses(row);
  if (row.gapPercent === null) return [];
  const rounded = roundToSum(
    causes.map((cause) => cause.percent),
    row.gapPercent,
    decimals,
  );
  return causes
    .map((cause, index) => ({ ...cause, printedPercent: rounded[index]! }))
    .sort((a, b) => Math.abs(b.percent) - Math.abs(a.percent));
}

/** Causes that a line of text names unless told otherwise; the smaller ones are added up. */
const MOST_NAMED = 4;

/** "attention +3.1 %, matrix products +1.2 %, 12 others -0.3 %", without causes that round to nothing. */
export function causesText(
  row: Pick<ScoredRow, "gapPercent" | "causes">,
  mostNamed: number = MOST_NAMED,
): string {
  const causes = printedCauses(row, 1).filter((cause) => cause.printedPercent !== 0);
  const named = causes.slice(0, mostNamed);
  const others = causes.slice(named.length);
  const sum = others.reduce((total, cause) => total + cause.printedPercent, 0);
  return [
    ...named.map((cause) => `${cause.name} ${formatSignedPercent(cause.printedPercent)}`),
    ...(others.length > 0
      ? [`${others.length} ${others.length === 1 ? "other" : "others"} ${formatSignedPercent(sum)}`]
      : []),
  ].join(", ");
}

/** The first prediction of each quantity, which stands for it, and the later ones, which are scored too. */
export function firstAndLater(rows: readonly ScoredRow[]): {
  first: readonly ScoredRow[];
  later: readonly ScoredRow[];
} {
  const seen = new Set<string>();
  const first: ScoredRow[] = [];
  const later: ScoredRow[] = [];
  for (const row of [...rows].sort((a, b) => a.lockedSequence - b.lockedSequence)) {
    const key = JSON.stringify([row.run, row.quantity, row.unit]);
    (seen.has(key) ? later : first).push(row);
    seen.add(key);
  }
  return { first, later };
}

/** Whether causes can make up a row's gap; of a share, such as that of points in a band, they cannot. */
export function hasGap({ unit, measured }: Pick<ScoredRow, "unit" | "measured">): boolean {
  return measured !== null && unit !== "share";
}

/** The cells of a row, predicted and measured in one scale; "-" where nothing is measured yet. */
export function cellsOf(row: ScoredRow, mostNamed?: number) {
  const scale = scaleFor(row.unit, row.predicted.median);
  const { measured, gapPercent, inside } = row;
  const isGap = hasGap(row) && gapPercent !== null;
  return {
    quantity: row.quantity,
    unit: scale.unit,
    predicted: formatScaled(row.predicted, scale),
    measured:
      measured === null ? "-" : fixed(measured / scale.factor, intervalDecimals(row.predicted, scale)),
    gap: isGap ? formatSignedPercent(gapPercent) : "-",
    inside: inside === null ? "-" : inside ? "inside" : "outside",
    causes: isGap ? causesText(row, mostNamed) : "",
  } as const;
}
