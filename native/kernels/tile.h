// The innermost loop of every matrix product: a small block of C stays in registers while A and B stream past
// it.
#pragma once
#include "vector.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// C = scale A B + base, where B has rows of whole vectors. Strides in floats.
struct Tile {
  int64_t depth;  // columns of A, rows of B
  const float* a;
  int64_t aStride;  // A(row, k) = a[row aStride + k], or a[k aStride + row] where A is stored transposed
  const float* b;
  int64_t bStride;
  float* c;
  int64_t cStride;
  const float* base;  // null for nothing; may be c
  int64_t baseStride;
  float scale;
};

/// The widest block, in vectors, and the most rows for each width: sums + one row of B + one element of A
/// must fit the registers, and at least eight sums must be under way to cover the latency of a multiply-add
/// (4 cycles, 2 per cycle).
constexpr int maxWidth = numRegisters >= 32 ? 4 : 2;
constexpr int maxRows(int width) { return numRegisters >= 32 ? (width == 4 ? 6 : 8) : (width == 2 ? 6 : 8); }
constexpr int64_t panelColumns = maxWidth * lanes;

template <int Rows, int Width, bool TransposedA>
static __attribute__((noinline)) void multiplyTile(const Tile& tile) {
  Vector sum[Rows][Width];
#pragma GCC unroll 16
  for (int row = 0; row < Rows; row++)
#pragma GCC unroll 8
    for (int v = 0; v < Width; v++) sum[row][v] = Vector{};

  const float* const a = tile.a;
  const float* b = tile.b;
  const int64_t depth = tile.depth, aStride = tile.aStride, bStride = tile.bStride;
  for (int64_t k = 0; k < depth; k++, b += bStride) {
    Vector bRow[Width];
#pragma GCC unroll 8
    for (int v = 0; v < Width; v++) bRow[v] = load(b + v * lanes);
#pragma GCC unroll 16
    for (int row = 0; row < Rows; row++) {
      const float element = TransposedA ? a[k * aStride + row] : a[row * aStride + k];
#pragma GCC unroll 8
      for (int v = 0; v < Width; v++) sum[row][v] += bRow[v] * element;
    }
  }

  float* const c = tile.c;
  const int64_t cStride = tile.cStride, baseStride = tile.baseStride;
  const float scale = tile.scale;
  if (const float* const base = tile.base) {
#pragma GCC unroll 16
    for (int row = 0; row < Rows; row++)
#pragma GCC unroll 8
      for (int v = 0; v < Width; v++)
        store(c + row * cStride + v * lanes, sum[row][v] * scale + load(base + row * baseStride + v * lanes));
  } else {
#pragma GCC unroll 16
    for (int row = 0; row < Rows; row++)
#pragma GCC unroll 8
      for (int v = 0; v < Width; v++) store(c + row * cStride + v * lanes, sum[row][v] * scale);
  }
}

/// The tile that starts `rows` further down.
template <bool TransposedA>
LONGRUN_INLINE Tile below(Tile tile, int64_t rows) {
  tile.a += TransposedA ? rows : rows * tile.aStride;
  tile.c += rows * tile.cStride;
  if (tile.base) tile.base += rows * tile.baseStride;
  return tile;
}

/// Any number of rows of `Width` vectors, in blocks of Rows and then of fewer.
template <int Width, bool TransposedA, int Rows = maxRows(Width)>
static void multiplyRows(int64_t rows, Tile tile) {
  for (; rows >= Rows; rows -= Rows, tile = below<TransposedA>(tile, Rows))
    multiplyTile<Rows, Width, TransposedA>(tile);
  constexpr int fewer = Rows > 4 ? 4 : Rows / 2;
  if constexpr (fewer > 0)
    if (rows > 0) multiplyRows<Width, TransposedA, fewer>(rows, tile);
}

/// Any number of rows of `width` <= maxWidth vectors.
template <bool TransposedA>
static void multiplyVectors(int64_t rows, int64_t width, const Tile& tile) {
  switch (width) {
    case 1: return multiplyRows<1, TransposedA>(rows, tile);
    case 2: return multiplyRows<2, TransposedA>(rows, tile);
    case 3:
      if constexpr (maxWidth >= 3) return multiplyRows<3, TransposedA>(rows, tile);
      break;
    case 4:
      if constexpr (maxWidth >= 4) return multiplyRows<4, TransposedA>(rows, tile);
      break;
  }
}

/// Any number of rows of `columns` <= panelColumns floats of C. B's rows are whole vectors all the same
/// (zeros or not, they do not reach C): a last vector that is not whole goes through a block on the stack.
template <bool TransposedA>
static void multiplyPanel(int64_t rows, int64_t columns, const Tile& tile) {
  const int64_t whole = columns / lanes, width = (columns + lanes - 1) / lanes;
  if (whole == width) return multiplyVectors<TransposedA>(rows, width, tile);
  constexpr int64_t rowsAtOnce = 24;
  float block[rowsAtOnce * panelColumns];
  for (int64_t done = 0; done < rows; done += rowsAtOnce) {
    const int64_t count = rows - done < rowsAtOnce ? rows - done : rowsAtOnce;
    const Tile part = below<TransposedA>(tile, done);
    Tile inBlock = part;
    inBlock.c = block;
    inBlock.cStride = panelColumns;
    inBlock.base = nullptr;
    multiplyVectors<TransposedA>(count, width, inBlock);
    for (int64_t row = 0; row < count; row++)
      forEachVector(columns, [&](int64_t i, auto vector) {
        Vector x = load(block + row * panelColumns + i);
        if (part.base) x += vector.load(part.base + row * part.baseStride + i);
        vector.store(part.c + row * part.cStride + i, x);
      });
  }
}

/// Any number of rows and columns, where B lies in rows of whole vectors.
template <bool TransposedA>
static void multiplyBlock(int64_t rows, int64_t columns, Tile tile) {
  for (; columns > 0; columns -= panelColumns) {
    multiplyPanel<TransposedA>(rows, columns < panelColumns ? columns : panelColumns, tile);
    tile.b += panelColumns;
    tile.c += panelColumns;
    if (tile.base) tile.base += panelColumns;
  }
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
