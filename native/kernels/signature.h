// How a kernel says what it takes: operands with their extents, in terms of its attributes by position.
#pragma once
#include "../kernel.h"
#include "vector.h"

namespace longrun::LONGRUN_INSTRUCTION_SET {

using Sizes = const Count*;

/// The product of some attributes: axes<0, 2> is M C where the attributes are M V C.
template <int First, int... Others>
Count axes(Sizes s) {
  Count product = s[First];
  ((product = product * s[Others]), ...);
  return product;
}
static Count scalar(Sizes) { return {1}; }

constexpr Operand input(const char* name, Count (*extent)(Sizes)) { return {name, Role::input, extent, {}}; }
constexpr Operand optionalInput(const char* name, Count (*extent)(Sizes)) {
  return {name, Role::optionalInput, extent, {}};
}
constexpr Operand inPlace(const char* name, Count (*extent)(Sizes)) {
  return {name, Role::inPlace, extent, {}};
}
/// An output that may be the storage of one or two others.
constexpr Operand output(const char* name, Count (*extent)(Sizes), const char* shared = nullptr,
                         const char* orShared = nullptr) {
  return {name, Role::output, extent, {shared, orShared}};
}

constexpr Attribute size(const char* name) { return {name, Kind::size}; }

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
