/** @file A model with its layout in plain numbers, as a co-design reports it. */

import type { ScalingLaw } from "../../law/scaling-law.ts";
import type { Interval } from "../../math/interval.ts";
import type { Layout } from "../layout/layout.ts";
import type { ShapeCandidate } from "./candidate.ts";
import { forecastLoss, over, type Price, type Scenarios } from "./scenarios.ts";
import type { Routing } from "./shapes.ts";

/** A model with its layout, in plain numbers. */
export type PlannedModel = {
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

/** A model with its price against the best. */
export type PricedModel = { readonly model: PlannedModel; readonly price: Price };

/** A candidate with the intervals of its numbers. */
export function plannedModelOf(
  law: ScalingLaw,
  scenarios: Scenarios,
  candidate: ShapeCandidate,
): PlannedModel {
  const { choice, shape, active, all, tokens, layout, prediction } = candidate;
  return {
    name: shape.name,
    ...choice,
    numHeads: choice.hidden / choice.headDim,
    aspect: choice.hidden / choice.numLayers,
    activeParameters: active,
    allParameters: all,
    tokens: over(scenarios, ({ speed }) => tokens * speed),
    tokensPerParameter: tokens / active,
    loss: forecastLoss(law, scenarios, candidate),
    layout,
    stepSeconds: prediction.stepInterval,
    mfu: prediction.mfu,
    memoryBytes: prediction.memory.totalBytes,
  };
}
