/** @file What a co-design answers, in plain numbers, and what to beware of. */

import type { ScalingLaw } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import type { Precision } from "../hardware/accelerator.ts";
import type { Layout } from "../layout/layout.ts";
import { FLAT_ASPECT } from "./assumptions.ts";
import type { Candidate, Question } from "./candidate.ts";
import type { Optimum } from "./optimise.ts";
import { type LawAlone, lossIn, over, type Price, type Scenario } from "./scenarios.ts";
import type { Routing } from "./shapes.ts";

/** A model with its layout, in plain numbers. */
export type Design = {
  readonly name: string;
  readonly hidden: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly feedForwardWidth: number;
  readonly routing: Routing;
  /** Hidden width over layers. */
  readonly aspect: number;
  /** Parameters in matrix products, head included, input embedding not: those a token meets, and all. */
  readonly activeParameters: number;
  readonly allParameters: number;
  readonly tokens: Interval;
  readonly tokensPerParameter: number;
  readonly loss: Interval;
  readonly layout: Layout;
  readonly stepSeconds: Interval;
  readonly mfu: number;
  readonly memoryBytes: number;
};

/** A design with its price against the best. */
export type Priced = { readonly design: Design; readonly price: Price };

export type Rounded = {
  readonly grid: string;
  /** What the grid asks for, in words. */
  readonly rule: string;
  /** Null: nothing of it fits. */
  readonly answer: Priced | null;
};

export type DomainAnswer = {
  readonly domainSize: number;
  readonly isOwn: boolean;
  /** `price`: against the cluster as it is; negative where this one is better. Null: nothing fits. */
  readonly answer: Priced | null;
  /** The best of each size. */
  readonly sizes: readonly SizePoint[];
};

export type SizePoint = {
  readonly activeParameters: number;
  readonly loss: number;
  readonly mfu: number;
};

export type Codesign = {
  readonly cluster: {
    readonly accelerator: string;
    readonly acceleratorLabel: string;
    readonly numDevices: number;
    /** Devices that the best design's layout does not use. */
    readonly idleDevices: number;
    readonly domainSize: number;
  };
  readonly days: number;
  readonly goodput: Interval;
  readonly sequence: number;
  readonly batchTokens: number;
  readonly precision: Precision;
  readonly law: {
    readonly name: string;
    readonly formula: string;
    readonly counts: string;
    readonly numDraws: number;
  };
  readonly best: Design;
  /** FLOPs of the whole run. */
  readonly compute: number;
  /** Training compute over that of the law's largest run; null: not known. */
  readonly reach: number | null;
  /** The law's own optimum for the same FLOPs, whatever runs them. */
  readonly lawAlone: LawAlone;
  /** Model and layout chosen apart: the law's own size in a middle shape. Null: it does not fit. */
  readonly apart: Priced | null;
  readonly rounded: readonly Rounded[];
  /** The best of those tried with hidden / layers from 80 to 140, whatever the grid. Null: none fits. */
  readonly moderate: Priced | null;
  readonly domains: readonly DomainAnswer[];
  readonly frontier: readonly Design[];
  readonly numTried: number;
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
};

/** A candidate with the intervals of its numbers. */
export function designOf(question: Question, scenarios: readonly Scenario[], candidate: Candidate): Design {
  const { choice, shape, active, all, tokens, layout, prediction } = candidate;
  return {
    name: shape.name,
    ...choice,
    numHeads: choice.hidden / choice.headDim,
    aspect: choice.hidden / choice.numLayers,
    activeParameters: active,
    allParameters: all,
    tokens: over(question, scenarios, ({ speed }) => tokens * speed),
    tokensPerParameter: tokens / active,
    loss: over(question, scenarios, (scenario) => lossIn(scenario, candidate)),
    layout,
    stepSeconds: prediction.stepInterval,
    mfu: prediction.mfu,
    memoryBytes: prediction.memory.totalBytes,
  };
}

/** A candidate on a curve over size. */
export function pointOf({ active, loss, prediction }: Candidate): SizePoint {
  return { activeParameters: active, loss, mfu: prediction.mfu };
}

/** Beyond so many times the largest run a law's own draws tell too little. */
const FAR_REACH = 100;

/** What a reader should know before relying on the choice. */
export function warningsOf(
  law: ScalingLaw,
  routings: readonly Routing[],
  best: Candidate,
  own: Optimum,
  compute: number,
): readonly string[] {
  const aspect = best.choice.hidden / best.choice.numLayers;
  const warnings: string[] = [];
  if (law.draws.length === 0)
    warnings.push(
      "the law's file holds no draws: intervals carry the speed's and the assumptions' uncertainty alone",
    );
  if (law.largestCompute !== null && compute > FAR_REACH * law.largestCompute)
    warnings.push(
      `the run is ${Math.round(compute / law.largestCompute)} times the law's largest: its ` +
        "intervals are too narrow there",
    );
  if (aspect > 0.9 * FLAT_ASPECT.hi || aspect < 1.1 * FLAT_ASPECT.lo)
    warnings.push(
      `hidden / layers is ${aspect.toFixed(0)}, at the edge of what is taken as flat ` +
        `(${FLAT_ASPECT.lo} to ${FLAT_ASPECT.hi}): the cluster prefers it so, the loss may not`,
    );
  if (routings.some((routing) => routing !== null))
    warnings.push(
      "what experts are worth is an assumption, not part of the law: compare routed with dense by " +
        "their intervals",
    );
  const sizes = own.tried.map(({ active }) => active);
  const isLargest = best.active >= Math.max(...sizes) / 1.05;
  if (isLargest && own.unfit.some((active) => active > best.active))
    warnings.push("memory holds the size down: no larger shape that was tried fits");
  else if (isLargest || best.active <= 1.05 * Math.min(...sizes))
    warnings.push("the best size lies at the end of those tried");
  return warnings;
}
