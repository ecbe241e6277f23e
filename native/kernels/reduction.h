// The mean and the sum of squares, in float64. Chunks of fixed length are summed by one thread each, and
// their sums in index order by one thread.
#pragma once
#include "pack.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

constexpr int64_t reductionChunk = 8192;

static Scratch reductionScratch(const double* attribute) {
  // A float64 per chunk takes the room of two floats.
  return {0, 2 * ceilDivide(static_cast<int64_t>(attribute[0]), reductionChunk)};
}

/// The sum of term(x) over a chunk; `term` maps a vector of float64 to another.
template <typename Term>
static double sumChunk(const float* x, int64_t length, const Term& term) {
  constexpr int64_t half = lanes / 2, numSums = 4;
  Doubles sum[numSums] = {};
  int64_t i = 0;
  for (; i + numSums * half <= length; i += numSums * half)
#pragma GCC unroll 4
    for (int64_t s = 0; s < numSums; s++)
      sum[s] += term(
          __builtin_convertvector(*reinterpret_cast<const HalfVectorInMemory*>(x + i + s * half), Doubles));
  const Doubles lanesSum = term(Doubles{}) + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
  double total = 0;
  for (int64_t lane = 0; lane < half; lane++) total += lanesSum[lane];
  for (; i < length; i++) total += term(static_cast<double>(x[i]) + Doubles{})[0];
  return total;
}

/// Calls result(sum of term(x)) on one thread.
template <typename Term, typename Result>
static void reduce(const Call& call, const float* x, int64_t length, const Term& term, const Result& result) {
  const int64_t numChunks = ceilDivide(length, reductionChunk);
  double* const partial = reinterpret_cast<double*>(call.sharedScratch);
  for (int64_t chunk; (chunk = claimTile(call, numChunks)) >= 0;) {
    const int64_t first = chunk * reductionChunk;
    partial[chunk] = sumChunk(x + first, smaller(reductionChunk, length - first), term);
  }
  synchronise(call);
  if (claimTile(call, 1) < 0) return;
  double total = 0;
  for (int64_t chunk = 0; chunk < numChunks; chunk++) total += partial[chunk];
  result(total);
}

static void runMean(const Call& call) {
  const auto length = static_cast<int64_t>(call.attribute[0]);
  reduce(
      call, call.operand[0], length, [](Doubles x) { return x; },
      [&](double sum) { *call.operand[1] = static_cast<float>(sum / static_cast<double>(length)); });
}

static void runSumOfSquares(const Call& call) {
  reduce(
      call, call.operand[0], static_cast<int64_t>(call.attribute[0]), [](Doubles x) { return x * x; },
      [&](double sum) {
        const double addend = call.operand[1] ? static_cast<double>(*call.operand[1]) : 0.0;
        *call.operand[2] = static_cast<float>(addend + sum);
      });
}

constexpr Kernel meanKernel{
    "mean", {input("x", axes<0>), output("y", scalar)}, {size("N")}, runMean, reductionScratch};

constexpr Kernel sumOfSquaresKernel{
    "sumOfSquares",
    {input("x", axes<0>), optionalInput("addend", scalar), output("y", scalar, "addend")},
    {size("N")},
    runSumOfSquares,
    reductionScratch};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
