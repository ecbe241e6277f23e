// Copies of parts of matrices in the order in which tiles read them: rows of whole vectors, filled up with
// zeros.
#pragma once
#include "parts.h"
#include "vector.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// Rows x columns floats, rows `toStride` apart.
static void packRows(int64_t rows, int64_t columns, const float* from, int64_t fromStride, float* to,
                     int64_t toStride) {
  // The processor does not foresee jumps from row to row.
  constexpr int64_t rowsAhead = 8;
  for (int64_t row = 0; row < rows; row++, from += fromStride, to += toStride)
    forEachVector(columns, [&](int64_t i, auto vector) {
      __builtin_prefetch(from + rowsAhead * fromStride + i);
      store(to + i, vector.load(from + i));
    });
}

// Lane by lane: takes from `a` where the lane's bit `Step` is clear, else from Step lanes below in `b`; and
// the other way round.
template <size_t Step, size_t... Lane>
LONGRUN_INLINE Vector takeLow(Vector a, Vector b, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(a, b, static_cast<int>(Lane & Step ? lanes + Lane - Step : Lane)...);
}
template <size_t Step, size_t... Lane>
LONGRUN_INLINE Vector takeHigh(Vector a, Vector b, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(a, b, static_cast<int>(Lane & Step ? lanes + Lane : Lane + Step)...);
}

/// Transposes a square of lanes x lanes in registers: swaps the off-diagonal blocks of size Step, then of
/// half that size, ...
template <int Step>
LONGRUN_INLINE void transposeStep(Vector (&row)[lanes]) {
  constexpr auto all = std::make_index_sequence<lanes>();
#pragma GCC unroll 16
  for (int i = 0; i < lanes; i++)
    if (!(i & Step)) {
      const Vector low = takeLow<Step>(row[i], row[i + Step], all);
      row[i + Step] = takeHigh<Step>(row[i], row[i + Step], all);
      row[i] = low;
    }
  if constexpr (Step > 1) transposeStep<Step / 2>(row);
}

static void transposeSquare(const float* from, int64_t fromStride, float* to, int64_t toStride) {
  Vector row[lanes];
#pragma GCC unroll 16
  for (int i = 0; i < lanes; i++) row[i] = load(from + i * fromStride);
  transposeStep<lanes / 2>(row);
#pragma GCC unroll 16
  for (int i = 0; i < lanes; i++) store(to + i * toStride, row[i]);
}

/// `to` gets `rows` rows, each the column of `from` of that number: to[row][column] = from[column][row], in
/// whole vectors.
static void packTransposed(int64_t rows, int64_t columns, const float* from, int64_t fromStride, float* to,
                           int64_t toStride) {
  for (int64_t column = 0; column < columns; column += lanes) {
    const int64_t count = smaller(lanes, columns - column);
    int64_t row = 0;
    if (count == lanes)
      for (; row + lanes <= rows; row += lanes)
        transposeSquare(from + column * fromStride + row, fromStride, to + row * toStride + column, toStride);
    for (; row < rows; row++) {
      float gathered[lanes] = {};
      for (int64_t i = 0; i < count; i++) gathered[i] = from[(column + i) * fromStride + row];
      store(to + row * toStride + column, load(gathered));
    }
  }
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
