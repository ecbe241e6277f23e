/** @file The normal distribution's quantile function and Student's t quantile: the two factors an interval needs. */

import { assert } from "../errors.ts";

/**
 * Phi^-1(p) to about 16 digits: Wichura 1988, algorithm AS 241 (PPND16). Only + - * / and, in the outer 15 %, log and sqrt.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q *
        (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r +
          45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r +
          133.14166789178437745) * r + 3.387132872796366608)) /
      (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r +
        21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r +
        42.313330701600911252) * r + 1)
    );
  }
  assert(p > 0 && p < 1, `a probability is strictly between 0 and 1, got ${p}`);
  const magnitude = tailQuantile(Math.sqrt(-Math.log(q < 0 ? p : 1 - p)));
  return q < 0 ? -magnitude : magnitude;
}

/** AS 241's two outer pieces, as a function of sqrt(-log(tail probability)). */
function tailQuantile(root: number): number {
  if (root <= 5) {
    const r = root - 1.6;
    return (
      (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r +
        1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r +
        4.6303378461565452959) * r + 1.42343711074968357734) /
      (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r +
        0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r +
        2.05319162663775882187) * r + 1)
    );
  }
  const r = root - 5;
  return (
    (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r +
      0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r +
      5.4637849111641143699) * r + 6.6579046435011037772) /
    (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r +
      7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r +
      0.59983220655588793769) * r + 1)
  );
}

/** Phi(x) to about 15 digits: Hart 1968, as arranged by West 2005, "Better approximations to cumulative normal functions". */
export function normalCumulative(x: number): number {
  const size = Math.abs(x);
  const upperTail = size > 37 ? 0 : Math.exp((-size * size) / 2) * tailRatio(size);
  return x > 0 ? 1 - upperTail : upperTail;
}

function tailRatio(x: number): number {
  if (x >= 7.07106781186547) return 1 / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / 2.506628274631;
  return (
    ((((((0.0352624965998911 * x + 0.700383064443688) * x + 6.37396220353165) * x + 33.912866078383) * x +
      112.079291497871) * x + 221.213596169931) * x + 220.206867912376) /
    (((((((0.0883883476483184 * x + 1.75566716318264) * x + 16.064177579207) * x + 86.7807322029461) * x +
      296.564248779674) * x + 637.333633378831) * x + 793.826512519948) * x + 440.413735824752)
  );
}
