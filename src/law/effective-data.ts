/** @file What repeated data is worth: tokens seen again count for less and less, as if fewer fresh ones had been seen. */

// Muennighoff et al. 2023 (arXiv 2305.16264), equations 5 and 6. Each further pass over the data keeps a share e^(-1 / decay) of
// the worth of the one before, so that all passes together are worth at most 1 + decay times the distinct amount.

/**
 * Where the fit to 182 runs on C4 published by Muennighoff et al. ended. It is a local minimum of a flat valley: bootstrap 95 %
 * of the decay of data is 6.5 to no bound at all, that of size .29 to 14 (docs/laws.md). Compute with the ends of such an
 * interval, never with these two alone.
 */
export const PUBLISHED_DECAY = { data: 15.387756, size: 5.309743 } as const;

/** 1 + decay (1 - e^(-repeats / decay)) for a ratio above 1, the ratio itself below. */
export function effectiveRatio(ratio: number, decay: number): number {
  const repeats = ratio - 1;
  if (!(repeats > 0) || decay === Infinity) return ratio;
  return 1 - decay * Math.expm1(-repeats / decay);
}

/** d effectiveRatio / d log(decay). */
export function effectiveRatioSlope(ratio: number, decay: number): number {
  const repeats = Math.max(ratio - 1, 0);
  const passed = repeats / decay;
  return -decay * Math.expm1(-passed) - repeats * Math.exp(-passed);
}
