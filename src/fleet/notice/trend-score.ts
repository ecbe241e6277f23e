/** @file How far a value is above what the ones before led to expect: a running line, a robust spread. */

import { median, robustScale } from "../../math/statistics.ts";

/** Rows that a line is drawn through. */
const WINDOW_ROWS = 128;
/** From so many on a spread can be trusted; below, the line is drawn anew at each row. */
export const SETTLED_ROWS = 32;
/** With fewer there is no line. */
const LEAST_ROWS = 3;
/** A new line each so many rows: drawing it sorts the window, scoring does not. */
const REDRAW_ROWS = 32;

/** Median |x| of a standard normal, and the spread of a difference of two values against that of one. */
const DIFFERENCE_SCALE = 0.6744898 * Math.SQRT2;

/** A line through a curve that falls ever more slowly ends too low: no less than the median of these rows. */
const RECENT_ROWS = 16;

type Line = {
  readonly level: number;
  readonly slope: number;
  readonly scale: number;
  readonly recent: number;
  readonly rows: number;
};

/** Scores values that come one by one. It never sees one before it has scored it. */
export class TrendScore {
  readonly #leastScale: number;
  #rows: { readonly step: number; readonly value: number }[] = [];
  /** Of the rows when it was drawn. */
  #line: Line | null = null;
  #since = 0;

  /** @param leastScale a spread below this is not believed */
  constructor(leastScale: number) {
    this.#leastScale = leastScale;
  }

  get numRows(): number {
    return this.#rows.length;
  }

  /** What the line leads to expect next; null: too little was seen. */
  expected(): { readonly value: number; readonly scale: number } | null {
    if (this.#rows.length < LEAST_ROWS) return null;
    this.#line ??= this.#draw();
    const { level, slope, scale, recent, rows } = this.#line;
    return { value: Math.max(level + slope * (rows + this.#since), recent), scale };
  }

  append(step: number, value: number): void {
    this.#rows.push({ step, value });
    this.#since += 1;
    if (this.#rows.length > 2 * WINDOW_ROWS) this.#rows = this.#rows.slice(-WINDOW_ROWS);
    if (this.#since >= REDRAW_ROWS || this.#rows.length < SETTLED_ROWS) this.#redraw();
  }

  /** Forgets this step and all after it: they are done again. */
  goBackTo(step: number): void {
    this.#rows = this.#rows.filter((row) => row.step < step);
    this.#redraw();
  }

  /** Forgets everything: what is now is the new normal. */
  forget(): void {
    this.goBackTo(Number.NEGATIVE_INFINITY);
  }

  #redraw(): void {
    this.#line = null;
    this.#since = 0;
  }

  /**
   * Slope by the medians of the older and the newer half; level by the median of what is left; spread by the
   * median of what is left then, and by that of the differences from row to row, whichever is larger.
   */
  #draw(): Line {
    const values = this.#rows.slice(-WINDOW_ROWS).map(({ value }) => value);
    const half = Math.floor(values.length / 2);
    const slope = (median(values.slice(-half)) - median(values.slice(0, half))) / (values.length - half);
    const detrended = values.map((value, i) => value - slope * i);
    const level = median(detrended);
    const differences = values.slice(1).map((value, i) => Math.abs(value - values[i]!));
    const scale = Math.max(
      this.#leastScale,
      robustScale(detrended.map((value) => value - level)),
      median(differences) / DIFFERENCE_SCALE,
    );
    return { level, slope, scale, recent: median(values.slice(-RECENT_ROWS)), rows: values.length };
  }
}
