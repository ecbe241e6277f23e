// With p = softmax(s), s = scale Q K^T and o = p V, the gradients are dV = p^T dO, ds = p (dO V^T - dO . o),
// dQ = scale ds K and dK = scale ds^T Q. p is computed again from the scores and their stored log sum (Dao et
// al. 2022, arXiv 2205.14135, section 3.1), so that no T x T matrix is kept.
#pragma once
#include "attention.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// The parts of a thread's scratch.
struct AttentionGradientScratch {
  float *packedKeys, *scores, *gradients, *queriesTransposed, *outputsTransposed, *queries, *outputs;
  int64_t floats;

  AttentionGradientScratch(const AttentionShape& shape, float* scratch) : floats(0) {
    const auto take = [&](int64_t count) {
      float* const part = scratch ? scratch + floats : nullptr;
      floats += count;
      return part;
    };
    packedKeys = take(shape.length * shape.paddedDim());
    scores = take(shape.length * blockQueries);
    gradients = take(shape.length * blockQueries);
    queriesTransposed = take(shape.headDim * blockQueries);
    outputsTransposed = take(shape.headDim * blockQueries);
    queries = take(blockQueries * shape.paddedDim());
    outputs = take(blockQueries * shape.paddedDim());
  }
};

static Scratch attentionGradientScratch(const double* attribute) {
  return {AttentionGradientScratch(AttentionShape(attribute), nullptr).floats, 0};
}

/// One query head: what it reads and writes, each at the head's first float of the sequence's first row.
struct AttentionGradientHead {
  const float *dOut, *out, *lse, *queries, *keys, *values;
  float *dQueries, *dKeys, *dValues;
  bool firstOfGroup;
};

static void attentionGradientBlock(const AttentionShape& shape, const AttentionGradientHead& head,
                                   const QueryBlock& block, const AttentionGradientScratch& scratch) {
  const int64_t dim = shape.headDim, stride = shape.qkvStride(), outStride = shape.outputStride(),
                padded = shape.paddedDim();
  const float* const queries = head.queries + block.first * stride;
  const float* const dOut = head.dOut + block.first * outStride;
  const float* const out = head.out + block.first * outStride;
  packTransposed(dim, block.count, queries, stride, scratch.queriesTransposed, blockQueries);
  packTransposed(dim, block.count, dOut, outStride, scratch.outputsTransposed, blockQueries);
  packRows(block.count, dim, queries, stride, scratch.queries, padded);
  packRows(block.count, dim, dOut, outStride, scratch.outputs, padded);

  // Lanes past the last query stay 0: their weights are finite, and no sum runs over them.
  float lse[blockQueries] = {}, dot[blockQueries] = {};
  for (int64_t i = 0; i < block.count; i++) {
    Vector sum{};
    forEachVector(dim, [&](int64_t c, auto vector) {
      sum += vector.load(dOut + i * outStride + c) * vector.load(out + i * outStride + c);
    });
    dot[i] = sumOfLanes(sum);
    lse[i] = head.lse[block.first + i];
  }

  scoreBlock(block, dim, head.keys, stride, scratch.queriesTransposed, shape.scale, scratch.scores);
  scoreBlock(block, dim, head.values, stride, scratch.outputsTransposed, 1.0f, scratch.gradients);
  softmaxGradientBlock(block, lse, dot, scratch.scores, scratch.gradients);
  gatherFromKeys(block, dim, scratch.gradients, scratch.packedKeys, padded, shape.scale,
                 head.dQueries + block.first * stride, stride);
  scatterToKeys(block, dim, scratch.gradients, scratch.queries, padded, shape.scale, head.firstOfGroup,
                head.dKeys, stride);
  scatterToKeys(block, dim, scratch.scores, scratch.outputs, padded, 1.0f, head.firstOfGroup, head.dValues,
                stride);
}

static void runAttentionGradient(const Call& call) {
  const AttentionShape shape(call.attribute);
  const int64_t stride = shape.qkvStride(), dim = shape.headDim;
  const AttentionGradientScratch scratch(shape, call.privateScratch);
  for (int64_t tile; (tile = claimTile(call, shape.batch * shape.keyHeads)) >= 0;) {
    const int64_t sequence = tile / shape.keyHeads, keyHead = tile % shape.keyHeads;
    const float* const qkv = call.operand[1] + sequence * shape.length * stride;
    float* const dQkv = call.operand[4] + sequence * shape.length * stride;
    const int64_t keys = (shape.queryHeads + keyHead) * dim, values = keys + shape.keyHeads * dim;
    packRows(shape.length, dim, qkv + keys, stride, scratch.packedKeys, shape.paddedDim());
    for (int64_t inGroup = 0; inGroup < shape.group(); inGroup++) {
      const int64_t head = keyHead * shape.group() + inGroup;
      const int64_t output = sequence * shape.length * shape.outputStride() + head * dim;
      const AttentionGradientHead views{call.operand[0] + output,
                                        call.operand[2] + output,
                                        call.operand[3] + (sequence * shape.queryHeads + head) * shape.length,
                                        qkv + head * dim,
                                        qkv + keys,
                                        qkv + values,
                                        dQkv + head * dim,
                                        dQkv + keys,
                                        dQkv + values,
                                        inGroup == 0};
      for (int64_t first = 0; first < shape.length; first += blockQueries)
        attentionGradientBlock(shape, views, {first, smaller(blockQueries, shape.length - first)}, scratch);
    }
  }
}

constexpr Kernel attentionGradientKernel{
    "attentionGradient",
    {input("do", axes<0, 1, 2, 4>), input("qkv", qkvFloats), input("o", axes<0, 1, 2, 4>),
     input("lse", axes<0, 1, 2>), output("dqkv", qkvFloats)},
    {size("B"), size("T"), size("H"), size("G"), size("D"), {"scale", Kind::real}},
    runAttentionGradient,
    attentionGradientScratch,
    attentionConflict};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
