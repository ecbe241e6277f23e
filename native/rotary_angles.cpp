// angle(position, i) = position base^(-2 i / headDim): Su et al. 2021, arXiv 2104.09864, section 3.2.2.
#include "rotary_angles.h"

#include <algorithm>
#include <cmath>

namespace longrun {

std::shared_ptr<const std::vector<float>> RotaryTables::get(const double* attribute) {
  const auto numRows = static_cast<int64_t>(attribute[0]), period = static_cast<int64_t>(attribute[2]);
  const auto headDim = static_cast<int64_t>(attribute[4]);
  const double base = attribute[5];
  const int64_t numPositions = std::min(numRows, period), half = headDim / 2;

  std::shared_ptr<const std::vector<float>>& table = tables_[{numPositions, headDim, base}];
  if (table) return table;
  auto angles = std::make_shared<std::vector<float>>(static_cast<size_t>(numPositions * headDim));
  for (int64_t i = 0; i < half; i++) {
    const double frequency = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(headDim));
    for (int64_t position = 0; position < numPositions; position++) {
      const double angle = static_cast<double>(position) * frequency;
      float* row = angles->data() + position * headDim;
      row[i] = static_cast<float>(std::cos(angle));
      row[half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return table = std::move(angles);
}

}  // namespace longrun
