/** @file The learning rate: linear warm-up, linear decay to zero (Bergsma et al. 2025, arXiv 2502.15938). */

/** Share of the steps spent warming up. */
export const WARM_UP_SHARE = 0.05;

export function numWarmUpSteps(numSteps: number): number {
  return Math.max(1, Math.round(WARM_UP_SHARE * numSteps));
}

/** Learning rate of a step, counted from 1; the last step still moves, the one after it would not. */
export function learningRateAt(step: number, numSteps: number, peak: number): number {
  const warmUp = numWarmUpSteps(numSteps);
  if (step <= warmUp) return (peak * step) / warmUp;
  return (peak * (numSteps + 1 - step)) / (numSteps + 1 - warmUp);
}
