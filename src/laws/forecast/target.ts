/** @file The run to forecast, completed from what is said of it. */

import { UserError } from "../../errors.ts";
import type { Design } from "../../law/law.ts";
import { checkReach, smallestComputeOf } from "../../law/scaling-law.ts";
import { designAt } from "../../law/surfaces.ts";
import { significant } from "../../units/print.ts";
import { hasExperts, repeatsData, SAME_RATIO } from "./candidate-laws.ts";
import type { Study } from "./study.ts";
import { reasonAgainst } from "./suitable.ts";

/** A target by what is known of it: two of N, D and C, or C alone. */
export type GivenTarget = Partial<Pick<Design, "n" | "d" | "c">>;

/** Two of N, D and C give the third; C alone the design that does best with it. */
export function designFrom({ posterior }: Pick<Study, "posterior">, target: GivenTarget): Design {
  return completedDesign(target, posterior.flopsPerParameterToken, (c) => designAt(posterior, c));
}

/** The same from C / (N D) and whatever finds the design that does best with C. */
export function completedDesign(
  { n, d, c }: GivenTarget,
  k: number,
  atCompute: (c: number) => Design,
): Design {
  if (n !== undefined && d !== undefined) {
    if (c !== undefined) checkAgreement(n, d, c, k);
    return { n, d, c: c ?? k * n * d };
  }
  if (c === undefined)
    throw new UserError(
      "a target of which too little is known",
      "--compute, or --params with --tokens",
      "say how large the run is: --params 70B --tokens 1.4T",
    );
  if (n !== undefined) return { n, d: c / (k * n), c };
  if (d !== undefined) return { n: c / (k * d), d, c };
  return atCompute(c);
}

/** N, D and C given together have to agree with the runs' own C / (N D) within this factor. */
const AGREEMENT = 2;

function checkAgreement(n: number, d: number, c: number, factor: number): void {
  const own = c / (n * d);
  if (Math.abs(Math.log(own / factor)) <= Math.log(AGREEMENT)) return;
  throw new UserError(
    `a target whose compute is ${significant(own, 3)} N D`,
    `about ${significant(factor, 3)} N D, as the runs'`,
    "leave one of --compute, --params and --tokens out",
  );
}

/** Throws a `UserError` where the runs cannot speak of the target at all. */
export function checkTarget({ runs, posterior }: Study, target: Design): void {
  if (posterior.recipeRatio !== null) checkRatio(posterior.recipeRatio, target);
  checkReach({ ...posterior, smallestCompute: smallestComputeOf(runs) }, target.c, "target");
  const against = posterior.recipeRatio === null ? reasonAgainst(target) : undefined;
  if (against)
    throw new UserError(`a target of ${against}`, "one of the kind that the runs are", "correct the target");
  if (target.unique !== undefined && target.unique < target.d && !repeatsData(runs)) {
    throw new UserError(
      `a target that reads ${significant(target.d, 3)} tokens of ${significant(target.unique, 3)} distinct ones`,
      "a table with runs that repeat their data, and a column for the distinct tokens",
      "add such runs, or see `longrun laws allocate --unique-tokens` for what others' runs say of repeats",
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

/** Throws a `UserError` where runs of one recipe are asked about another. */
function checkRatio(own: number, { n, d }: Design): void {
  if (Math.abs(Math.log(d / n / own)) <= Math.log(SAME_RATIO)) return;
  throw new UserError(
    `a target of ${significant(d / n, 3)} tokens a parameter`,
    `about ${significant(own, 3)}, as all runs have: they cannot tell size from data`,
    "add runs at another ratio, or forecast a target at the runs' own",
  );
}
