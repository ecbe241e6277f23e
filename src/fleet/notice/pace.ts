/** @file Steps that take longer than this run's own, than the plan, or on one rank than on the others. */

import { median, quantile, robustScale } from "../../math/statistics.ts";
import type { OfRank, SlowSeen } from "../sighting.ts";
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

/** Steps of a rank that count. */
const RANK_ROWS = 32;
/** A rank is slow from here on, and well again below the second. */
const [SLOW_RANK, WELL_RANK] = [1.1, 1.05];
/** With two, nobody can say which of them is odd. */
const LEAST_RANKS = 3;

/** The ranks' own seconds a step against the median of all: who makes the others wait. */
export class RankPace {
  readonly #seconds = new Map<number, number[]>();
  readonly #slow = new Set<number>();

  take(rank: number, stepSeconds: number): void {
    this.#seconds.set(rank, [...(this.#seconds.get(rank) ?? []), stepSeconds].slice(-RANK_ROWS));
  }

  /** Those that have become slow since it was last asked. */
  slowRanks(step: number, places: readonly string[]): readonly SlowSeen[] {
    const known = [...this.#seconds].filter(([, seconds]) => seconds.length === RANK_ROWS);
    if (known.length < LEAST_RANKS || known.length < places.length) return [];
    const medians = known.map(([rank, seconds]) => ({ rank, stepSeconds: median(seconds) }));
    const expectedSeconds = median(medians.map(({ stepSeconds }) => stepSeconds));
    return medians.flatMap(({ rank, stepSeconds }) => {
      const factor = stepSeconds / expectedSeconds;
      if (factor < WELL_RANK) this.#slow.delete(rank);
      if (factor < SLOW_RANK || this.#slow.has(rank)) return [];
      this.#slow.add(rank);
      const who: OfRank = { rank, place: places[rank]! };
      const against = "the median of all ranks";
      return [{ kind: "slow" as const, step, rank: who, stepSeconds, expectedSeconds, against }];
    });
  }
}
