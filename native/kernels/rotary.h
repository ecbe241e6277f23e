// Rotary position embedding, in the rotate-half convention of Hugging Face's LlamaForCausalLM.
#pragma once
#include "pack.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// Rotates the pairs (i, half + i) of one head by the angles whose cosines and sines are given.
template <typename Load, typename Store>
LONGRUN_INLINE void rotatePair(const float* x, float* y, const float* cosines, int64_t half, float sign,
                               const Load& get, const Store& put) {
  const auto cosine = get(cosines), sine = get(cosines + half) * sign, first = get(x), second = get(x + half);
  put(y, first * cosine - second * sine);
  put(y + half, second * cosine + first * sine);
}

static void rotateHead(const float* x, float* y, const float* cosines, int64_t half, float sign) {
  // Half vectors too: heads of 16 or 48 are common, and the last part of a row is slow.
  constexpr int64_t halfLanes = lanes / 2;
  int64_t i = 0;
  for (; i + lanes <= half; i += lanes) rotatePair(x + i, y + i, cosines + i, half, sign, load, store);
  if (i + halfLanes <= half) {
    rotatePair(
        x + i, y + i, cosines + i, half, sign,
        [](const float* p) { return HalfVector(*reinterpret_cast<const HalfVectorInMemory*>(p)); },
        [](float* p, HalfVector value) { *reinterpret_cast<HalfVectorInMemory*>(p) = value; });
    i += halfLanes;
  }
  if (i < half)
    rotatePair(
        x + i, y + i, cosines + i, half, sign, [&](const float* p) { return loadFirst(p, half - i); },
        [&](float* p, Vector value) { storeFirst(p, value, half - i); });
}

// Constants: per position, headDim / 2 cosines, then as many sines.
static void runRotary(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             rowLength = static_cast<int64_t>(call.attribute[1]);
  const auto period = static_cast<int64_t>(call.attribute[2]),
             heads = static_cast<int64_t>(call.attribute[3]);
  const auto headDim = static_cast<int64_t>(call.attribute[4]), half = headDim / 2;
  const auto sign = static_cast<float>(call.attribute[6]);
  constexpr int64_t tileRows = 32;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, tileRows))) >= 0;)
    for (int64_t row = tile * tileRows; row < smaller(rows, (tile + 1) * tileRows); row++) {
      const float* const cosines = call.constants + row % period * headDim;
      const float* const x = call.operand[0] + row * rowLength;
      float* const y = call.operand[1] + row * rowLength;
      for (int64_t head = 0; head < heads * headDim; head += headDim)
        rotateHead(x + head, y + head, cosines, half, sign);
      if (x != y)
        forEachVector(rowLength - heads * headDim, [&](int64_t i, auto vector) {
          vector.store(y + heads * headDim + i, vector.load(x + heads * headDim + i));
        });
    }
}

static const char* rotaryConflict(const double* a) {
  if (a[4] / 2 != static_cast<double>(static_cast<int64_t>(a[4]) / 2)) return "headDim is odd";
  return a[3] * a[4] > a[1] ? "heads x headDim is more than W" : nullptr;
}

// Rotates the first `heads` heads of each row at position m mod T, the pair (i, i + headDim / 2) by position
// base^(-2 i / headDim); the rest of the row is copied. Sign -1 rotates back.
constexpr Kernel rotaryKernel{"rotary",
                              {input("x", axes<0, 1>), output("y", axes<0, 1>, "x")},
                              {size("M"),
                               size("W"),
                               size("T"),
                               size("heads"),
                               size("headDim"),
                               {"base", Kind::positive},
                               {"sign", Kind::sign}},
                              runRotary,
                              nullptr,
                              rotaryConflict,
                              true};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
