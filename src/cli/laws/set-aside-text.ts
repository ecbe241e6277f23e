/** @file The rows of a table that a command did not use, grouped by the reason. */

import type { RunTable } from "../../laws/table/table.ts";
import { printAside } from "../output.ts";

type SetAside = RunTable["setAside"];

/** How many runs were set aside, by reason, most first: one line, or a heading and a line for each. */
export function setAsideLines(setAside: SetAside): readonly string[] {
  const groups = [...Map.groupBy(setAside, ({ reason }) => kindOf(reason)).values()].sort(
    (a, b) => b.length - a.length,
  );
  const total = `${setAside.length} ${setAside.length === 1 ? "run" : "runs"} set aside`;
  if (groups.length <= 1) return groups.map((group) => total + toldOf(group));
  return [`${total}:`, ...groups.map((group) => `  ${group.length}${toldOf(group)}`)];
}

/** Says the same on standard error. */
export function tellSetAside({ setAside }: Pick<RunTable, "setAside">): void {
  for (const line of setAsideLines(setAside)) printAside(line);
}

/** Reasons of one kind differ in their numbers, and in what they name before a colon. */
function kindOf(reason: string): string {
  return reason
    .split(": ")
    .at(-1)!
    .replaceAll(/[-+]?\d[\d.]*(e[-+]?\d+)?/gi, "#");
}

function toldOf(group: SetAside): string {
  const [{ run, reason }] = group as [SetAside[number]];
  if (group.length === 1) return ` (${run}): ${reason}`;
  return group.every((other) => other.reason === reason) ? `: ${reason}` : `, such as ${run}: ${reason}`;
}
