/** @file Steps that take longer than this run's own, than the plan, or on one rank than on the others. */

import { median, quantile, robustScale } from "../../math/statistics.ts";
import type { OfRank, SlowSeen } from "../decide/sighting.ts";
import type { StepRow } from "./step-row.ts";

/** Median step time is taken over so long: shorter disturbances are nobody's concern. */
const WINDOW_SECONDS = 300;
const LEAST_ROWS = 8;
/** Slower by less is not told, however steady the run. */
const LEAST_RISE = 0.05;
/** Standard deviations of the windows' own medians that a slower one has to be beyond. */
const SIGMAS = 5;
/** Before so many windows their spread is not known, and twice the time is needed. */
const [LEAST_WINDOWS, UNSETTLED_RISE] = [4, 1];
/** Enough to know how the run was; hours of it need not be kept. */
const MOST_WINDOWS = 288;

/** The whole run's steps: told once when they get slow, and again only after they were well. */
export class StepPace {
  readonly #plannedSeconds: number | null;
  #window: number[] = [];
  #windowSeconds = 0;
  #medians: number[] = [];
  #isSlow = false;

  /** @param plannedSeconds the most that was forecast for a step; null: nothing was */
  constructor(plannedSeconds: number | null) {
    this.#plannedSeconds = plannedSeconds;
  }

  take({ step, stepSeconds }: StepRow): SlowSeen | null {
    if (stepSeconds === null || !(stepSeconds > 0)) return null;
    this.#window.push(stepSeconds);
    this.#windowSeconds += stepSeconds;
    if (this.#windowSeconds < WINDOW_SECONDS || this.#window.length < LEAST_ROWS) return null;
    const seconds = median(this.#window);
    [this.#window, this.#windowSeconds] = [[], 0];
    const slow = this.#compare(step, seconds);
    // What is slow is no measure for what comes after.
    if (slow === null) this.#medians = [...this.#medians, seconds].slice(-MOST_WINDOWS);
    const isNews = slow !== null && !this.#isSlow;
    this.#isSlow = slow !== null;
    return isNews ? slow : null;
  }

  #compare(step: number, stepSeconds: number): SlowSeen | null {
    const seen = (expectedSeconds: number, against: string): SlowSeen => ({
      kind: "slow",
      step,
      rank: null,
      stepSeconds,
      expectedSeconds,
      against,
    });
    const planned = this.#plannedSeconds;
    if (planned !== null && stepSeconds > planned) return seen(planned, "the plan");
    if (this.#medians.length === 0) return null;
    // The tenth of the fastest windows, not the fastest: that one had luck.
    const best = quantile(this.#medians, 0.1);
    const isSettled = this.#medians.length >= LEAST_WINDOWS;
    const usual = median(this.#medians);
    const spread = robustScale(this.#medians.map((each) => each - usual));
    const isFar = stepSeconds > best * (1 + (isSettled ? LEAST_RISE : UNSETTLED_RISE));
    return isFar && stepSeconds > usual + SIGMAS * spread ? seen(best, "this run's own best") : null;
  }
}

/** Steps of each rank in a window, and how long it lasts: shorter disturbances are nobody's concern. */
const [RANK_ROWS, RANK_SECONDS] = [32, 10];
/** A rank is slow from here on, and well again below the second. */
const [SLOW_RANK, WELL_RANK] = [1.1, 1.05];
/** With two, nobody can say which of them is odd. */
const LEAST_RANKS = 3;
/**
 * How much the ranks' ratios to all change by themselves from window to window: four of five times by less
 * than the spread, and so many times that is far. On two busy cores four ranks differ by a tenth and more.
 */
const [SPREAD_SHARE, FAR_SPREADS] = [0.8, 3];
/** Changes that it is known from, at least and at most. */
const [LEAST_CHANGES, MOST_CHANGES] = [8, 10_000];

/** The ranks' own seconds a step against the median of all: who makes the others wait. */
export class RankPace {
  #window = new Map<number, number[]>();
  #since: number | null = null;
  /** Logarithms of the last window's, by rank. */
  #ratios = new Map<number, number>();
  #changes: number[] = [];
  readonly #slow = new Set<number>();

  /** A new attempt: its ranks may be elsewhere. */
  started(): void {
    [this.#window, this.#since] = [new Map(), null];
    this.#ratios.clear();
    this.#slow.clear();
  }

  take(rank: number, ownSeconds: number): void {
    const seconds = this.#window.get(rank);
    if (seconds) seconds.push(ownSeconds);
    else this.#window.set(rank, [ownSeconds]);
  }

  /**
   * Those that have become slow in the window that has just ended; mostly none has.
   * @param atSeconds of a clock that grows evenly
   */
  slowRanks(step: number, places: readonly string[], atSeconds: number): readonly SlowSeen[] {
    this.#since ??= atSeconds;
    const known = [...this.#window].filter(([, seconds]) => seconds.length >= RANK_ROWS);
    if (known.length < places.length || atSeconds - this.#since < RANK_SECONDS) return [];
    [this.#window, this.#since] = [new Map(), atSeconds];
    if (known.length < LEAST_RANKS) return [];
    const medians = known.map(([rank, seconds]) => ({ rank, stepSeconds: median(seconds) }));
    const expectedSeconds = median(medians.map(({ stepSeconds }) => stepSeconds));
    const least = this.#slowFrom();
    return medians.flatMap(({ rank, stepSeconds }) => {
      const factor = stepSeconds / expectedSeconds;
      this.#learn(rank, Math.log(factor));
      if (factor < WELL_RANK) this.#slow.delete(rank);
      if (factor < least || this.#slow.has(rank)) return [];
      this.#slow.add(rank);
      const who: OfRank = { rank, place: places[rank]! };
      const against = "the median of all ranks";
      return [{ kind: "slow" as const, step, rank: who, stepSeconds, expectedSeconds, against }];
    });
  }

  #learn(rank: number, ratio: number): void {
    const before = this.#ratios.get(rank);
    this.#ratios.set(rank, ratio);
    if (before !== undefined)
      this.#changes = [...this.#changes, Math.abs(ratio - before)].slice(-MOST_CHANGES);
  }

  #slowFrom(): number {
    if (this.#changes.length < LEAST_CHANGES) return 1 + UNSETTLED_RISE;
    return Math.max(SLOW_RANK, Math.exp(FAR_SPREADS * quantile(this.#changes, SPREAD_SHARE)));
  }
}
