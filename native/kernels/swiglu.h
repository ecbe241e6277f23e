// The gated unit of Shazeer 2020 (arXiv 2002.05202), y = silu(gate) up with silu(x) = x sigmoid(x), and its
// gradient.
#pragma once
#include "exponential.h"
#include "pack.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

constexpr int64_t swigluTileRows = 16;

static void runSwiglu(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             columns = static_cast<int64_t>(call.attribute[1]);
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

// With s = sigmoid(gate): silu' = s (1 + gate (1 - s)). dGateUp may be gateUp: each
// element is read before it is written.
static void runSwigluGradient(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             columns = static_cast<int64_t>(call.attribute[1]);
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, swigluTileRows))) >= 0;)
    for (int64_t row = tile * swigluTileRows; row < smaller(rows, (tile + 1) * swigluTileRows); row++) {
      const float* const dy = call.operand[0] + row * columns;
      const float* const gate = call.operand[1] + row * 2 * columns;
      float* const dGate = call.operand[2] + row * 2 * columns;
      forEachVector(columns, [&](int64_t i, auto vector) {
        const Vector x = vector.load(gate + i), up = vector.load(gate + columns + i),
                     gradient = vector.load(dy + i);
        const Vector s = sigmoid(x);
        vector.store(dGate + i, gradient * up * s * (1.0f + x * (1.0f - s)));
        vector.store(dGate + columns + i, gradient * x * s);
      });
    }
}

static Count gateUpFloats(Sizes s) { return s[0] * (s[1] + s[1]); }

// Gate is the first half of a row of gateUp.
constexpr Kernel swigluKernel{
    "swiglu", {input("gateUp", gateUpFloats), output("y", axes<0, 1>)}, {size("M"), size("F")}, runSwiglu};

constexpr Kernel swigluGradientKernel{
    "swigluGradient",
    {input("dy", axes<0, 1>), input("gateUp", gateUpFloats), output("dGateUp", gateUpFloats, "gateUp")},
    {size("M"), size("F")},
    runSwigluGradient};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
