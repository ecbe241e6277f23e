// Root mean square normalisation (Zhang & Sennrich 2019, arXiv 1910.07467) and its gradient.
#pragma once
#include "pack.h"
#include "parts.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

static void runRmsNorm(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             columns = static_cast<int64_t>(call.attribute[1]);
  const auto epsilon = static_cast<float>(call.attribute[2]);
  const float* const gain = call.operand[1];
  constexpr int64_t tileRows = 32;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, tileRows))) >= 0;)
    for (int64_t row = tile * tileRows; row < smaller(rows, (tile + 1) * tileRows); row++) {
      const float* const x = call.operand[0] + row * columns;
      float* const y = call.operand[2] + row * columns;
      Vector squares{};
      forEachVector(columns, [&](int64_t i, auto vector) {
        const Vector value = vector.load(x + i);
        squares += value * value;
      });
      const float rstd = 1.0f / __builtin_sqrtf(sumOfLanes(squares) / static_cast<float>(columns) + epsilon);
      call.operand[3][row] = rstd;
      forEachVector(columns, [&](int64_t i, auto vector) {
        vector.store(y + i, vector.load(x + i) * rstd * vector.load(gain + i));
      });
    }
}

/// Rows whose contributions to dGain are summed together: from the shape alone, at most 64 chunks.
static Parts normChunks(int64_t rows) {
  constexpr int64_t fewestRows = 32, mostChunks = 64;
  return cut(rows, largerOf(fewestRows, ceilDivide(rows, mostChunks)), 1);
}

static Scratch rmsNormGradientScratch(const double* attribute) {
  return {0, normChunks(static_cast<int64_t>(attribute[0])).count *
                 roundUp(static_cast<int64_t>(attribute[1]), lanes)};
}

struct NormGradientRow {
  int64_t columns;
  const float *dy, *x, *gain, *addend;
  float rstd;
  float *dx, *dGain;
};

// h = x rstd, t = dy gain: dx = rstd (t - h mean(t h)) (+ addend), dGain += dy h. dx may be dy: each element
// is read before it is written.
static void rmsNormGradientRow(const NormGradientRow& row) {
  Vector products{};
  forEachVector(row.columns, [&](int64_t i, auto vector) {
    const Vector dyTimesH = vector.load(row.dy + i) * (vector.load(row.x + i) * row.rstd);
    products += dyTimesH * vector.load(row.gain + i);
    vector.store(row.dGain + i, vector.load(row.dGain + i) + dyTimesH);
  });
  const float meanProduct = sumOfLanes(products) / static_cast<float>(row.columns);
  forEachVector(row.columns, [&](int64_t i, auto vector) {
    const Vector t = vector.load(row.dy + i) * vector.load(row.gain + i),
                 h = vector.load(row.x + i) * row.rstd;
    const Vector dx = (t - h * meanProduct) * row.rstd;
    vector.store(row.dx + i, row.addend ? dx + vector.load(row.addend + i) : dx);
  });
}

static void runRmsNormGradient(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             columns = static_cast<int64_t>(call.attribute[1]);
  const Parts chunks = normChunks(rows);
  const int64_t stride = roundUp(columns, lanes);
  for (int64_t chunk; (chunk = claimTile(call, chunks.count)) >= 0;) {
    float* const partial = call.sharedScratch + chunk * stride;
    for (int64_t i = 0; i < stride; i += lanes) store(partial + i, Vector{});
    const int64_t first = chunk * chunks.size;
    for (int64_t row = first; row < first + partSize(chunks, chunk); row++) {
      const int64_t at = row * columns;
      rmsNormGradientRow({columns, call.operand[0] + at, call.operand[1] + at, call.operand[2],
                          call.operand[4] ? call.operand[4] + at : nullptr, call.operand[3][row],
                          call.operand[5] + at, partial});
    }
  }
  synchronise(call);
  constexpr int64_t tileColumns = 64;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(columns, tileColumns))) >= 0;) {
    const int64_t first = tile * tileColumns;
    forEachVector(smaller(tileColumns, columns - first), [&](int64_t i, auto vector) {
      Vector sum{};
      for (int64_t chunk = 0; chunk < chunks.count; chunk++)
        sum += vector.load(call.sharedScratch + chunk * stride + first + i);
      vector.store(call.operand[6] + first + i, sum);
    });
  }
}

// rstd = 1 / sqrt(mean(x^2) + epsilon); y = x rstd gain.
constexpr Kernel rmsNormKernel{
    "rmsNorm",
    {input("x", axes<0, 1>), input("gain", axes<1>), output("y", axes<0, 1>), output("rstd", axes<0>)},
    {size("M"), size("C"), {"epsilon", Kind::positive}},
    runRmsNorm};

constexpr Kernel rmsNormGradientKernel{
    "rmsNormGradient",
    {input("dy", axes<0, 1>), input("x", axes<0, 1>), input("gain", axes<1>), input("rstd", axes<0>),
     optionalInput("addend", axes<0, 1>), output("dx", axes<0, 1>, "dy", "addend"), output("dGain", axes<1>)},
    {size("M"), size("C")},
    runRmsNormGradient,
    rmsNormGradientScratch};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
