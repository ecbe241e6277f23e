/** @file Markdown pieces: sections, tables, quotations that nothing inside can break out of. */

export type TextColumn<Row> = {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cell: (row: Row) => string;
};

/** A table; cells are escaped, so data cannot add columns. */
export function markdownTable<Row>(rows: readonly Row[], columns: readonly TextColumn<Row>[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map((column) => column.title)),
    line(columns.map((column) => (column.align === "right" ? "---:" : "---"))),
    ...rows.map((row) => line(columns.map((column) => inline(column.cell(row))))),
  ].join("\n");
}

/** A two-column table of names and values. */
export function factsTable(facts: readonly (readonly [name: string, value: string])[]): string {
  return markdownTable(facts, [left("what", ([name]) => name), left("value", ([, value]) => value)]);
}

export function left<Row>(title: string, cell: (row: Row) => string): TextColumn<Row> {
  return { title, align: "left", cell };
}

export function right<Row>(title: string, cell: (row: Row) => string): TextColumn<Row> {
  return { title, align: "right", cell };
}

/** A number in words, or a dash where there is none. */
export function orDash(value: number | null, format: (value: number) => string): string {
  return value === null ? "-" : format(value);
}

/** A fenced block whose fence is longer than any inside it. */
export function codeBlock(content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${content}\n${fence}`;
}

/** Blocks with one empty line between them; empty ones are left out. */
export function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

/** A clause from elsewhere as a sentence of its own: a capital first, a full stop last. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return trimmed === "" || /[.!?]$/.test(trimmed) ? capital : `${capital}.`;
}

function inline(cell: string): string {
  return cell.replace(/\s*\n\s*/g, " ").replace(/\|/g, "\\|");
}
