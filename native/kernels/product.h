// Matrix products of any shape by the whole team: B is packed once for all, then each thread computes tiles
// of C.
#pragma once
#include "../kernel.h"
#include "pack.h"
#include "parts.h"
#include "tile.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// C[rows, columns] = scale op(A) op(B) (+ addend). Not both are transposed.
struct Product {
  int64_t rows, columns, depth;
  const float* a;
  int64_t aStride;
  bool transposedA;
  const float* b;
  int64_t bStride;
  bool transposedB;
  float* c;
  int64_t cStride;
  const float* addend;  // null for nothing; may be c; has c's stride
  float scale;
};

/// Columns as panels of at most maxWidth vectors, of nearly equal width: 22 vectors are 3+4+4+3+4+4, where
/// narrow last tiles would leave the multipliers idle.
struct Panels {
  int64_t columns, numVectors, count;
};
static Panels panelsOf(int64_t columns) {
  const int64_t numVectors = ceilDivide(columns, lanes);
  return {columns, numVectors, ceilDivide(numVectors, maxWidth)};
}
LONGRUN_INLINE int64_t panelStart(const Panels& panels, int64_t panel) {
  return panels.numVectors * panel / panels.count * lanes;
}

/// How a product is cut. From the shape alone, so that no sum depends on the number of threads.
struct Blocking {
  Parts columnBlocks;    // B is packed for one of these,
  Parts depthBlocks;     // (a panel of this depth fits the second-level cache)
  int64_t depthsAtOnce;  // and this many of those, at a time
  Parts rowTiles;        // what one thread does at a time
  int64_t numColumnTiles;
};

static Blocking blockingOf(int64_t rows, int64_t columns, int64_t depth, bool transposedA) {
  constexpr int64_t mostColumns = 4096, mostDepth = 512, mostPacked = int64_t{2} << 20, enoughTiles = 4;
  // A transposed A is packed once for each tile: more tiles then come from fewer rows, not from fewer
  // columns.
  const int64_t mostRows = transposedA ? 48 : 96;
  Blocking blocking;
  blocking.columnBlocks = cut(columns, mostColumns, panelColumns);
  blocking.depthBlocks = cut(depth, mostDepth, 1);
  const int64_t oneDepth = blocking.columnBlocks.size * blocking.depthBlocks.size;
  blocking.depthsAtOnce = largerOf(1, smaller(blocking.depthBlocks.count, mostPacked / oneDepth));
  blocking.rowTiles = cut(rows, mostRows, 24);
  const int64_t numPanels = panelsOf(blocking.columnBlocks.size).count;
  blocking.numColumnTiles = smaller(numPanels, ceilDivide(enoughTiles, blocking.rowTiles.count));
  return blocking;
}

static Scratch productScratch(int64_t rows, int64_t columns, int64_t depth, bool transposedA) {
  const Blocking blocking = blockingOf(rows, columns, depth, transposedA);
  const int64_t depthAtOnce = smaller(depth, blocking.depthsAtOnce * blocking.depthBlocks.size);
  return {transposedA ? blocking.depthBlocks.size * roundUp(blocking.rowTiles.size, lanes) : 0,
          depthAtOnce * roundUp(blocking.columnBlocks.size, lanes)};
}

/// The part of B that is packed at one time: some columns, and one or more blocks of the depth.
struct PackedPart {
  Panels panels;
  int64_t firstColumn, firstDepthBlock, numDepthBlocks;
};

/// Where a panel of a depth block lies in the packed part.
LONGRUN_INLINE float* packedPanel(const Blocking& blocking, const PackedPart& part, float* packed,
                                  int64_t depthBlock, int64_t panel) {
  const int64_t before =
      (depthBlock - part.firstDepthBlock) * blocking.depthBlocks.size * part.panels.numVectors * lanes;
  return packed + before + panelStart(part.panels, panel) * partSize(blocking.depthBlocks, depthBlock);
}

static void packPart(const Call& call, const Product& product, const Blocking& blocking,
                     const PackedPart& part) {
  const int64_t numPanels = part.panels.count;
  for (int64_t tile; (tile = claimTile(call, numPanels * part.numDepthBlocks)) >= 0;) {
    const int64_t panel = tile % numPanels, depthBlock = part.firstDepthBlock + tile / numPanels;
    const int64_t start = panelStart(part.panels, panel), width = panelStart(part.panels, panel + 1) - start;
    const int64_t columns = smaller(width, part.panels.columns - start),
                  firstColumn = part.firstColumn + start;
    const int64_t firstDepth = depthBlock * blocking.depthBlocks.size,
                  depth = partSize(blocking.depthBlocks, depthBlock);
    float* const to = packedPanel(blocking, part, call.sharedScratch, depthBlock, panel);
    if (product.transposedB)
      packTransposed(depth, columns, product.b + firstColumn * product.bStride + firstDepth, product.bStride,
                     to, width);
    else
      packRows(depth, columns, product.b + firstDepth * product.bStride + firstColumn, product.bStride, to,
               width);
  }
}

/// One thread's work on one tile of C: some rows, and the panels from firstPanel to endPanel.
template <bool TransposedA>
static void multiplyPart(const Call& call, const Product& product, const Blocking& blocking,
                         const PackedPart& part, int64_t rowTile, int64_t firstPanel, int64_t endPanel) {
  const int64_t firstRow = rowTile * blocking.rowTiles.size, rows = partSize(blocking.rowTiles, rowTile);
  for (int64_t block = part.firstDepthBlock; block < part.firstDepthBlock + part.numDepthBlocks; block++) {
    const int64_t firstDepth = block * blocking.depthBlocks.size,
                  depth = partSize(blocking.depthBlocks, block);
    const float* a = product.a + (TransposedA ? firstDepth * product.aStride + firstRow
                                              : firstRow * product.aStride + firstDepth);
    int64_t aStride = product.aStride;
    if (TransposedA) {
      const int64_t packedStride = roundUp(rows, lanes);
      packRows(depth, rows, a, aStride, call.privateScratch, packedStride);
      a = call.privateScratch;
      aStride = packedStride;
    }
    for (int64_t panel = firstPanel; panel < endPanel; panel++) {
      const int64_t start = panelStart(part.panels, panel),
                    width = panelStart(part.panels, panel + 1) - start;
      float* const c = product.c + firstRow * product.cStride + part.firstColumn + start;
      const float* const addend = product.addend ? product.addend + (c - product.c) : nullptr;
      const Tile tile{depth,           a,
                      aStride,         packedPanel(blocking, part, call.sharedScratch, block, panel),
                      width,           c,
                      product.cStride, block == 0 ? addend : c,
                      product.cStride, product.scale};
      multiplyPanel<TransposedA>(rows, smaller(width, part.panels.columns - start), tile);
    }
  }
}

/// The work of one thread of the team; all threads call it alike. C is complete after the next barrier.
static void multiply(const Call& call, const Product& product) {
  const Blocking blocking = blockingOf(product.rows, product.columns, product.depth, product.transposedA);
  bool first = true;
  for (int64_t columnBlock = 0; columnBlock < blocking.columnBlocks.count; columnBlock++) {
    for (int64_t depthBlock = 0; depthBlock < blocking.depthBlocks.count;
         depthBlock += blocking.depthsAtOnce) {
      const PackedPart part{panelsOf(partSize(blocking.columnBlocks, columnBlock)),
                            columnBlock * blocking.columnBlocks.size, depthBlock,
                            smaller(blocking.depthsAtOnce, blocking.depthBlocks.count - depthBlock)};
      if (!first) synchronise(call);
      first = false;
      packPart(call, product, blocking, part);
      synchronise(call);
      const int64_t numColumnTiles = smaller(part.panels.count, blocking.numColumnTiles);
      for (int64_t tile; (tile = claimTile(call, blocking.rowTiles.count * numColumnTiles)) >= 0;) {
        const int64_t rowTile = tile / numColumnTiles, columnTile = tile % numColumnTiles;
        const int64_t firstPanel = part.panels.count * columnTile / numColumnTiles;
        const int64_t endPanel = part.panels.count * (columnTile + 1) / numColumnTiles;
        if (product.transposedA)
          multiplyPart<true>(call, product, blocking, part, rowTile, firstPanel, endPanel);
        else multiplyPart<false>(call, product, blocking, part, rowTile, firstPanel, endPanel);
      }
    }
  }
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
