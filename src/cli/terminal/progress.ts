/** @file One line for each running step: rewritten in place on a terminal, else every few seconds. */

import { formatCount, formatSeconds, significant } from "../../units/print.ts";
import { displayWidth, padRight, truncate } from "./table.ts";

/** Where progress goes: standard error in the commands, a string in tests. */
export type ProgressOutput = {
  write(text: string): unknown;
  /** Whether lines can be rewritten. */
  readonly isTerminal: boolean;
  /** Columns of the terminal now; it may be resized. */
  readonly columns: () => number;
};

/** How far a step is, in any unit: optimiser steps, bytes, rungs. */
export type ProgressState = {
  readonly done: number;
  readonly total: number;
  /** Short facts, most important first; `trainingDetails` words those of a training. */
  readonly details: readonly string[];
};

export type ProgressTask = {
  update(state: ProgressState): void;
  /** Ends the line; `summary` stays on the screen. */
  finish(summary: string): void;
};

type Line = {
  readonly name: string;
  readonly startedMs: number;
  /** Set by the first update: a resumed run starts where it was, and its speed counts from there. */
  startedDone: number | null;
  state: ProgressState | null;
  printedMs: number;
};

const REDRAW_MS = 100;
const PLAIN_MS = 5000;
const MOST_NAME_WIDTH = 24;
const BAR_WIDTH = 24;
const LEAST_MS_FOR_ESTIMATE = 500;

/** Standard error as it is now; a terminal that cannot move its cursor (TERM=dumb) counts as none. */
export function standardError(): ProgressOutput {
  return {
    write: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true && process.env.TERM !== "dumb",
    // A pseudo-terminal that was given no size reports 0 columns.
    columns: () => process.stderr.columns || 80,
  };
}

/** The facts worth showing of a training: "45.0 k tokens/s", "loss 4.213". */
export function trainingDetails(facts: {
  readonly tokensPerSecond: number;
  readonly loss: number;
}): string[] {
  return [`${formatCount(facts.tokensPerSecond)} tokens/s`, `loss ${significant(facts.loss, 4)}`];
}

/** Each of several steps has its line. Once disposed of, what is left on the screen is final. */
export class Progress implements Disposable {
  readonly #output: ProgressOutput;
  readonly #nowMs: () => number;
  readonly #lines: Line[] = [];
  #drawnLines = 0;
  #drawnMs = -Infinity;

  constructor(output: ProgressOutput, nowMs: () => number = performance.now.bind(performance)) {
    this.#output = output;
    this.#nowMs = nowMs;
  }

  /** Starts a line for one running step. */
  start(name: string): ProgressTask {
    const line: Line = {
      name,
      startedMs: this.#nowMs(),
      startedDone: null,
      state: null,
      printedMs: -Infinity,
    };
    this.#lines.push(line);
    return {
      update: (state) => this.#update(line, state),
      finish: (summary) => this.#finish(line, summary),
    };
  }

  /** A line that stays, above those still moving. */
  note(text: string): void {
    this.#erase();
    this.#output.write(`${text}\n`);
    this.#draw();
  }

  [Symbol.dispose](): void {
    if (this.#output.isTerminal) this.#draw();
    this.#lines.length = 0;
    this.#drawnLines = 0;
  }

  #update(line: Line, state: ProgressState): void {
    line.startedDone ??= state.done;
    line.state = state;
    const now = this.#nowMs();
    if (this.#output.isTerminal) {
      if (now - this.#drawnMs >= REDRAW_MS) this.#draw();
    } else if (now - line.printedMs >= PLAIN_MS) {
      line.printedMs = now;
      this.#output.write(`${plainLine(line, state, now)}\n`);
    }
  }

  #finish(line: Line, summary: string): void {
    this.#erase();
    const index = this.#lines.indexOf(line);
    if (index >= 0) this.#lines.splice(index, 1);
    const took = formatSeconds((this.#nowMs() - line.startedMs) / 1000);
    this.#output.write(`${line.name}: ${summary === "" ? "done" : summary} in ${took}\n`);
    this.#draw();
  }

  /** Goes back to the first moving line and clears from there on. */
  #erase(): void {
    if (this.#drawnLines > 0) this.#output.write(`\x1b[${this.#drawnLines}A\x1b[0J`);
    this.#drawnLines = 0;
  }

  #draw(): void {
    if (!this.#output.isTerminal) return;
    this.#erase();
    const now = this.#nowMs();
    const shown = this.#lines.filter((line) => line.state !== null);
    const nameWidth = Math.min(MOST_NAME_WIDTH, Math.max(0, ...shown.map((line) => displayWidth(line.name))));
    // A line as wide as the terminal would wrap, and the next erase would miss a row: one column stays free.
    const width = this.#output.columns() - 1;
    const text = shown.map((line) => `${truncate(barLine(line, line.state!, nameWidth, now), width)}\n`);
    this.#output.write(text.join(""));
    this.#drawnLines = shown.length;
    this.#drawnMs = now;
  }
}

function barLine(line: Line, state: ProgressState, nameWidth: number, nowMs: number): string {
  const share = shareOf(state);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const percent = `${Math.floor(100 * share)} %`.padStart(5);
  const facts = [...state.details, leftText(line, state, nowMs)].filter((fact) => fact !== "");
  const name = padRight(truncate(line.name, nameWidth), nameWidth);
  return `${name} ${bar} ${percent}  ${facts.join("  ")}`.trimEnd();
}

function plainLine(line: Line, state: ProgressState, nowMs: number): string {
  const share = state.total > 0 ? `${Math.floor(100 * shareOf(state))} %` : "";
  const facts = [share, ...state.details, leftText(line, state, nowMs)];
  return `${line.name}: ${facts.filter((fact) => fact !== "").join(", ")}`;
}

function shareOf({ done, total }: ProgressState): number {
  return total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
}

/** Time left at the mean speed so far; empty until there is a speed to speak of. */
function leftText(line: Line, { done, total }: ProgressState, nowMs: number): string {
  const elapsedMs = nowMs - line.startedMs;
  const advanced = done - (line.startedDone ?? done);
  if (advanced <= 0 || elapsedMs < LEAST_MS_FOR_ESTIMATE || done >= total) return "";
  const seconds = Math.ceil((elapsedMs * (total - done)) / advanced / 1000);
  return `${seconds < 60 ? `${seconds} s` : formatSeconds(seconds)} left`;
}
