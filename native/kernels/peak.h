// The multiply-adds that the processor can do when nothing has to come from memory: the yardstick for the
// other kernels.
#pragma once
#include "vector.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

static double peakFlops(int64_t rounds) {
  constexpr int numSums = numRegisters >= 32 ? 24 : 12;
  // Through volatile, so that the compiler cannot work the result out beforehand.
  volatile float source = 0.5f;
  const Vector factor = broadcast(source);
  Vector sum[numSums];
  for (int i = 0; i < numSums; i++) sum[i] = broadcast(source);
  for (int64_t round = 0; round < rounds; round++)
#pragma GCC unroll 32
    for (int i = 0; i < numSums; i++) sum[i] = sum[i] * factor + factor;
  Vector all{};
  for (int i = 0; i < numSums; i++) all += sum[i];
  source = sumOfLanes(all);
  return 2.0 * numSums * lanes * static_cast<double>(rounds);
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
