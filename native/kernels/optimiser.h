// AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) with clipping by the norm of the whole gradient.
#pragma once
#include "elementwise.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

LONGRUN_INLINE Integers bitsOf(Vector x) { return reinterpret_cast<Integers>(x); }
LONGRUN_INLINE uint32_t wrappingSum(Integers x) {
  uint32_t sum = 0;
  for (int lane = 0; lane < lanes; lane++) sum += static_cast<uint32_t>(x[lane]);
  return sum;
}

static void runAdamw(const Call& call) {
  const double norm2 = *call.operand[4];
  if (!__builtin_isfinite(norm2)) return;
  const float* const hyper = call.operand[5];
  const double learningRate = hyper[0] * call.attribute[1], clip = hyper[6], norm = __builtin_sqrt(norm2);
  const float gradientScale = norm > clip ? static_cast<float>(clip / norm) : 1.0f;
  const float beta1 = hyper[1], beta2 = hyper[2], epsilon = hyper[3];
  const auto kept = static_cast<float>(1.0 - learningRate * call.attribute[2]);
  const auto step = static_cast<float>(learningRate / hyper[4]);
  const auto rootCorrection = static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(hyper[5])));
  float *const p = call.operand[0], *const m = call.operand[2], *const v = call.operand[3];
  Integers read{}, written{};
  forEachElement(call, static_cast<int64_t>(call.attribute[0]), [&](int64_t i, auto vector) {
    const Vector gradient = vector.load(call.operand[1] + i) * gradientScale;
    const Vector oldP = vector.load(p + i), oldM = vector.load(m + i), oldV = vector.load(v + i);
    const Vector first = oldM * beta1 + gradient * (1.0f - beta1);
    const Vector second = oldV * beta2 + gradient * gradient * (1.0f - beta2);
    const Vector newP = oldP * kept - first * step / (squareRoot(second) * rootCorrection + epsilon);
    vector.store(m + i, first);
    vector.store(v + i, second);
    vector.store(p + i, newP);
    read += bitsOf(oldP) + bitsOf(oldM) + bitsOf(oldV);
    written += bitsOf(newP) + bitsOf(first) + bitsOf(second);
  });
  auto* const sums = reinterpret_cast<uint32_t*>(call.operand[6]);
  __atomic_fetch_add(sums, wrappingSum(read), __ATOMIC_RELAXED);
  __atomic_fetch_add(sums + 1, wrappingSum(written), __ATOMIC_RELAXED);
}

static Count hyperFloats(Sizes) { return {8}; }
static Count sumWords(Sizes) { return {2}; }

// hyper = [learningRate, beta1, beta2, epsilon, 1 - beta1^t, 1 - beta2^t, clip, 0]. The gradient is first
// scaled by min(1, clip / sqrt(norm2)); then come decoupled decay, p -= learningRate scale weightDecay p, and
// the update. If norm2 is not finite nothing changes: the loop above stops the run before a bad update lands.
// sums holds two whole numbers modulo 2^32: the bits of all p, m and v, as whole numbers, as they were read,
// and as they were written, are added to them. What one step reads is what the step before has written,
// unless memory has changed in between; sums of whole numbers are the same in any order.
constexpr Kernel adamwKernel{"adamw",
                             {inPlace("p", axes<0>), input("g", axes<0>), inPlace("m", axes<0>),
                              inPlace("v", axes<0>), input("norm2", scalar), input("hyper", hyperFloats),
                              inPlace("sums", sumWords)},
                             {size("N"), {"learningRateScale", Kind::real}, {"weightDecay", Kind::real}},
                             runAdamw};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
