/** @file Log odds of a share, and back. */

/** Log odds of a share within 0 and 1, ends excluded. */
export function logit(share: number): number {
  return Math.log(share / (1 - share));
}

/** The share with these log odds. */
export function logistic(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
