// Opcode 5: rotary position embedding, in the rotate-half convention of Hugging Face's LlamaForCausalLM.
#pragma once
#include "../kernel.h"
#include "pack.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

// Attributes M W T heads headDim base sign; operands x, y; constants: per position, headDim / 2 cosines, then as many sines.
static void runRotary(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]), rowLength = static_cast<int64_t>(call.attribute[1]);
  const auto period = static_cast<int64_t>(call.attribute[2]), heads = static_cast<int64_t>(call.attribute[3]);
  const auto headDim = static_cast<int64_t>(call.attribute[4]), half = headDim / 2;
  const auto sign = static_cast<float>(call.attribute[6]);
  constexpr int64_t tileRows = 32;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, tileRows))) >= 0;)
    for (int64_t row = tile * tileRows; row < smaller(rows, (tile + 1) * tileRows); row++) {
      const float* const cosines = call.constants + row % period * headDim;
      const float* const x = call.operand[0] + row * rowLength;
      float* const y = call.operand[1] + row * rowLength;
      for (int64_t head = 0; head < heads * headDim; head += headDim)
        forEachVector(half, [&](int64_t i, auto vector) {
          const Vector cosine = vector.load(cosines + i), sine = vector.load(cosines + half + i) * sign;
          const Vector first = vector.load(x + head + i), second = vector.load(x + head + half + i);
          vector.store(y + head + i, first * cosine - second * sine);
          vector.store(y + head + half + i, second * cosine + first * sine);
        });
      if (x != y)
        forEachVector(rowLength - heads * headDim, [&](int64_t i, auto vector) {
          vector.store(y + heads * headDim + i, vector.load(x + heads * headDim + i));
        });
    }
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
