/** @file Forecasts the target's final loss from a small ladder: median, an honest 90 % interval, and the reasons for it. */

import { UserError } from "../../errors.ts";
import { computeLaw } from "../../law/formulas/power-laws.ts";
import type { Design, Run } from "../../law/law.ts";
import type { Interval } from "../../math/interval.ts";
import { plainBootstrap } from "../fit/bootstrap.ts";
import { SMALL_LADDER_LOSS } from "../fit/loss.ts";
import { type BackTestRow, backTest, MIN_RUNGS, wideningFrom } from "./back-test.ts";
import { mixtureQuantile, momentsOf, type Part } from "./mixture.ts";
import { type Posterior, posteriorOf } from "./posterior.ts";
import { TRENDS, type Trend } from "./trend.ts";

/** One finished run of the ladder. Runs of one rung with several seeds share `n`, `d` and `c`. */
export type Observation = Run & { readonly run: string; readonly seed: number };

/** What one law alone would say, and how much of the forecast it makes up. */
export type LawForecast = Interval & {
  readonly name: string;
  readonly formula: string;
  readonly weight: number;
};

export type Forecast = Interval & {
  /** One sentence with numbers: what the interval rests on. */
  readonly basis: string;
  /** Target compute over the largest rung's. */
  readonly reach: number;
  readonly laws: readonly LawForecast[];
  /** 90 % interval of the plain residual bootstrap of L = E + a C^-b, for comparison. */
  readonly plainBootstrap: { readonly lo: number; readonly hi: number };
  readonly backTest: readonly BackTestRow[];
  /** Factor that the back-test put on the interval; 1 where the forecasts of left-out rungs held. */
  readonly widening: number;
  /** Seed noise of one run's final loss, one standard deviation, in percent. */
  readonly noisePercent: number;
  /** Slow departure from any law, one standard deviation per decade of compute, in percent. */
  readonly driftPercent: number;
};

export type ForecastOptions = {
  readonly seed?: number;
  readonly numResamples?: number;
};

/** Median and 90 % interval of a mixture in log loss, stretched about its median by `widening`, as losses. */
function intervalOf(parts: readonly Part[], widening: number): Interval {
  const middle = mixtureQuantile(parts, 0.5);
  const low = mixtureQuantile(parts, 0.05);
  const high = mixtureQuantile(parts, 0.95);
  return {
    median: Math.exp(middle),
    lo: Math.exp(middle + widening * (low - middle)),
    hi: Math.exp(middle + widening * (high - middle)),
  };
}

function distinctLevels(runs: readonly Run[]): number[] {
  return [...new Set(runs.map((run) => run.c))].sort((a, b) => a - b);
}

/** Throws a `UserError` unless the ladder can carry a forecast. */
export function checkLadder(observations: readonly Run[]): void {
  const bad = observations.find((run) =>
    [run.n, run.d, run.c, run.loss].some((x) => !(x > 0 && x < Infinity)),
  );
  if (bad !== undefined) {
    throw new UserError(
      `a ladder run with N ${bad.n}, D ${bad.d}, C ${bad.c}, loss ${bad.loss}`,
      "positive, finite numbers",
      "leave diverged runs out of the ladder, or train them again with a lower learning rate",
    );
  }
  const levels = distinctLevels(observations);
  if (levels.length < MIN_RUNGS) {
    throw new UserError(
      `${levels.length} rungs of different compute`,
      `at least ${MIN_RUNGS}, better 6, to forecast from`,
      "add rungs to the ladder",
    );
  }
}

/** Forecast of the target's final loss. Deterministic: the same observations, target and seed give the same numbers. */
export function forecast(
  observations: readonly Observation[],
  target: Design,
  options: ForecastOptions = {},
): Forecast {
  checkLadder(observations);
  const posterior = posteriorOf(observations, TRENDS);
  const rows = backTest(observations, TRENDS);
  const parts = posterior.predict(target);
  const reach = target.c / posterior.anchor.c;
  const widening = wideningFrom(rows, { sd: momentsOf(parts).sd, seedNoise: posterior.seedNoise, reach });
  const interval = intervalOf(parts, widening);
  const facts = {
    reach,
    laws: TRENDS.map((trend) => lawForecast(trend, posterior, target, widening)),
    plainBootstrap: plainBootstrap(computeLaw, observations, target, {
      seed: options.seed ?? 0,
      numResamples: options.numResamples ?? 300,
      loss: SMALL_LADDER_LOSS,
    }),
    backTest: rows,
    widening,
    noisePercent: 100 * posterior.seedNoise,
    driftPercent: 100 * posterior.drift,
  };
  return { ...interval, ...facts, basis: basisSentence(observations, facts) };
}

function lawForecast(trend: Trend, posterior: Posterior, target: Design, widening: number): LawForecast {
  return {
    name: trend.name,
    formula: trend.formula,
    weight: posterior.trendWeights.get(trend.name)!,
    ...intervalOf(posterior.predict(target, { trendName: trend.name }), widening),
  };
}

function basisSentence(
  observations: readonly Observation[],
  facts: Pick<Forecast, "reach" | "backTest" | "widening" | "noisePercent" | "driftPercent">,
): string {
  const levels = distinctLevels(observations);
  const decades = Math.log10(levels.at(-1)! / levels[0]!);
  const inside = facts.backTest.filter((row) => row.inside).length;
  const worst = Math.max(0, ...facts.backTest.map((row) => Math.abs(row.errorPercent)));
  const test =
    facts.backTest.length === 0
      ? "too few rungs for a back-test"
      : `${inside} of ${facts.backTest.length} back-test forecasts inside their 90 % interval, worst error ${worst.toFixed(2)} %, interval widened ${facts.widening.toFixed(2)} times`;
  return (
    `${observations.length} runs on ${levels.length} rungs over ${decades.toFixed(2)} decades of compute, reach ${facts.reach.toFixed(1)}; ` +
    `seed noise ${facts.noisePercent.toFixed(2)} %, drift ${facts.driftPercent.toFixed(2)} % a decade; ${test}`
  );
}

/** The forecast at many designs, for a figure of the law through the ladder: same posterior, same rule of widening. */
export function forecastLine(
  observations: readonly Observation[],
  designs: readonly Design[],
): readonly (Interval & Design)[] {
  checkLadder(observations);
  const posterior = posteriorOf(observations, TRENDS);
  const rows = backTest(observations, TRENDS);
  return designs.map((design) => {
    const parts = posterior.predict(design);
    const own = {
      sd: momentsOf(parts).sd,
      seedNoise: posterior.seedNoise,
      reach: design.c / posterior.anchor.c,
    };
    return { n: design.n, d: design.d, c: design.c, ...intervalOf(parts, wideningFrom(rows, own)) };
  });
}
