// Rows of a table by token id, and their gradient.
#pragma once
#include "pack.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// Reads the id once (another thread of the process might write it meanwhile); returns -1 and ends the run if
/// it is no id.
LONGRUN_INLINE int64_t tokenAt(const Call& call, const float* tokens, int64_t row, int64_t vocabulary) {
  const int32_t token = reinterpret_cast<const volatile int32_t*>(tokens)[row];
  if (token >= 0 && token < vocabulary) return token;
  rejectToken(call, row, token, vocabulary);
  return -1;
}

static void runEmbed(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             vocabulary = static_cast<int64_t>(call.attribute[1]);
  const auto columns = static_cast<int64_t>(call.attribute[2]);
  constexpr int64_t tileRows = 64;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, tileRows))) >= 0;)
    for (int64_t row = tile * tileRows; row < smaller(rows, (tile + 1) * tileRows); row++) {
      const int64_t token = tokenAt(call, call.operand[0], row, vocabulary);
      if (token < 0) return;
      const float* const from = call.operand[1] + token * columns;
      float* const to = call.operand[2] + row * columns;
      forEachVector(columns, [&](int64_t i, auto vector) { vector.store(to + i, vector.load(from + i)); });
    }
}

// A tile is some columns of the table, over all rows in ascending order.
static void runEmbedGradient(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             vocabulary = static_cast<int64_t>(call.attribute[1]);
  const auto columns = static_cast<int64_t>(call.attribute[2]);
  constexpr int64_t tileColumns = 64;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(columns, tileColumns))) >= 0;) {
    const int64_t first = tile * tileColumns, count = smaller(tileColumns, columns - first);
    const float* const gradient = call.operand[1] + first;
    const float* const addend = call.operand[2] ? call.operand[2] + first : nullptr;
    float* const table = call.operand[3] + first;
    if (addend != table)
      for (int64_t token = 0; token < vocabulary; token++)
        forEachVector(count, [&](int64_t i, auto vector) {
          vector.store(table + token * columns + i,
                       addend ? vector.load(addend + token * columns + i) : Vector{});
        });
    for (int64_t row = 0; row < rows; row++) {
      const int64_t token = tokenAt(call, call.operand[0], row, vocabulary);
      if (token < 0) return;
      float* const sum = table + token * columns;
      forEachVector(count, [&](int64_t i, auto vector) {
        vector.store(sum + i, vector.load(sum + i) + vector.load(gradient + row * columns + i));
      });
    }
  }
}

// y[m] = table[tokens[m]].
constexpr Kernel embedKernel{"embed",
                             {input("tokens", axes<0>), input("table", axes<1, 2>), output("y", axes<0, 2>)},
                             {size("M"), size("V"), size("C")},
                             runEmbed};

// dTable[v] = sum of dy[m] where tokens[m] = v, m ascending (+ addend).
constexpr Kernel embedGradientKernel{
    "embedGradient",
    {input("tokens", axes<0>), input("dy", axes<0, 2>), optionalInput("addend", axes<1, 2>),
     output("dTable", axes<1, 2>, "addend")},
    {size("M"), size("V"), size("C")},
    runEmbedGradient};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
