/** @file Loss spikes, scored against the past alone; where the gradient rose before, by how much before. */

import type { SpikeSeen } from "../decide/sighting.ts";
import type { StepRow } from "./step-row.ts";
import { SETTLED_ROWS, TrendScore } from "./trend-score.ts";

/** In robust standard deviations, of one row or of up to three together. */
const HIGH_SCORE = 6;
/** Each row of a spike, and of those that are high together: one outlier alone is one row. */
const STILL_HIGH_SCORE = 2;
/** Rows of a spike that are waited for: by then it is either over or here to stay. */
const WAIT_ROWS = 3;
/**
 * One that is over sooner has to be higher: a small batch can be hard. Of 47,000 rows of small runs of ours
 * the highest that passed came to 9.1; BLOOM's single row at step 8741 to 11.5.
 */
const HIGH_PASSING_SCORE = 10;
/** Rows after which a level that does not come down is the new normal. */
export const ADOPT_ROWS = 256;
/** Where few rows were seen, only a rise by a third is one: the spread of three rows is a guess. */
const LEAST_UNSETTLED_RISE = Math.log(4 / 3);
/** At first the loss is still finding its level. */
const FIRST_STEPS = 100;
/** Half a percent of the loss, five of the gradient's norm: steadier than that no training is. */
const LEAST_SCALE = { loss: 0.005, gradientNorm: 0.05 };
/** A gradient that rose so many rows ago has nothing to do with it. */
const LEAD_ROWS = 64;

type Episode = {
  readonly first: { readonly step: number; readonly row: number };
  readonly leadStep: number;
  readonly expected: { readonly value: number; readonly scale: number };
  highest: number;
  lasted: number;
  isTold: boolean;
};

/** Sees the steps one by one; one that is done again makes it forget those from there on. */
export class SpikeDetector {
  readonly #loss = new TrendScore(LEAST_SCALE.loss);
  readonly #gradient = new GradientLead();
  #lastStep = -1;
  #row = 0;
  /** Of the last two rows. */
  #scores: { readonly step: number; readonly score: number }[] = [];
  #episode: Episode | null = null;

  /** A spike is told once: when it has lasted for three rows, or when it is over before. */
  take({ step, loss, gradientNorm }: StepRow): SpikeSeen | null {
    if (step <= this.#lastStep) this.#goBackTo(step);
    this.#lastStep = step;
    this.#row += 1;
    if (gradientNorm !== null) this.#gradient.take(step, gradientNorm, this.#row);
    if (loss === null || !(loss > 0) || loss === Number.POSITIVE_INFINITY) return null;
    const value = Math.log(loss);
    return this.#episode ? this.#goOn(this.#episode, step, value) : this.#lookAt(step, value);
  }

  #lookAt(step: number, value: number): SpikeSeen | null {
    const expected = this.#loss.expected();
    if (expected === null || step <= FIRST_STEPS) {
      this.#loss.append(step, value);
      return null;
    }
    this.#scores = [...this.#scores.slice(-2), { step, score: (value - expected.value) / expected.scale }];
    const lasted = this.#numHigh(value - expected.value);
    if (lasted === 0) {
      this.#loss.append(step, value);
      return null;
    }
    const first = { step: this.#scores.at(-lasted)!.step, row: this.#row - lasted + 1 };
    const leadStep = this.#gradient.stepBefore(first.row) ?? first.step;
    this.#episode = { first, leadStep, expected, highest: value, lasted, isTold: false };
    return lasted >= WAIT_ROWS ? this.#tell(this.#episode) : null;
  }

  /** How many of the last rows are high together; 0: none. */
  #numHigh(rise: number): number {
    const scores = this.#scores.map(({ score }) => score);
    if (this.#loss.numRows < SETTLED_ROWS)
      return scores.at(-1)! >= HIGH_SCORE && rise >= LEAST_UNSETTLED_RISE ? 1 : 0;
    const together = (count: number) =>
      scores.length >= count &&
      scores.slice(-count).reduce((sum, score) => sum + score, 0) / Math.sqrt(count) >= HIGH_SCORE &&
      scores.slice(-count).every((score) => score >= STILL_HIGH_SCORE);
    return [1, 2, 3].findLast(together) ?? 0;
  }

  #goOn(episode: Episode, step: number, value: number): SpikeSeen | null {
    const { value: expected, scale } = episode.expected;
    if ((value - expected) / scale < STILL_HIGH_SCORE) {
      this.#episode = null;
      this.#scores = [];
      this.#loss.append(step, value);
      const isNews = !episode.isTold && (episode.highest - expected) / scale >= HIGH_PASSING_SCORE;
      return isNews ? this.#seen(episode) : null;
    }
    episode.lasted += 1;
    episode.highest = Math.max(episode.highest, value);
    if (episode.lasted >= ADOPT_ROWS) {
      this.#episode = null;
      this.#scores = [];
      this.#loss.forget();
    }
    return episode.lasted >= WAIT_ROWS && !episode.isTold ? this.#tell(episode) : null;
  }

  #tell(episode: Episode): SpikeSeen {
    episode.isTold = true;
    return this.#seen(episode);
  }

  #seen({ first, leadStep, expected, highest, lasted }: Episode): SpikeSeen {
    return {
      kind: "spike",
      step: first.step,
      loss: Math.exp(highest),
      expectedLoss: Math.exp(expected.value),
      score: (highest - expected.value) / expected.scale,
      lastedSteps: lasted,
      leadStep,
    };
  }

  #goBackTo(step: number): void {
    this.#loss.goBackTo(step);
    this.#gradient.goBackTo(step);
    this.#scores = [];
    this.#episode = null;
  }
}

/** The first of the last steps whose gradient was too large. */
class GradientLead {
  readonly #trend = new TrendScore(LEAST_SCALE.gradientNorm);
  #high: { readonly step: number; readonly row: number; lastRow: number } | null = null;

  take(step: number, gradientNorm: number, row: number): void {
    if (!(gradientNorm > 0) || gradientNorm === Number.POSITIVE_INFINITY) return;
    const value = Math.log(gradientNorm);
    const expected = this.#trend.numRows < SETTLED_ROWS ? null : this.#trend.expected();
    const isHigh = expected !== null && (value - expected.value) / expected.scale >= HIGH_SCORE;
    if (this.#high && row - this.#high.lastRow > LEAD_ROWS) this.#high = null;
    if (!isHigh) this.#trend.append(step, value);
    else if (!this.#high) this.#high = { step, row, lastRow: row };
    else if (row - this.#high.row > ADOPT_ROWS) this.#trend.forget();
    else this.#high.lastRow = row;
  }

  /** Null: it did not rise before this row. */
  stepBefore(row: number): number | null {
    return this.#high && this.#high.row < row ? this.#high.step : null;
  }

  goBackTo(step: number): void {
    this.#trend.goBackTo(step);
    if (this.#high && this.#high.step >= step) this.#high = null;
  }
}
