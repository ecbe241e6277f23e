/** @file Two variants of an allocation: a size that is not the optimum, and a model to serve many tokens. */

import { type LossOverND, leastLogNDFor, optimumOn, tokensFor } from "../../law/optimum.ts";
import { logNDOf, type ScalingLaw, surfacesOf } from "../../law/scaling-law.ts";
import { cheapestServed, SERVING_SHARE } from "../../law/serving.ts";
import { type Interval, intervalsAround } from "../../math/interval.ts";

/** A size other than the optimal one, on the same budget. */
export type Choice = {
  readonly params: number;
  readonly tokens: number;
  readonly tokensPerParameter: number;
  readonly extraLossPercent: Interval;
  /** What an optimal model needs for the same loss. */
  readonly optimalCompute: Interval;
  readonly wastedPercent: Interval;
  /** What this size needs for the optimum's loss, over the budget; unbounded where it never gets there. */
  readonly computeToMatch: Interval;
};

/** The cheapest model with the optimum's loss, training and serving together. */
export type Serving = {
  readonly servedTokens: number;
  readonly n: Interval;
  readonly d: Interval;
  readonly tokensPerParameter: Interval;
  readonly trainingCompute: Interval;
  readonly servingCompute: Interval;
  readonly totalCompute: Interval;
  /** Of what training and serving the compute-optimal model would take. */
  readonly savedPercent: Interval;
};

/** What `params` parameters on this budget lose against the optimum. */
export function choiceOf(law: ScalingLaw, compute: number, params: number): Choice {
  const { best, draws } = surfacesOf(law);
  const logND = logNDOf(law, compute);
  const logN = Math.log(params);
  const logD = logND - logN;
  const costs = (surface: LossOverND) => {
    const logLoss = surface(logN, logD);
    const optimum = optimumOn(surface, logND);
    const leastLogND = leastLogNDFor(surface, logLoss);
    const optimalCompute = leastLogND === null ? 0 : law.flopsPerParameterToken * Math.exp(leastLogND);
    const logTokens = tokensFor(surface, logN, optimum.logLoss);
    return {
      extraLossPercent: 100 * Math.expm1(logLoss - optimum.logLoss),
      optimalCompute,
      wastedPercent: 100 * (1 - optimalCompute / compute),
      computeToMatch: logTokens === null ? Infinity : law.flopsPerParameterToken * Math.exp(logN + logTokens),
    };
  };
  const tokens = Math.exp(logD);
  return {
    params,
    tokens,
    tokensPerParameter: tokens / params,
    ...intervalsAround(costs(best), draws.map(costs)),
  };
}

/** The cheapest model with the loss of the optimum at `compute`, once it has served so many tokens. */
export function servingOf(law: ScalingLaw, compute: number, servedTokens: number): Serving {
  const { best, draws } = surfacesOf(law);
  const logND = logNDOf(law, compute);
  const answer = (surface: LossOverND) => {
    const plain = optimumOn(surface, logND);
    const { logN, logD, cost } = cheapestServed(surface, plain.logLoss, servedTokens, plain.logN);
    const perToken = law.flopsPerParameterToken * SERVING_SHARE * servedTokens;
    const total = law.flopsPerParameterToken * cost;
    return {
      n: Math.exp(logN),
      d: Math.exp(logD),
      tokensPerParameter: Math.exp(logD - logN),
      trainingCompute: law.flopsPerParameterToken * Math.exp(logN + logD),
      servingCompute: perToken * Math.exp(logN),
      totalCompute: total,
      savedPercent: 100 * (1 - total / (compute + perToken * Math.exp(plain.logN))),
    };
  };
  return { servedTokens, ...intervalsAround(answer(best), draws.map(answer)) };
}
