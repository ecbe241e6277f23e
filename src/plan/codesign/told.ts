/** @file Candidates and laws told with their intervals, and what to beware of. */

import { type Interval, scaledBy } from "../../math/interval.ts";
import { bestSize, lossAt, overDraws, type ScalingLaw } from "../scaling-law.ts";
import type { Codesign, Design, SizePoint } from "./answer.ts";
import { FLAT_ASPECT } from "./assumptions.ts";
import { type Candidate, lossInterval, type Scenario } from "./candidate.ts";
import type { Optimum } from "./optimise.ts";
import type { Routing } from "./shapes.ts";

/** Beyond so many times the largest run a law's own draws tell too little. */
const FAR_REACH = 100;

/** A candidate with the intervals of its numbers. */
export function designOf(scenarios: readonly Scenario[], candidate: Candidate): Design {
  const { choice, shape, active, all, tokens, layout, prediction } = candidate;
  return {
    name: shape.name,
    ...choice,
    numHeads: choice.hidden / choice.headDim,
    aspect: choice.hidden / choice.numLayers,
    activeParameters: active,
    allParameters: all,
    tokens: tokensInterval(scenarios, tokens),
    tokensPerParameter: tokens / active,
    loss: lossInterval(scenarios, candidate),
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

function tokensInterval(scenarios: readonly Scenario[], tokens: number): Interval {
  const speeds = scenarios.map(({ speed }) => speed).sort((a, b) => a - b);
  const at = (share: number) => speeds[Math.floor(share * (speeds.length - 1))]!;
  return scaledBy({ median: 1, lo: Math.min(1, at(0.05)), hi: Math.max(1, at(0.95)) }, tokens);
}

/** What the law would choose for so many FLOPs, whatever runs them; `k`: FLOPs per parameter and token. */
export function lawAlone(
  law: ScalingLaw,
  scenarios: readonly Scenario[],
  compute: number,
  k: number,
): Codesign["lawAlone"] {
  const speedOf = (index: number) => (index < 0 ? 1 : scenarios[index % scenarios.length]!.speed);
  const spread: ScalingLaw = { ...law, draws: scenarios.map(({ terms }) => terms) };
  const params = (terms: ScalingLaw["terms"], index: number) => bestSize(terms, compute * speedOf(index), k);
  const tokens = (terms: ScalingLaw["terms"], index: number) =>
    (compute * speedOf(index)) / (k * params(terms, index));
  return {
    params: overDraws(spread, params),
    tokens: overDraws(spread, tokens),
    loss: overDraws(spread, (terms, index) => lossAt(terms, params(terms, index), tokens(terms, index))),
    valley: Array.from({ length: 49 }, (_, i) => {
      const size = params(law.terms, -1) * 2 ** ((i - 24) / 6);
      return { params: size, loss: lossAt(law.terms, size, compute / (k * size)) };
    }),
  };
}

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
      `the run is ${Math.round(compute / law.largestCompute)} times the law's largest: its intervals are too narrow there`,
    );
  if (aspect > 0.9 * FLAT_ASPECT.hi || aspect < 1.1 * FLAT_ASPECT.lo)
    warnings.push(
      `hidden / layers is ${aspect.toFixed(0)}, at the edge of what is taken as flat (${FLAT_ASPECT.lo} to ${FLAT_ASPECT.hi}): the cluster prefers it so, the loss may not`,
    );
  if (routings.some((routing) => routing !== null))
    warnings.push(
      "what experts are worth is an assumption, not part of the law: compare routed with dense by their intervals",
    );
  const sizes = own.tried.map(({ active }) => active);
  const isLargest = best.active >= Math.max(...sizes) / 1.05;
  if (isLargest && own.unfit.some((active) => active > best.active))
    warnings.push("memory holds the size down: no larger shape that was tried fits");
  else if (isLargest || best.active <= 1.05 * Math.min(...sizes))
    warnings.push("the best size lies at the end of those tried");
  return warnings;
}
