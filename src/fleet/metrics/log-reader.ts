/** @file A log as steps: its layout found from its first lines, or named, or given as a pattern. */

import { LAYOUTS, type LogLayout, type MetricRow, numbersIn } from "./layouts.ts";

/** Rows of one layout that decide for it, where no other has had any. */
const DECIDING_ROWS = 2;
/** Lines without a step, from which on nobody should hope for more. */
export const MOST_LINES_WITHOUT = 2000;

/** Colours and cursor movements of terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ESCAPES = /\x1b\[[0-9;?]*[A-Za-z]/g;
/** tqdm's bar: " 10%|#   | 10/100 [00:12<01:50, 1.2it/s]". */
const BAR = /\|\s*(\d+)\/(\d+) \[[\d:]+</g;

/** Why there are no numbers: what was found and what was looked for. */
export type NoMetrics =
  | { readonly kind: "none"; readonly numLines: number }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "several"; readonly layouts: readonly string[]; readonly line: string };

/** What stands of a step before the next one begins. */
type Unfinished = { readonly layout: LogLayout; text: string; readonly bar: Bar | null };
type Bar = { readonly step: number; readonly total: number };

/** Reads lines as they come. */
export class LogReader {
  readonly #layouts: readonly LogLayout[];
  readonly #loggingSteps: number | null;
  /** Null while it is not decided. */
  #chosen: LogLayout | null;
  readonly #held: { readonly layout: LogLayout; readonly row: MetricRow }[] = [];
  #unfinished: Unfinished | null = null;
  #bar: Bar | null = null;
  #numLines = 0;
  #numRows = 0;
  #problem: NoMetrics | null = null;

  /**
   * @param layout null: found from the lines
   * @param loggingSteps of a Hugging Face run without a progress bar: steps from one line to the next
   */
  constructor(layout: LogLayout | null = null, loggingSteps: number | null = null) {
    this.#layouts = layout ? [layout] : LAYOUTS;
    this.#chosen = layout;
    this.#loggingSteps = loggingSteps;
  }

  /** Why it reads nothing; null while all is well. Said once `MOST_LINES_WITHOUT` lines have come. */
  get problem(): NoMetrics | null {
    if (this.#problem) return this.#problem;
    return this.#numLines >= MOST_LINES_WITHOUT ? this.problemAtEnd : null;
  }

  /** The same when nothing comes any more. */
  get problemAtEnd(): NoMetrics | null {
    if (this.#problem) return this.#problem;
    return this.#numRows > 0 ? null : { kind: "none", numLines: this.#numLines };
  }

  /** The name of its layout, once it is decided. */
  get layout(): string | null {
    return this.#chosen?.name ?? null;
  }

  /** The steps that are complete with this line. */
  read(raw: string): readonly MetricRow[] {
    if (this.#problem) return [];
    this.#numLines++;
    const line = raw.includes("\x1b") ? raw.replace(ESCAPES, "") : raw;
    if (this.#unfinished?.layout.more?.test(line)) {
      this.#unfinished.text += `\n${line}`;
      return [];
    }
    const bar = barIn(line);
    if (bar) this.#bar = bar;
    const matching = this.#matching(line);
    if (matching.length > 1) {
      this.#problem = { kind: "several", layouts: matching.map(({ name }) => name), line };
      return [];
    }
    const [layout] = matching;
    // What follows a step that waits for its number may be the bar that has it.
    const rows = layout || bar || this.#unfinished?.layout.more ? this.settle() : [];
    if (layout) this.#unfinished = { layout, text: line, bar };
    const isWhole = layout && !layout.more && (bar !== null || layout.line.exec(line)?.groups?.step);
    return isWhole ? [...rows, ...this.settle()] : rows;
  }

  /** The step that waits for more, when nothing has come for a moment. */
  settle(): readonly MetricRow[] {
    if (this.#unfinished === null) return [];
    const { layout, text, bar } = this.#unfinished;
    this.#unfinished = null;
    const numbers = numbersIn(layout, text);
    // Megatron's skipped iterations and OLMo's systems lines have no loss: a step all the same.
    this.#numRows++;
    const row = { ...this.#stepOf(layout, text, bar), ...numbers };
    return this.#decided(layout, row);
  }

  /** The steps held back until the layout was decided, when nothing comes any more. */
  end(): readonly MetricRow[] {
    const rows = this.settle();
    return [...(this.#problem ? [] : this.#held.splice(0).map((held) => held.row)), ...rows];
  }

  #matching(line: string): readonly LogLayout[] {
    // Nothing of use is longer, and nothing without a digit has a step or a loss.
    if (line.length > 4000 || !/\d/.test(line)) return [];
    const layouts = this.#chosen ? [this.#chosen] : this.#layouts;
    return layouts.filter((layout) => layout.line.test(line));
  }

  #stepOf(layout: LogLayout, text: string, before: Bar | null): Bar | { readonly step: number } {
    const { step, total } = layout.line.exec(text)!.groups ?? {};
    if (step !== undefined) return { step: Number(step), ...(total ? { total: Number(total) } : {}) };
    const bar = before ?? this.#bar;
    return bar ?? { step: this.#numRows * (this.#loggingSteps ?? 1) };
  }

  #decided(layout: LogLayout, row: MetricRow): readonly MetricRow[] {
    if (this.#chosen) return [row];
    const other = this.#held.find((held) => held.layout !== layout);
    if (other) {
      const layouts = [other.layout.name, layout.name];
      this.#problem = { kind: "several", layouts, line: layout.example };
      return [];
    }
    this.#held.push({ layout, row });
    if (this.#held.length < DECIDING_ROWS) return [];
    this.#chosen = layout;
    return this.#held.splice(0).map((held) => held.row);
  }
}

function barIn(line: string): Bar | null {
  const last = line.includes("[") ? [...line.matchAll(BAR)].at(-1) : undefined;
  return last ? { step: Number(last[1]), total: Number(last[2]) } : null;
}
