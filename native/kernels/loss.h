// The output head with its cross entropy, a chunk of rows at a time, so that the logits of all rows never
// exist at once.
#pragma once
#include "embed.h"
#include "exponential.h"
#include "product.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

/// Rows in a chunk: enough to make up for packing the head's matrix once per chunk, few enough to keep the
/// logits in the cache.
constexpr int64_t mostChunkRows = 256;

struct HeadShape {
  int64_t rows, vocabulary, columns;
  Parts chunks;
  int64_t logitStride;

  explicit HeadShape(const double* attribute)
      : rows(static_cast<int64_t>(attribute[0])),
        vocabulary(static_cast<int64_t>(attribute[1])),
        columns(static_cast<int64_t>(attribute[2])),
        chunks(cut(rows, mostChunkRows, 24)),
        logitStride(roundUp(vocabulary, lanes)) {}

  int64_t logitFloats() const { return chunks.size * logitStride; }
};

static Scratch headLossScratch(const double* attribute) {
  const HeadShape shape(attribute);
  const Scratch need = productScratch(shape.chunks.size, shape.vocabulary, shape.columns, false);
  return {need.privateFloats, shape.logitFloats() + need.sharedFloats};
}

static Scratch headLossGradientScratch(const double* attribute) {
  const HeadShape shape(attribute);
  const Scratch forward = productScratch(shape.chunks.size, shape.vocabulary, shape.columns, false);
  const Scratch dx = productScratch(shape.chunks.size, shape.columns, shape.vocabulary, false);
  const Scratch dw = productScratch(shape.vocabulary, shape.columns, shape.chunks.size, true);
  return {largerOf(forward.privateFloats, largerOf(dx.privateFloats, dw.privateFloats)),
          shape.logitFloats() + largerOf(forward.sharedFloats, largerOf(dx.sharedFloats, dw.sharedFloats))};
}

/// A row of logits becomes exp(logit - largest), zero in the padding.
struct RowSoftmax {
  float largest, sum;
};
static RowSoftmax softmaxRow(const HeadShape& shape, float* logits) {
  for (int64_t i = shape.vocabulary; i < shape.logitStride; i++) logits[i] = -1e30f;
  Vector most = load(logits), sum{};
  for (int64_t i = lanes; i < shape.logitStride; i += lanes) most = larger(load(logits + i), most);
  const float largest = largestLane(most);
  for (int64_t i = 0; i < shape.logitStride; i += lanes) {
    const Vector weight = exponential(load(logits + i) - broadcast(largest));
    store(logits + i, weight);
    sum += weight;
  }
  return {largest, sumOfLanes(sum)};
}

/// Writes the row's loss and, where there is a gradient to pass on, turns the logits into their gradient.
static void lossRow(const Call& call, const HeadShape& shape, int64_t row, float* logits, float* loss,
                    const float* dLoss) {
  const int32_t target = reinterpret_cast<const volatile int32_t*>(call.operand[2])[row];
  if (target < 0 || target >= shape.vocabulary) {
    if (target >= 0) rejectToken(call, row, target, shape.vocabulary);
    loss[row] = 0;
    for (int64_t i = 0; i < shape.logitStride; i += lanes) store(logits + i, Vector{});
    return;
  }
  const float targetLogit = logits[target];
  const RowSoftmax softmax = softmaxRow(shape, logits);
  loss[row] =
      static_cast<float>(__builtin_log(static_cast<double>(softmax.sum)) + softmax.largest - targetLogit);
  if (!dLoss) return;
  const float factor = dLoss[row] / softmax.sum;
  for (int64_t i = 0; i < shape.logitStride; i += lanes) store(logits + i, load(logits + i) * factor);
  logits[target] -= dLoss[row];
}

/// The logits of one chunk, then its losses (and, given dLoss, the gradients of the logits in place of the
/// logits).
static void lossChunk(const Call& call, const HeadShape& shape, int64_t chunk, float* loss,
                      const float* dLoss) {
  const int64_t first = chunk * shape.chunks.size, rows = partSize(shape.chunks, chunk);
  float* const logits = call.sharedScratch;
  Call products = call;
  products.sharedScratch += shape.logitFloats();
  multiply(products, Product{rows, shape.vocabulary, shape.columns, call.operand[0] + first * shape.columns,
                             shape.columns, false, call.operand[1], shape.columns, true, logits,
                             shape.logitStride, nullptr, 1.0f});
  synchronise(call);
  constexpr int64_t tileRows = 8;
  for (int64_t tile; (tile = claimTile(call, ceilDivide(rows, tileRows))) >= 0;)
    for (int64_t row = tile * tileRows; row < smaller(rows, (tile + 1) * tileRows); row++)
      lossRow(call, shape, first + row, logits + row * shape.logitStride, loss, dLoss);
  synchronise(call);
}

static void runHeadLoss(const Call& call) {
  const HeadShape shape(call.attribute);
  for (int64_t chunk = 0; chunk < shape.chunks.count; chunk++)
    lossChunk(call, shape, chunk, call.operand[3], nullptr);
}

static void runHeadLossGradient(const Call& call) {
  const HeadShape shape(call.attribute);
  const float* const logits = call.sharedScratch;
  float *const dx = call.operand[6], *const dw = call.operand[7];
  Call products = call;
  products.sharedScratch += shape.logitFloats();
  for (int64_t chunk = 0; chunk < shape.chunks.count; chunk++) {
    const int64_t first = chunk * shape.chunks.size, rows = partSize(shape.chunks, chunk);
    const float* const x = call.operand[0] + first * shape.columns;
    lossChunk(call, shape, chunk, call.operand[5], call.operand[3]);
    multiply(products,
             Product{rows, shape.columns, shape.vocabulary, logits, shape.logitStride, false, call.operand[1],
                     shape.columns, false, dx + first * shape.columns, shape.columns, nullptr, 1.0f});
    synchronise(call);
    multiply(products,
             Product{shape.vocabulary, shape.columns, rows, logits, shape.logitStride, true, x, shape.columns,
                     false, dw, shape.columns, chunk == 0 ? call.operand[4] : dw, 1.0f});
    synchronise(call);
  }
}

// loss = -log softmax(x w^T)[target], in nats; a negative target gives 0.
constexpr Kernel headLossKernel{
    "headLoss",
    {input("x", axes<0, 2>), input("w", axes<1, 2>), input("targets", axes<0>), output("loss", axes<0>)},
    {size("M"), size("V"), size("C")},
    runHeadLoss,
    headLossScratch};

// Both passes at once; dw (+ addend) adds up over chunks of rows in order.
constexpr Kernel headLossGradientKernel{
    "headLossGradient",
    {input("x", axes<0, 2>), input("w", axes<1, 2>), input("targets", axes<0>), input("dLoss", axes<0>),
     optionalInput("addend", axes<1, 2>), output("loss", axes<0>), output("dx", axes<0, 2>),
     output("dw", axes<1, 2>, "addend")},
    {size("M"), size("V"), size("C")},
    runHeadLossGradient,
    headLossGradientScratch};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
