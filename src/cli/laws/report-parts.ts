/** @file Parts of a printed report: facts one a line, and lists that are cut where they grow long. */

/** A fact with its name before it. */
export function fact(name: string, text: string): string {
  return `${name.padEnd(12)}${text}`;
}

/** Lists longer than this are cut, with the number left out. */
const MOST_LISTED = 12;

/** A list under its title; nothing where it is empty. */
export function listed(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LISTED).map((line) => `  - ${line}`);
  const rest = lines.length - shown.length;
  return ["", title, ...shown, ...(rest > 0 ? [`  - and ${rest} more: --json lists all`] : [])];
}

/** Runs with the reason why they are named. */
export function reasons(
  rows: readonly { readonly run: string; readonly reason: string }[],
): readonly string[] {
  return rows.map(({ run, reason }) => `${run}: ${reason}`);
}
