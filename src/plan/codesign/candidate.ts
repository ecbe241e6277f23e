/** @file One shape on one cluster: its fastest layout, the tokens that the days allow, the loss that the law forecasts. */

import { type Interval, intervalOfDraws, logSdOf } from "../../math/interval.ts";
import { Z_90 } from "../../math/normal.ts";
import { Random } from "../../math/random.ts";
import { DAY_SECONDS } from "../../units/kinds.ts";
import { devicesOf } from "../layout/layout.ts";
import { type LawTerms, lossAt, type ScalingLaw } from "../scaling-law.ts";
import type { PlannedLayout } from "../search/search.ts";
import type { ModelShape } from "../shape/model-shape.ts";
import type { StepPrediction } from "../step/prediction.ts";
import { EXPERT_EXPONENT } from "./assumptions.ts";
import { aspectPenalty, type Choice, productParameters, shapeOf } from "./shapes.ts";

/** What stays the same while shapes are tried. */
export type Question = {
  readonly law: ScalingLaw;
  readonly vocabularySize: number;
  readonly days: number;
  /** Part of the time that training moves forward. */
  readonly goodput: Interval;
};

export type Candidate = PlannedLayout & {
  readonly choice: Choice;
  readonly shape: ModelShape;
  /** Parameters in matrix products that a token meets, and all of them. */
  readonly active: number;
  readonly all: number;
  readonly tokensPerSecond: number;
  readonly tokens: number;
  /** At the law's fit, the middle prediction of speed, and the middle of each assumption. */
  readonly loss: number;
};

/** Evaluates a shape at a layout. */
export function candidateOf(question: Question, choice: Choice, found: PlannedLayout): Candidate {
  const shape = shapeOf(choice, question.vocabularySize);
  const { active, all } = productParameters(shape);
  const tokensPerSecond = found.prediction.tokensPerSecondPerDevice * devicesOf(found.layout);
  const tokens = tokensPerSecond * question.goodput.median * question.days * DAY_SECONDS;
  const worth = denseWorth(active, all, EXPERT_EXPONENT.median);
  const loss = lossAt(question.law.terms, worth, tokens) * aspectPenalty(choice);
  return { ...found, choice, shape, active, all, tokensPerSecond, tokens, loss };
}

/** Parameters of the dense model that a routed one is worth. */
export function denseWorth(active: number, all: number, exponent: number): number {
  return active * (all / active) ** exponent;
}

/** One way that everything unknown might have come out; the same ways for every candidate, so that differences are of shapes alone. */
export type Scenario = {
  readonly terms: LawTerms;
  /** Speed over its prediction, share of time over its middle. */
  readonly speed: number;
  readonly expertExponent: number;
};

/** Enough for the ends of a 90 % interval to about a tenth of its width; as many as a saved law keeps. */
const NUM_SCENARIOS = 200;

/**
 * The law's draws, each with an error of the step model, of the goodput and of the experts' worth. The step model's error is one for all
 * shapes: they run on the same cluster with the same software.
 */
export function scenariosOf(
  { law, goodput }: Question,
  { stepInterval }: StepPrediction,
): readonly Scenario[] {
  const random = new Random(1, "codesign");
  const speedSd = logSdOf(stepInterval);
  const exponentSd = (EXPERT_EXPONENT.hi - EXPERT_EXPONENT.lo) / (2 * Z_90);
  return Array.from({ length: NUM_SCENARIOS }, (_, i) => ({
    terms: law.draws.length > 0 ? law.draws[i % law.draws.length]! : law.terms,
    // More than all of the time is nobody's.
    speed:
      Math.exp(speedSd * random.normal()) *
      Math.min(Math.exp(logSdOf(goodput) * random.normal()), 1 / goodput.median),
    expertExponent: EXPERT_EXPONENT.median + exponentSd * random.normal(),
  }));
}

/** Loss of a candidate in one scenario. */
export function lossIn(
  { terms, speed, expertExponent }: Scenario,
  { choice, active, all, tokens }: Candidate,
): number {
  return lossAt(terms, denseWorth(active, all, expertExponent), tokens * speed) * aspectPenalty(choice);
}

/** Forecast loss with its 90 % interval. */
export function lossInterval(scenarios: readonly Scenario[], candidate: Candidate): Interval {
  return around(
    candidate.loss,
    scenarios.map((scenario) => lossIn(scenario, candidate)),
  );
}

/** What one candidate costs against another: percent more loss, and the days that it lacks to the other's loss. */
export type Price = {
  readonly lossPercent: Interval;
  /** Infinity where it never gets there. */
  readonly extraDays: Interval;
};

export function priceOf(
  question: Question,
  scenarios: readonly Scenario[],
  candidate: Candidate,
  best: Candidate,
): Price {
  const middle: Scenario = { terms: question.law.terms, speed: 1, expertExponent: EXPERT_EXPONENT.median };
  const percent = (scenario: Scenario) => 100 * (lossIn(scenario, candidate) / lossIn(scenario, best) - 1);
  const days = (scenario: Scenario) =>
    daysTo(scenario, question, candidate, lossIn(scenario, best)) - question.days;
  return {
    lossPercent: around(percent(middle), scenarios.map(percent)),
    extraDays: around(days(middle), scenarios.map(days)),
  };
}

/** Days until a candidate reaches a loss: the law solved for D. Infinity where its size alone leaves it above. */
export function daysTo(
  { terms, speed, expertExponent }: Scenario,
  { days }: Question,
  candidate: Candidate,
  loss: number,
): number {
  const { choice, active, all, tokens } = candidate;
  const reducible = loss / aspectPenalty(choice) - Math.exp(terms.logE);
  if (reducible <= 0) return Number.POSITIVE_INFINITY;
  const size = Math.exp(terms.logA - terms.alpha * Math.log(denseWorth(active, all, expertExponent)));
  const left = reducible ** (1 / terms.gamma) - size;
  if (left <= 0) return Number.POSITIVE_INFINITY;
  const needed = Math.exp((terms.logB - Math.log(left)) / terms.beta);
  return (days * needed) / (tokens * speed);
}

/** The middle value with the interval of the draws, widened to hold it. */
function around(median: number, draws: readonly number[]): Interval {
  const { lo, hi } = intervalOfDraws(draws);
  return { median, lo: Math.min(lo, median), hi: Math.max(hi, median) };
}
