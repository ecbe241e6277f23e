// exp to about one unit in the last place, without branches.
#pragma once
#include "vector.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// exp(x) for x <= 88 (larger x count as 88; NaN stays NaN). Exactly 0 below -86: the numbers near 1e-38 that
/// would come out there are denormal or become so in the next product, and denormals make arithmetic very
/// slow.
///
/// x = n ln 2 + r with whole n and |r| <= ln(2) / 2; exp(x) = 2^n exp(r), exp(r) by its Taylor series to r^7
/// / 7! (the next term is below 6e-9). ln 2 is subtracted in two parts, of which the first has so few bits
/// that n times it is exact.
LONGRUN_INLINE Vector exponential(Vector x) {
  constexpr float smallest = -86.0f, largest = 88.0f;
  constexpr float log2OfE = 1.44269504088896341f, ln2High = 0.693359375f, ln2Low = -2.12194440e-4f;
  // Adding 1.5 x 2^23 leaves the nearest whole number in the low bits of the significand.
  constexpr float rounder = 12582912.0f;
  constexpr int exponentBias = 127, significandBits = 23;

  const Vector limited = atMost(atLeast(x, smallest), largest);
  const Vector shifted = limited * log2OfE + rounder;
  const Vector n = shifted - rounder;
  const Vector r = (limited - n * ln2High) - n * ln2Low;
  Vector series = r * (1.0f / 5040) + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * (r * r) + (r + 1.0f);
  const Vector powerOfTwo =
      reinterpret_cast<Vector>((reinterpret_cast<Integers>(shifted) + exponentBias) << significandBits);
  const Vector result = series * powerOfTwo;
  return x < broadcast(smallest) ? Vector{} : result;
}

/// 1 / (1 + exp(-x)).
LONGRUN_INLINE Vector sigmoid(Vector x) { return 1.0f / (1.0f + exponential(-x)); }

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
