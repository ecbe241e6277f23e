// The matrix product C = scale op(A) op(B) (+ addend), one of A and B transposed where asked.
#pragma once
#include "product.h"
#include "signature.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

static void runMatmul(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]),
             columns = static_cast<int64_t>(call.attribute[1]);
  const auto depth = static_cast<int64_t>(call.attribute[2]);
  const bool transposedA = call.attribute[3] != 0, transposedB = call.attribute[4] != 0;
  multiply(call, Product{rows, columns, depth, call.operand[0], transposedA ? rows : depth, transposedA,
                         call.operand[1], transposedB ? depth : columns, transposedB, call.operand[3],
                         columns, call.operand[2], static_cast<float>(call.attribute[5])});
}

static Scratch matmulScratch(const double* attribute) {
  return productScratch(static_cast<int64_t>(attribute[0]), static_cast<int64_t>(attribute[1]),
                        static_cast<int64_t>(attribute[2]), attribute[3] != 0);
}

// C[M,N] = scale op(A) op(B) (+ addend[M,N]), row-major; A is [M,K], or [K,M] if transA; B is [K,N], or [N,K]
// if transB. Not both.
constexpr Kernel matmulKernel{
    "matmul",
    {input("A", axes<0, 2>), input("B", axes<2, 1>), optionalInput("addend", axes<0, 1>),
     output("C", axes<0, 1>, "addend")},
    {size("M"), size("N"), size("K"), {"transA", Kind::flag}, {"transB", Kind::flag}, {"scale", Kind::real}},
    runMatmul,
    matmulScratch,
    [](const double* a) { return a[3] == 1 && a[4] == 1 ? "transA and transB are both 1" : nullptr; }};

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
