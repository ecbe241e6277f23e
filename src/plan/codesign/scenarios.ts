/** @file How everything unknown might come out, and the losses and days of candidates in each case. */

import { type LossOverND, optimumOn, tokensFor } from "../../law/optimum.ts";
import type { ScalingLaw, Surfaces } from "../../law/scaling-law.ts";
import { type Interval, intervalAround, logSdOf, scaledBy, withSpreadOf } from "../../math/interval.ts";
import { Z_90 } from "../../math/normal.ts";
import { Random } from "../../math/random.ts";
import { EXPERT_EXPONENT } from "./assumptions.ts";
import type { Setting, ShapeCandidate } from "./candidate.ts";
import { aspectPenalty } from "./shapes.ts";

/** One way that it might come out; the same for every candidate, so that only shapes differ. */
export type Scenario = {
  /** The law as it might be. */
  readonly surface: LossOverND;
  /** Tokens over those predicted: speed and share of time. */
  readonly speed: number;
  readonly expertExponent: number;
};

/** The middle of everything, and draws of everything. */
export type Scenarios = { readonly middle: Scenario; readonly draws: readonly Scenario[] };

/** Enough for the ends of a 90 % interval to about a tenth of its width; as many as a saved law keeps. */
const NUM_SCENARIOS = 200;

/**
 * The law's draws, each with an error of the step model, of the goodput and of the experts' worth. The step
 * model's error is one for all shapes: they run on the same cluster with the same software.
 */
export function scenariosOf({ law, goodput }: Setting, stepSeconds: Interval): Scenarios {
  const random = new Random(1, "codesign");
  const speedSd = logSdOf(stepSeconds);
  const exponentSd = (EXPERT_EXPONENT.hi - EXPERT_EXPONENT.lo) / (2 * Z_90);
  const draws = Array.from({ length: NUM_SCENARIOS }, (_, i) => ({
    surface: law.draws.length > 0 ? law.draws[i % law.draws.length]! : law.best,
    // Goodput is a share of the time: at most all of it.
    speed:
      Math.exp(speedSd * random.normal()) *
      Math.min(Math.exp(logSdOf(goodput) * random.normal()), 1 / goodput.median),
    expertExponent: EXPERT_EXPONENT.median + exponentSd * random.normal(),
  }));
  return { middle: middleOf(law), draws };
}

/** The law's fit with the middle of everything else. */
export function middleOf({ best }: Surfaces): Scenario {
  return { surface: best, speed: 1, expertExponent: EXPERT_EXPONENT.median };
}

/** A number in the middle of everything, with its interval over all the draws. */
export function over({ middle, draws }: Scenarios, of: (scenario: Scenario) => number): Interval {
  return intervalAround(of(middle), draws.map(of));
}

/** log of the parameters of the dense model that a routed one is worth. */
export function logDenseWorth(
  { active, all }: Pick<ShapeCandidate, "active" | "all">,
  exponent: number = EXPERT_EXPONENT.median,
): number {
  return Math.log(active) + exponent * Math.log(all / active);
}

/** Loss of a candidate in one scenario. */
export function lossIn(
  { surface, speed, expertExponent }: Scenario,
  candidate: Pick<ShapeCandidate, "choice" | "active" | "all" | "tokens">,
): number {
  const logLoss = surface(logDenseWorth(candidate, expertExponent), Math.log(candidate.tokens * speed));
  return Math.exp(logLoss) * aspectPenalty(candidate.choice);
}

/** One more run's loss, with what speed and the experts' worth leave open beside what the law does. */
export function forecastLoss(law: ScalingLaw, scenarios: Scenarios, candidate: ShapeCandidate): Interval {
  const { surface } = scenarios.middle;
  const [n, d] = [Math.exp(logDenseWorth(candidate)), candidate.tokens];
  const byLaw = law.lossAt({ n, d, c: law.flopsPerParameterToken * n * d });
  return withSpreadOf(
    scaledBy(byLaw, aspectPenalty(candidate.choice)),
    over(scenarios, (scenario) => lossIn({ ...scenario, surface }, candidate)),
  );
}

/** Days until a candidate reaches a loss; Infinity where its size alone leaves it above. */
export function daysTo(
  { surface, speed, expertExponent }: Scenario,
  days: number,
  candidate: ShapeCandidate,
  loss: number,
): number {
  const logLoss = Math.log(loss / aspectPenalty(candidate.choice));
  const logTokens = tokensFor(surface, logDenseWorth(candidate, expertExponent), logLoss);
  return logTokens === null ? Infinity : (days * Math.exp(logTokens)) / (candidate.tokens * speed);
}

/** What one candidate costs against another: percent more loss, days more to the other's loss. */
export type Price = {
  readonly lossPercent: Interval;
  /** Infinity where it never gets there. */
  readonly extraDays: Interval;
};

/** `days`: what the run has. */
export function priceOf(
  scenarios: Scenarios,
  days: number,
  candidate: ShapeCandidate,
  best: ShapeCandidate,
): Price {
  return {
    lossPercent: over(scenarios, (each) => 100 * (lossIn(each, candidate) / lossIn(each, best) - 1)),
    extraDays: over(scenarios, (each) => daysTo(each, days, candidate, lossIn(each, best)) - days),
  };
}

/** What the law would choose for so many FLOPs, whatever runs them; of dense models. */
export type LawAlone = {
  readonly params: Interval;
  readonly tokens: Interval;
  readonly loss: Interval;
  /** Its valley, for the same FLOPs. */
  readonly valley: readonly { readonly params: number; readonly loss: number }[];
};

/** `flopsPerParameterToken`: FLOPs of the run per parameter and token. */
export function lawAlone(
  law: ScalingLaw,
  scenarios: Scenarios,
  compute: number,
  flopsPerParameterToken: number,
): LawAlone {
  const logND = Math.log(compute / flopsPerParameterToken);
  const { surface } = scenarios.middle;
  const { logN, logD } = optimumOn(surface, logND);
  const [n, d] = [Math.exp(logN), Math.exp(logD)];
  const optimum = (scenario: Scenario) => optimumOn(scenario.surface, logND + Math.log(scenario.speed));
  return {
    params: over(scenarios, (scenario) => Math.exp(optimum(scenario).logN)),
    tokens: over(scenarios, (scenario) => Math.exp(optimum(scenario).logD)),
    loss: withSpreadOf(
      law.lossAt({ n, d, c: law.flopsPerParameterToken * n * d }),
      over(scenarios, (scenario) => Math.exp(optimum({ ...scenario, surface }).logLoss)),
    ),
    // From a sixteenth to sixteen times the best size.
    valley: Array.from({ length: 49 }, (_, i) => {
      const size = logN + ((i - 24) / 6) * Math.LN2;
      return { params: Math.exp(size), loss: Math.exp(surface(size, logND - size)) };
    }),
  };
}
