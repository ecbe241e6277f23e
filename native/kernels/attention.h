// Causal attention, forward and backward, one block of queries at a time. The scores of a block lie
// transposed, keys by queries, so that each lane of a vector is one query: maxima and sums over keys need no
// reduction across lanes.
#pragma once
#include "exponential.h"
#include "pack.h"
#include "signature.h"
#include "tile.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// Queries in a block: a whole number of panels for every instruction set.
constexpr int64_t blockQueries = 64;
constexpr float masked = -1e30f;

struct AttentionShape {
  int64_t batch, length, queryHeads, keyHeads, headDim;
  float scale;

  explicit AttentionShape(const double* attribute)
      : batch(static_cast<int64_t>(attribute[0])),
        length(static_cast<int64_t>(attribute[1])),
        queryHeads(static_cast<int64_t>(attribute[2])),
        keyHeads(static_cast<int64_t>(attribute[3])),
        headDim(static_cast<int64_t>(attribute[4])),
        scale(static_cast<float>(attribute[5])) {}

  int64_t group() const { return queryHeads / keyHeads; }
  int64_t qkvStride() const { return (queryHeads + 2 * keyHeads) * headDim; }
  int64_t outputStride() const { return queryHeads * headDim; }
  int64_t paddedDim() const { return roundUp(headDim, lanes); }
};

/// Where a block of queries stands in its sequence. Query i of the block sees the keys 0 ... first + i.
struct QueryBlock {
  int64_t first, count;

  int64_t numKeys() const { return first + count; }
  int64_t numVectors() const { return ceilDivide(count, lanes); }
  /// Keys that at least one query of vector v sees.
  int64_t keysOf(int64_t v) const { return smaller(numKeys(), first + (v + 1) * lanes); }
};

/// scores[key][query] = scale * (rows of `keys`) . (columns of `queries`), but not where a whole vector of
/// queries precedes the key.
static void scoreBlock(const QueryBlock& block, int64_t headDim, const float* keys, int64_t keyStride,
                       const float* queries, float scale, float* scores) {
  const auto multiplyKeys = [&](int64_t begin, int64_t end, int64_t vector, int64_t width) {
    if (begin < end)
      multiplyVectors<false>(
          end - begin, width,
          Tile{headDim, keys + begin * keyStride, keyStride, queries + vector * lanes, blockQueries,
               scores + begin * blockQueries + vector * lanes, blockQueries, nullptr, 0, scale});
  };
  for (int64_t v = 0; v < block.numVectors(); v += maxWidth) {
    const int64_t width = smaller(maxWidth, block.numVectors() - v);
    multiplyKeys(0, block.keysOf(v), v, width);
    for (int64_t skipped = 1; skipped < width; skipped++)
      multiplyKeys(block.keysOf(v + skipped - 1), block.keysOf(v + skipped), v + skipped, width - skipped);
  }
}

/// out[query] = scale * sum over keys of weights[key][query] rows[key]; `weights` is zero where a key follows
/// the query.
static void gatherFromKeys(const QueryBlock& block, int64_t headDim, const float* weights, const float* rows,
                           int64_t rowStride, float scale, float* out, int64_t outStride) {
  for (int64_t v = 0; v < block.numVectors(); v++) {
    const int64_t first = v * lanes, count = smaller(lanes, block.count - first);
    multiplyBlock<true>(count, headDim,
                        Tile{block.keysOf(v), weights + first, blockQueries, rows, rowStride,
                             out + first * outStride, outStride, nullptr, 0, scale});
  }
}

/// out[key] (+)= scale * sum over queries of weights[key][query] rows[query]. The first time a key is met
/// nothing is added.
static void scatterToKeys(const QueryBlock& block, int64_t headDim, const float* weights, const float* rows,
                          int64_t rowStride, float scale, bool firstHead, float* out, int64_t outStride) {
  const auto multiplyKeys = [&](int64_t begin, int64_t end, int64_t firstQuery, bool adds) {
    float* const c = out + begin * outStride;
    multiplyBlock<false>(
        end - begin, headDim,
        Tile{block.count - firstQuery, weights + begin * blockQueries + firstQuery, blockQueries,
             rows + firstQuery * rowStride, rowStride, c, outStride, adds ? c : nullptr, outStride, scale});
  };
  if (block.first > 0) multiplyKeys(0, block.first, 0, true);
  for (int64_t v = 0; v < block.numVectors(); v++)
    multiplyKeys(block.first + v * lanes, block.keysOf(v), v * lanes, !firstHead);
}

/// In the keys of the diagonal, the lanes of vector v whose query precedes the key get the value `masked`.
static void maskDiagonal(const QueryBlock& block, int64_t v, float* scores) {
  for (int64_t key = block.first + v * lanes; key < block.keysOf(v); key++) {
    float* const p = scores + key * blockQueries + v * lanes;
    const int32_t lane = static_cast<int32_t>(key - block.first - v * lanes);
    store(p, laneNumbers() < (lane - Integers{}) ? broadcast(masked) : load(p));
  }
}

static void clearBeyond(const QueryBlock& block, int64_t v, float* scores) {
  for (int64_t key = block.keysOf(v); key < block.numKeys(); key++)
    store(scores + key * blockQueries + v * lanes, Vector{});
}

/// Scores become exp(score - largest); `sums` gets the sum over keys, `largest` the largest score, per query.
static void softmaxBlock(const QueryBlock& block, float* scores, float* sums, float* largest) {
  for (int64_t v = 0; v < block.numVectors(); v++) {
    maskDiagonal(block, v, scores);
    const int64_t numKeys = block.keysOf(v);
    float* const column = scores + v * lanes;
    Vector most = broadcast(masked), sum{};
    for (int64_t key = 0; key < numKeys; key++) most = larger(load(column + key * blockQueries), most);
    for (int64_t key = 0; key < numKeys; key++) {
      const Vector weight = exponential(load(column + key * blockQueries) - most);
      store(column + key * blockQueries, weight);
      sum += weight;
    }
    clearBeyond(block, v, scores);
    store(sums + v * lanes, sum);
    store(largest + v * lanes, most);
  }
}

/// With the scores in `weights` and dO V^T in `gradients`: weights become p = exp(score - lse), gradients p
/// (dO V^T - dot).
static void softmaxGradientBlock(const QueryBlock& block, const float* lse, const float* dot, float* weights,
                                 float* gradients) {
  for (int64_t v = 0; v < block.numVectors(); v++) {
    maskDiagonal(block, v, weights);
    const int64_t numKeys = block.keysOf(v);
    const Vector logSum = load(lse + v * lanes), outputDot = load(dot + v * lanes);
    for (int64_t key = 0; key < numKeys; key++) {
      float* const p = weights + key * blockQueries + v * lanes;
      float* const g = gradients + key * blockQueries + v * lanes;
      const Vector weight = exponential(load(p) - logSum);
      store(p, weight);
      store(g, weight * (load(g) - outputDot));
    }
    clearBeyond(block, v, weights);
    clearBeyond(block, v, gradients);
  }
}

static Scratch attentionScratch(const double* attribute) {
  const AttentionShape shape(attribute);
  const int64_t queries = shape.headDim * blockQueries, scores = shape.length * blockQueries;
  return {queries + scores + shape.length * shape.paddedDim(), 0};
}

/// One query head over the whole sequence; `values` are packed.
static void attendHead(const AttentionShape& shape, const float* queries, const float* keys,
                       const float* values, float* scratch, float* out, float* lse) {
  float* const packedQueries = scratch;
  float* const scores = packedQueries + shape.headDim * blockQueries;
  const int64_t stride = shape.qkvStride(), outStride = shape.outputStride();
  for (int64_t first = 0; first < shape.length; first += blockQueries) {
    const QueryBlock block{first, smaller(blockQueries, shape.length - first)};
    packTransposed(shape.headDim, block.count, queries + first * stride, stride, packedQueries, blockQueries);
    scoreBlock(block, shape.headDim, keys, stride, packedQueries, shape.scale, scores);
    float sums[blockQueries], largest[blockQueries];
    softmaxBlock(block, scores, sums, largest);
    gatherFromKeys(block, shape.headDim, scores, values, shape.paddedDim(), 1.0f, out + first * outStride,
                   outStride);
    for (int64_t i = 0; i < block.count; i++) {
      lse[first + i] = static_cast<float>(largest[i] + __builtin_log(static_cast<double>(sums[i])));
      float* const row = out + (first + i) * outStride;
      const float inverse = 1.0f / sums[i];
      forEachVector(shape.headDim,
                    [&](int64_t c, auto vector) { vector.store(row + c, vector.load(row + c) * inverse); });
    }
  }
}

static void runAttention(const Call& call) {
  const AttentionShape shape(call.attribute);
  const int64_t stride = shape.qkvStride(), dim = shape.headDim;
  float* const packedValues = call.privateScratch;
  float* const rest = packedValues + shape.length * shape.paddedDim();
  for (int64_t tile; (tile = claimTile(call, shape.batch * shape.keyHeads)) >= 0;) {
    const int64_t sequence = tile / shape.keyHeads, keyHead = tile % shape.keyHeads;
    const float* const qkv = call.operand[0] + sequence * shape.length * stride;
    const float* const keys = qkv + (shape.queryHeads + keyHead) * dim;
    packRows(shape.length, dim, keys + shape.keyHeads * dim, stride, packedValues, shape.paddedDim());
    for (int64_t head = keyHead * shape.group(); head < (keyHead + 1) * shape.group(); head++)
      attendHead(shape, qkv + head * dim, keys, packedValues, rest,
                 call.operand[1] + sequence * shape.length * shape.outputStride() + head * dim,
                 call.operand[2] + (sequence * shape.queryHeads + head) * shape.length);
  }
}

static Count qkvFloats(Sizes s) { return s[0] * s[1] * (s[2] + s[3] + s[3]) * s[4]; }

static const char* attentionConflict(const double* a) {
  return static_cast<int64_t>(a[2]) % static_cast<int64_t>(a[3]) ? "H is not a multiple of G" : nullptr;
}

// o = causal softmax(scale q k^T) v. A row of qkv is H query heads, then G key heads, then G value heads;
// query head h reads key and value head floor(h / (H / G)). lse[B H T] = log sum exp of the scaled scores.
constexpr Kernel attentionKernel{
    "attention",
    {input("qkv", qkvFloats), output("o", axes<0, 1, 2, 4>), output("lse", axes<0, 1, 2>)},
    {size("B"), size("T"), size("H"), size("G"), size("D"), {"scale", Kind::real}},
    runAttention,
    attentionScratch,
    attentionConflict};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
