// The Gaussian error linear unit of Hendrycks & Gimpel 2016 (arXiv 1606.08415) in the form with tanh that
// GPT-2 made common, and its gradient. Since (1 + tanh u) / 2 = sigmoid(2 u), y = x sigmoid(2 u) with 2 u = x
// (linear + cubic x^2).
#pragma once
#include "elementwise.h"
#include "exponential.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

// 2 sqrt(2 / pi), and 0.044715 times that.
constexpr float geluLinear = 1.5957691216057308f, geluCubic = 0.07135481627159936f;

static void runGelu(const Call& call) {
  forEachElement(call, static_cast<int64_t>(call.attribute[0]), [&](int64_t i, auto vector) {
    const Vector x = vector.load(call.operand[0] + i);
    vector.store(call.operand[1] + i, x * sigmoid(x * (geluLinear + geluCubic * (x * x))));
  });
}

// With s = sigmoid(2 u): y' = s + x s (1 - s) (linear + 3 cubic x^2). dx may be dy or x: each element is
// read before it is written.
static void runGeluGradient(const Call& call) {
  forEachElement(call, static_cast<int64_t>(call.attribute[0]), [&](int64_t i, auto vector) {
    const Vector x = vector.load(call.operand[1] + i), dy = vector.load(call.operand[0] + i);
    const Vector square = x * x;
    const Vector s = sigmoid(x * (geluLinear + geluCubic * square));
    const Vector slope = x * (geluLinear + 3 * geluCubic * square);
    vector.store(call.operand[2] + i, dy * s * (1.0f + slope * (1.0f - s)));
  });
}

constexpr Kernel geluKernel{"gelu", {input("x", axes<0>), output("y", axes<0>, "x")}, {size("N")}, runGelu};
constexpr Kernel geluGradientKernel{
    "geluGradient",
    {input("dy", axes<0>), input("x", axes<0>), output("dx", axes<0>, "dy", "x")},
    {size("N")},
    runGeluGradient};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
