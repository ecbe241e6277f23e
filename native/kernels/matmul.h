// Opcode 0: the matrix product C = scale op(A) op(B) (+ addend), one of A and B transposed where asked.
#pragma once
#include "product.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

// Attributes M N K transA transB scale; operands A, B, addend?, C.
static void runMatmul(const Call& call) {
  const auto rows = static_cast<int64_t>(call.attribute[0]), columns = static_cast<int64_t>(call.attribute[1]);
  const auto depth = static_cast<int64_t>(call.attribute[2]);
  const bool transposedA = call.attribute[3] != 0, transposedB = call.attribute[4] != 0;
  multiply(call, Product{rows, columns, depth, call.operand[0], transposedA ? rows : depth, transposedA, call.operand[1],
                         transposedB ? depth : columns, transposedB, call.operand[3], columns, call.operand[2],
                         static_cast<float>(call.attribute[5])});
}

static Scratch matmulScratch(const double* attribute) {
  return productScratch(static_cast<int64_t>(attribute[0]), static_cast<int64_t>(attribute[1]), static_cast<int64_t>(attribute[2]),
                        attribute[3] != 0);
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
