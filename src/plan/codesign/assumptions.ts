/** @file What the co-design takes for granted of shapes, experts and batches: each with its source. */

import type { Interval } from "../../math/interval.ts";
import { formatShare } from "../../units/print.ts";

/** Hidden width over number of layers between which the loss is taken as flat. */
export const FLAT_ASPECT = { lo: 20, hi: 200 } as const;

/**
 * Share of the loss lost per squared e-fold outside that range. Kaplan et al. (arXiv 2001.08361, section
 * 3.1): 6 layers of 4288 come within 3 % of 48 layers of 1600, an aspect of 715 against 33: 0.03 / ln(715 /
 * 200)^2.
 */
export const ASPECT_PENALTY = 0.0185;

/**
 * A routed model is worth a dense one of active x (all / active)^e parameters. e = 1/2 is the geometric mean.
 * What it rests on: DeepSeekMoE (arXiv 2401.06066) has 16.4B parameters, 2.8B active, and keeps up with 7B
 * dense: e = .52; Ling-mini-beta (arXiv 2507.17702) has 17.5B, .85B active, and keeps up with 6.1B: e = .65.
 * An assumption with a wide interval.
 */
export const EXPERT_EXPONENT: Interval = { median: 0.5, lo: 0.35, hi: 0.65 };

/**
 * Best batch in tokens over compute, fitted by DeepSeek LLM (arXiv 2401.02954, section 3.1): 0.2920 C^0.3271.
 */
export function batchTokensFor(compute: number): number {
  return 0.292 * compute ** 0.3271;
}

/** Largest batch assumed without being told: what Llama 3 405B ended on (arXiv 2407.21783, section 3.4.1). */
export const MOST_BATCH_TOKENS = 16 * 2 ** 20;

/** The table, for people. */
export const ASSUMPTIONS: readonly string[] = [
  `loss flat in hidden / layers from ${FLAT_ASPECT.lo} to ${FLAT_ASPECT.hi}, ` +
    `${formatShare(ASPECT_PENALTY, 2)} more per squared e-fold outside (Kaplan et al., arXiv ` +
    "2001.08361, section 3.1)",
  "feed-forward width and head dimension do not change the loss at equal N (the same, figure 5)",
  "a routed model is worth a dense one of active x (all / active)^e parameters, e = " +
    `${EXPERT_EXPONENT.median} (90 % interval ${EXPERT_EXPONENT.lo} to ${EXPERT_EXPONENT.hi}; arXiv ` +
    "2401.06066, 2507.17702)",
];
