/** @file Adopt, drop or undecided: a pure rule over what two ladders say, with its reason in a sentence. */

import type { Interval } from "../../../math/interval.ts";
import { fixed, formatFlops, formatInterval, significant } from "../../../units/print.ts";
import type { FurtherRung, MinimumDetectable } from "./findings.ts";

/** What to do with a change, and why in a sentence with numbers. */
export type FeatureVerdict = { readonly decision: "adopt" | "drop" | "undecided"; readonly reason: string };

/** What the rule looks at. */
export type VerdictFacts = {
  readonly atTarget: { readonly computeMultiplier: Interval; readonly probabilityHelps: number };
  readonly reach: number;
  readonly minimumDetectable: MinimumDetectable;
  readonly furtherRung: FurtherRung | null;
};

/** This near to 1 a factor is printed with three decimals. */
const NEAR_ONE = 0.03;

/** "1.23", "0.996", "1.2e+7": a factor, to as many digits as mean something. */
export function multiplierText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "unbounded";
  if (value === 0) return "0";
  if (Math.abs(value - 1) < NEAR_ONE) return fixed(value, 3);
  return value >= 0.01 && value < 1000 ? String(Number(value.toPrecision(3))) : significant(value, 2);
}

/**
 * Adopt where the whole 90 % interval of the multiplier at the target lies above 1 and its median is worth
 * having; drop where it lies below 1, or where not even its upper end is `worth` having; undecided otherwise,
 * with what would decide.
 */
export function judge(
  { atTarget, reach, minimumDetectable, furtherRung }: VerdictFacts,
  worth: number,
): FeatureVerdict {
  const { computeMultiplier: multiplier, probabilityHelps } = atTarget;
  const where = `at the target, ${Number(reach.toPrecision(2))} times the largest rung`;
  const chance = `helps with probability ${chanceText(probabilityHelps)}`;
  const finding = `${where}, it is worth ${formatInterval(multiplier, multiplierText)} times the compute and ${chance}`;
  if (multiplier.hi < 1) return { decision: "drop", reason: `drop: ${finding}; it harms` };
  if (multiplier.hi < worth) {
    const reason = `drop: ${finding}; even the upper end is less than the ${worth} worth having`;
    return { decision: "drop", reason };
  }
  if (multiplier.lo > 1 && multiplier.median >= worth)
    return { decision: "adopt", reason: `adopt: ${finding}` };
  const smallest = fixed(minimumDetectable.atTargetPercent, 2);
  const power = `this ladder finds an effect of ${smallest} % of the loss there 4 times out of 5`;
  return { decision: "undecided", reason: `undecided: ${finding}; ${power}; ${remedyText(furtherRung)}` };
}

function remedyText(rung: FurtherRung | null): string {
  if (!rung) return "no rung up to the target's compute would narrow the interval by a tenth";
  const pairs = `${rung.numPairs} more ${rung.numPairs === 1 ? "pair" : "pairs"}`;
  const [now, after] = [fixed(rung.widthNowPercent, 2), fixed(rung.widthAfterPercent, 2)];
  const where = `at ${formatFlops(rung.c, 2)}`;
  return `${pairs} ${where} would narrow the interval from ${now} to ${after} % of the loss`;
}

function chanceText(chance: number): string {
  if (chance > 0.995) return "above 0.99";
  if (chance < 0.005) return "below 0.01";
  return fixed(chance, 2);
}
