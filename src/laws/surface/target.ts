/** @file The run to forecast, completed from what is said of it. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import type { Interval } from "../../math/interval.ts";
import { hasExperts, repeatsData } from "./surface.ts";
import { reasonAgainst } from "./usable.ts";

export type GivenTarget = Partial<Pick<Design, "n" | "d" | "c">>;

/** FLOPs over N D: 6 by the usual approximation, more where attention counts; the median of the runs nearest the top. */
function flopsPerParameterToken(runs: readonly Design[]): number {
  const nearest = runs.toSorted((a, b) => b.c - a.c).slice(0, Math.max(3, runs.length >> 2));
  const ratios = nearest.map(({ n, d, c }) => c / (n * d)).sort((a, b) => a - b);
  return ratios[ratios.length >> 1]!;
}

/** Two of N, D and C give the third; C alone the size of least median loss among ratios D / N that the runs span. */
export function designFrom(
  runs: readonly Design[],
  { n, d, c }: GivenTarget,
  along: (designs: readonly Design[]) => readonly Interval[],
): Design {
  const factor = flopsPerParameterToken(runs);
  if (n !== undefined && d !== undefined) {
    if (c !== undefined) checkAgreement(n, d, c, factor);
    return { n, d, c: c ?? factor * n * d };
  }
  if (c === undefined)
    throw new UserError(
      "a target of which too little is known",
      "--compute, or --params with --tokens",
      "say how large the run is: --params 70B --tokens 1.4T",
    );
  if (n !== undefined) return { n, d: c / (factor * n), c };
  if (d !== undefined) return { n: c / (factor * d), d, c };
  return bestAt(runs, c, factor, along);
}

/** N, D and C given together have to agree with the runs' own FLOPs for each parameter and token within this factor. */
const AGREEMENT = 2;

function checkAgreement(n: number, d: number, c: number, factor: number): void {
  const own = c / (n * d);
  if (Math.abs(Math.log(own / factor)) <= Math.log(AGREEMENT)) return;
  throw new UserError(
    `a target whose compute is ${own.toPrecision(3)} N D`,
    `about ${factor.toPrecision(3)} N D, as the runs'`,
    "leave one of --compute, --params and --tokens out",
  );
}

/** Beyond this reach a forecast is refused: back-tests have looked up to 100, and the boldest published one, GPT-4's, reached 10,000. */
const MOST_REACH = 1e4;

/** Throws a `UserError` where the runs cannot speak of the target at all. */
export function checkTarget(runs: readonly Design[], target: Design): void {
  const computes = runs.map(({ c }) => c);
  const [least, most] = [Math.min(...computes), Math.max(...computes)];
  if (target.c < least || target.c > MOST_REACH * most) {
    throw new UserError(
      `a target of ${target.c.toExponential(2)} FLOPs`,
      `${least.toExponential(2)} FLOPs, the smallest run's, to ${MOST_REACH} times the largest's ${most.toExponential(2)}`,
      target.c < least ? "correct the target" : "forecast a nearer target, and climb from there",
    );
  }
  const against = reasonAgainst(target);
  if (against)
    throw new UserError(`a target of ${against}`, "one of the kind that the runs are", "correct the target");
  if (target.unique !== undefined && target.unique < target.d && !repeatsData(runs)) {
    throw new UserError(
      `a target that reads ${target.d.toPrecision(3)} tokens of ${target.unique.toPrecision(3)} distinct ones`,
      "a table with runs that repeat their data, and a column for the distinct tokens",
      "add such runs, or see `longrun laws allocate --tokens-unique` for what others' runs say of repeats",
    );
  }
  if ((target.experts ?? 1) > 1 && !hasExperts(runs)) {
    throw new UserError(
      `a target of ${target.experts} experts`,
      "a table with routed runs, and a column for the experts",
      "add such runs, or leave --experts out",
    );
  }
}

const NUM_RATIOS = 61;

function bestAt(
  runs: readonly Design[],
  c: number,
  factor: number,
  along: (designs: readonly Design[]) => readonly Interval[],
): Design {
  const logs = runs.map(({ n, d }) => Math.log(d / n));
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const designs = Array.from({ length: NUM_RATIOS }, (_, i) => {
    const ratio = Math.exp(least + ((most - least) * i) / (NUM_RATIOS - 1));
    const n = Math.sqrt(c / (factor * ratio));
    return { n, d: ratio * n, c };
  });
  const medians = along(designs).map(({ median }) => median);
  return designs[medians.indexOf(Math.min(...medians))]!;
}
