// Cosines and sines of the rotary embedding, computed once at load in float64 and shared by all instructions
// of the same shape.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

namespace longrun {

class RotaryTables {
 public:
  /// For each position, headDim / 2 cosines, then headDim / 2 sines. `attribute`: those of the rotary
  /// instruction.
  std::shared_ptr<const std::vector<float>> get(const double* attribute);

 private:
  std::map<std::tuple<int64_t, int64_t, double>, std::shared_ptr<const std::vector<float>>> tables_;
};

}  // namespace longrun
