// Whole-number arithmetic on lengths, and the cutting of a length into parts.
#pragma once
#include "vector.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

LONGRUN_INLINE int64_t roundUp(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }
LONGRUN_INLINE int64_t ceilDivide(int64_t x, int64_t y) { return (x + y - 1) / y; }
LONGRUN_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
LONGRUN_INLINE int64_t largerOf(int64_t a, int64_t b) { return a > b ? a : b; }

/// `total` cut into as few parts of at most `most` as possible, all nearly equal and (but the last) multiples
/// of `unit`.
struct Parts {
  int64_t total, size, count;
};
static Parts cut(int64_t total, int64_t most, int64_t unit) {
  const int64_t size = smaller(total, roundUp(ceilDivide(total, ceilDivide(total, most)), unit));
  return {total, size, ceilDivide(total, size)};
}
LONGRUN_INLINE int64_t partSize(const Parts& parts, int64_t part) {
  return smaller(parts.size, parts.total - part * parts.size);
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
