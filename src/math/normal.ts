/** @file The standard normal distribution: its quantiles and its cumulative function. */

import { assert } from "../errors.ts";

// Coefficients of Wichura 1988, algorithm AS 241 (PPND16), highest power first, rounded to doubles.
const CENTRE_ABOVE: Octet = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
  1971.5909503065513, 133.14166789178438, 3.3871328727963665,
];
const CENTRE_BELOW: Octet = [
  5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
  687.1870074920579, 42.31333070160091, 1,
];
const TAIL_ABOVE: Octet = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const TAIL_BELOW: Octet = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const FAR_ABOVE: Octet = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
  0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const FAR_BELOW: Octet = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133,
  0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
];
// Coefficients of Hart 1968, arranged by West 2005, "Better approximations to cumulative normal functions".
const HART_ABOVE: Octet = [
  0, 0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871,
  221.213596169931, 220.206867912376,
];
const HART_BELOW: Octet = [
  0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831,
  793.826512519948, 440.413735824752,
];

/** Standard normal at 95 %: half a 90 % interval, in standard deviations. */
export const Z_90 = 1.6448536269514722;

type Octet = readonly [number, number, number, number, number, number, number, number];

/** c[0] x^7 + ... + c[7] by Horner's rule, unrolled: a loop costs weight initialisation half its speed. */
function polynomial(c: Octet, x: number): number {
  return ((((((c[0] * x + c[1]) * x + c[2]) * x + c[3]) * x + c[4]) * x + c[5]) * x + c[6]) * x + c[7];
}

/** Phi^-1(p) to about 16 digits. Only + - * / and, in the outer 15 %, log and sqrt. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_ABOVE, r)) / polynomial(CENTRE_BELOW, r);
  }
  assert(p > 0 && p < 1, `a probability is strictly between 0 and 1, got ${p}`);
  const root = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const magnitude =
    root <= 5
      ? polynomial(TAIL_ABOVE, root - 1.6) / polynomial(TAIL_BELOW, root - 1.6)
      : polynomial(FAR_ABOVE, root - 5) / polynomial(FAR_BELOW, root - 5);
  return q < 0 ? -magnitude : magnitude;
}

/** Phi(x), with an absolute error below 1e-15 and a relative one below 1e-8 in the far tail. */
export function normalCumulative(x: number): number {
  const size = Math.abs(x);
  const upperTail = size > 37 ? 0 : Math.exp((-size * size) / 2) * tailRatio(size);
  return x > 0 ? 1 - upperTail : upperTail;
}

/** Phi(-x) / exp(-x^2 / 2) for x >= 0. */
function tailRatio(x: number): number {
  if (x < 7.07106781186547) return polynomial(HART_ABOVE, x) / polynomial(HART_BELOW, x);
  return 1 / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / 2.506628274631;
}
