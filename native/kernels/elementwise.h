// Broadcast, fill and add.
#pragma once
#include "pack.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

constexpr int64_t elementTile = 8192;

/// Calls body(offset, io) for each vector of the tiles that this thread takes.
template <typename Body>
LONGRUN_INLINE void forEachElement(const Call& call, int64_t length, const Body& body) {
  for (int64_t tile; (tile = claimTile(call, ceilDivide(length, elementTile))) >= 0;) {
    const int64_t first = tile * elementTile;
    forEachVector(smaller(elementTile, length - first),
                  [&](int64_t i, auto vector) { body(first + i, vector); });
  }
}

static void runBroadcast(const Call& call) {
  const Vector value = broadcast(*call.operand[0] * static_cast<float>(call.attribute[1]));
  forEachElement(call, static_cast<int64_t>(call.attribute[0]),
                 [&](int64_t i, auto vector) { vector.store(call.operand[1] + i, value); });
}

static void runFill(const Call& call) {
  const Vector value = broadcast(static_cast<float>(call.attribute[1]));
  forEachElement(call, static_cast<int64_t>(call.attribute[0]),
                 [&](int64_t i, auto vector) { vector.store(call.operand[0] + i, value); });
}

static void runAdd(const Call& call) {
  forEachElement(call, static_cast<int64_t>(call.attribute[0]), [&](int64_t i, auto vector) {
    vector.store(call.operand[2] + i, vector.load(call.operand[0] + i) + vector.load(call.operand[1] + i));
  });
}

constexpr Kernel broadcastKernel{"broadcast",
                                 {input("x", scalar), output("y", axes<0>)},
                                 {size("N"), {"scale", Kind::real}},
                                 runBroadcast};
constexpr Kernel fillKernel{"fill", {output("y", axes<0>)}, {size("N"), {"value", Kind::real}}, runFill};
constexpr Kernel addKernel{
    "add", {input("a", axes<0>), input("b", axes<0>), output("y", axes<0>, "a", "b")}, {size("N")}, runAdd};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
