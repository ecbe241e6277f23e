// Opcodes 8 and 9: the gated unit of Shazeer 2020 (arXiv 2002.05202), y = silu(gate) up with silu(x) = x sigmoid(x), and its gradient.
#pragma once
#include "../kernel.h"
#include "exponential.h"
#include "pack.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

constexpr int64_t swigluTileRows = 16;

// Attributes M F; operands gateUp, y.
static void runSwiglu(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]), columns = static_cast<int64_t>(call.attribute[1]);
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, swigluTileRows))) >= 0;)
    for (int64_t row = tile * swigluTileRows; row < smaller(rows, (tile + 1) * swigluTileRows); row++) {
      const float* const gate = call.operand[0] + row * 2 * columns;
      const float* const up = gate + columns;
      float* const y = call.operand[1] + row * columns;
      forEachVector(columns, [&](int64_t i, auto vector) {
        const Vector x = vector.load(gate + i);
        vector.store(y + i, x * sigmoid(x) * vector.load(up + i));
      });
    }
}

// Attributes M F; operands dy, gateUp, dGateUp. With s = sigmoid(gate): silu' = s (1 + gate (1 - s)). dGateUp may be gateUp: each
// element is read before it is written.
static void runSwigluGradient(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]), columns = static_cast<int64_t>(call.attribute[1]);
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, swigluTileRows))) >= 0;)
    for (int64_t row = tile * swigluTileRows; row < smaller(rows, (tile + 1) * swigluTileRows); row++) {
      const float* const dy = call.operand[0] + row * columns;
      const float* const gate = call.operand[1] + row * 2 * columns;
      float* const dGate = call.operand[2] + row * 2 * columns;
      forEachVector(columns, [&](int64_t i, auto vector) {
        const Vector x = vector.load(gate + i), up = vector.load(gate + columns + i), gradient = vector.load(dy + i);
        const Vector s = sigmoid(x);
        vector.store(dGate + i, gradient * up * s * (1.0f + x * (1.0f - s)));
        vector.store(dGate + columns + i, gradient * x * s);
      });
    }
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
