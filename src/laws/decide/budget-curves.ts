/** @file What an allocation's figure draws: valleys of loss over size, and the best size over compute. */

import type { AllocateFigureData } from "../../figures/allocate-figure.ts";
import { type ScalingLaw, surfacesOf } from "../../law/scaling-law.ts";
import { type Allocation, budgetPoint } from "./allocate.ts";

/** How far to either side of the optimum a valley is drawn, in log N. */
const SIDE = Math.log(20);
const NUM_POINTS = 61;
const PATH_DECADES = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];

/** The curves of `answer`. */
export function budgetCurves(law: ScalingLaw, answer: Allocation): AllocateFigureData {
  const { best: surface, draws } = surfacesOf(law);
  const lossAt = (n: number, compute: number) =>
    Math.exp(surface(Math.log(n), Math.log(compute / law.flopsPerParameterToken / n)));
  const valleys = answer.budgets.map(({ compute, n, loss }) => ({
    compute,
    optimum: { n: n.median, loss: loss.median },
    points: Array.from({ length: NUM_POINTS }, (_, i) => {
      const size = n.median * Math.exp(SIDE * ((2 * i) / (NUM_POINTS - 1) - 1));
      return { n: size, loss: lossAt(size, compute) };
    }),
  }));
  const path = PATH_DECADES.map((decades) => {
    const { compute, n } = budgetPoint(law, surface, draws, answer.compute * 10 ** decades);
    return { compute, n: n.median, lo: Math.max(n.lo, n.median / 1e3), hi: Math.min(n.hi, n.median * 1e3) };
  });
  const { n } = answer.flat[0]!;
  const { choice } = answer;
  return {
    compute: answer.compute,
    largestCompute: answer.compute / answer.reach,
    valleys,
    path,
    flat: { lo: n.lo.median, hi: n.hi.median },
    choice: choice && { n: choice.params, loss: lossAt(choice.params, answer.compute) },
  };
}
