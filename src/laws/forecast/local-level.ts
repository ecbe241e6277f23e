/** @file Residuals of a law as a drifting level under scatter: likelihood, and the level at the top. */

// The local level model (Durbin and Koopman 2012, chapter 2) over x = log10(compute): y_i = level(x_i) +
// scatter_i, and the level walks at random with variance drift^2 per decade, from a start of which nothing is
// known. The Kalman filter gives the likelihood in one pass, the start integrated out exactly.

export type LevelAtTop = {
  /** Log likelihood, up to a constant. */
  readonly logLikelihood: number;
  readonly level: number;
  /** Variance of the level given all residuals. */
  readonly variance: number;
};

/**
 * `places` ascend. `variances[i]` is that of scatter i. Where `innovations` is given it gets each residual's
 * distance from what the ones before made of it, in standard deviations; the first is 0.
 */
export function localLevel(
  residuals: Float64Array,
  places: Float64Array,
  variances: Float64Array,
  drift: number,
  innovations?: Float64Array,
): LevelAtTop {
  let level = residuals[0]!;
  let variance = variances[0]!;
  let logLikelihood = 0;
  for (let i = 1; i < residuals.length; i++) {
    variance += drift * drift * (places[i]! - places[i - 1]!);
    const seen = variance + variances[i]!;
    const surprise = residuals[i]! - level;
    logLikelihood -= (Math.log(seen) + (surprise * surprise) / seen) / 2;
    if (innovations) innovations[i] = surprise / Math.sqrt(seen);
    const gain = variance / seen;
    level += gain * surprise;
    variance *= 1 - gain;
  }
  return { logLikelihood, level, variance };
}
