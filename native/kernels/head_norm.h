// Root mean square normalisation of each head of queries and of keys (Dehghani et al. 2023, arXiv
// 2302.05442), and its gradient. A row holds H query heads, then G key heads, then G value heads, which are
// left alone.
#pragma once
#include "pack.h"
#include "parts.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

struct HeadRow {
  int64_t rows, queryHeads, keyHeads, headDim;
  int64_t heads() const { return queryHeads + keyHeads; }
  int64_t normed() const { return heads() * headDim; }
  int64_t values() const { return keyHeads * headDim; }
  int64_t columns() const { return normed() + values(); }
};

// Attributes of both begin with M H G D.
static HeadRow headRow(const double* attribute) {
  return {static_cast<int64_t>(attribute[0]), static_cast<int64_t>(attribute[1]),
          static_cast<int64_t>(attribute[2]), static_cast<int64_t>(attribute[3])};
}

static void copyRow(const float* from, float* to, int64_t length) {
  if (from != to)
    forEachVector(length, [&](int64_t i, auto vector) { vector.store(to + i, vector.load(from + i)); });
}

/// y = x rstd gain over one head; returns rstd = 1 / sqrt(mean(x^2) + epsilon).
static float headNormOf(const float* x, const float* gain, float* y, int64_t headDim, float epsilon) {
  Vector squares{};
  forEachVector(headDim, [&](int64_t i, auto vector) {
    const Vector value = vector.load(x + i);
    squares += value * value;
  });
  const float rstd = 1.0f / __builtin_sqrtf(sumOfLanes(squares) / static_cast<float>(headDim) + epsilon);
  forEachVector(headDim, [&](int64_t i, auto vector) {
    vector.store(y + i, vector.load(x + i) * rstd * vector.load(gain + i));
  });
  return rstd;
}

static void runHeadNorm(const Call& call) {
  const HeadRow shape = headRow(call.attribute);
  const auto epsilon = static_cast<float>(call.attribute[4]);
  constexpr int64_t tileRows = 32;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(shape.rows, tileRows))) >= 0;)
    for (int64_t row = tile * tileRows; row < smaller(shape.rows, (tile + 1) * tileRows); row++) {
      const float* const x = call.operand[0] + row * shape.columns();
      float* const y = call.operand[3] + row * shape.columns();
      float* const rstd = call.operand[4] + row * shape.heads();
      for (int64_t head = 0; head < shape.heads(); head++) {
        const float* const gain = call.operand[head < shape.queryHeads ? 1 : 2];
        rstd[head] =
            headNormOf(x + head * shape.headDim, gain, y + head * shape.headDim, shape.headDim, epsilon);
      }
      copyRow(x + shape.normed(), y + shape.normed(), shape.values());
    }
}

/// Rows whose contributions to the gains are summed together: from the shape alone, at most 64 chunks.
static Parts headNormChunks(int64_t rows) {
  constexpr int64_t fewestRows = 32, mostChunks = 64;
  return cut(rows, largerOf(fewestRows, ceilDivide(rows, mostChunks)), 1);
}

static Scratch headNormGradientScratch(const double* attribute) {
  const HeadRow shape = headRow(attribute);
  return {0, headNormChunks(shape.rows).count * 2 * roundUp(shape.headDim, lanes)};
}

struct HeadGradient {
  int64_t headDim;
  const float *dy, *x, *gain;
  float rstd;
  float *dx, *dGain;
};

// h = x rstd, t = dy gain: dx = rstd (t - h mean(t h)), dGain += dy h. dx may be dy: each element is read
// before it is written.
static void headNormGradientOf(const HeadGradient& head) {
  Vector products{};
  forEachVector(head.headDim, [&](int64_t i, auto vector) {
    const Vector dyTimesH = vector.load(head.dy + i) * (vector.load(head.x + i) * head.rstd);
    products += dyTimesH * vector.load(head.gain + i);
    vector.store(head.dGain + i, vector.load(head.dGain + i) + dyTimesH);
  });
  const float meanProduct = sumOfLanes(products) / static_cast<float>(head.headDim);
  forEachVector(head.headDim, [&](int64_t i, auto vector) {
    const Vector t = vector.load(head.dy + i) * vector.load(head.gain + i),
                 h = vector.load(head.x + i) * head.rstd;
    vector.store(head.dx + i, (t - h * meanProduct) * head.rstd);
  });
}

static void runHeadNormGradient(const Call& call) {
  const HeadRow shape = headRow(call.attribute);
  const Parts chunks = headNormChunks(shape.rows);
  const int64_t stride = roundUp(shape.headDim, lanes);
  for (int64_t chunk; (chunk = claimTile(call, chunks.count)) >= 0;) {
    // The gain of queries, then that of keys.
    float* const partial = call.sharedScratch + chunk * 2 * stride;
    for (int64_t i = 0; i < 2 * stride; i += lanes) store(partial + i, Vector{});
    const int64_t first = chunk * chunks.size;
    for (int64_t row = first; row < first + partSize(chunks, chunk); row++) {
      const int64_t start = row * shape.columns();
      for (int64_t head = 0; head < shape.heads(); head++) {
        const int64_t at = start + head * shape.headDim, isKey = head < shape.queryHeads ? 0 : 1;
        headNormGradientOf({shape.headDim, call.operand[0] + at, call.operand[1] + at,
                            call.operand[2 + isKey], call.operand[4][row * shape.heads() + head],
                            call.operand[5] + at, partial + isKey * stride});
      }
      const int64_t values = start + shape.normed();
      copyRow(call.operand[0] + values, call.operand[5] + values, shape.values());
    }
  }
  synchronise(call);
  for (int64_t isKey; (isKey = claimTile(call, 2)) >= 0;) {
    const float* const partial = call.sharedScratch + isKey * stride;
    forEachVector(shape.headDim, [&](int64_t i, auto vector) {
      Vector sum{};
      for (int64_t chunk = 0; chunk < chunks.count; chunk++)
        sum += vector.load(partial + chunk * 2 * stride + i);
      vector.store(call.operand[6 + isKey] + i, sum);
    });
  }
}

static Count headRows(Sizes s) { return s[0] * (s[1] + s[2] + s[2]) * s[3]; }
static Count headScales(Sizes s) { return s[0] * (s[1] + s[2]); }

constexpr Kernel headNormKernel{"headNorm",
                                {input("x", headRows), input("queryGain", axes<3>), input("keyGain", axes<3>),
                                 output("y", headRows), output("rstd", headScales)},
                                {size("M"), size("H"), size("G"), size("D"), {"epsilon", Kind::positive}},
                                runHeadNorm};

constexpr Kernel headNormGradientKernel{
    "headNormGradient",
    {input("dy", headRows), input("x", headRows), input("queryGain", axes<3>), input("keyGain", axes<3>),
     input("rstd", headScales), output("dx", headRows, "dy"), output("dQueryGain", axes<3>),
     output("dKeyGain", axes<3>)},
    {size("M"), size("H"), size("G"), size("D")},
    runHeadNormGradient,
    headNormGradientScratch};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
