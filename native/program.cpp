// Every check that keeps a program inside its arena.
#include "program.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "memory.h"
#include "rotary_angles.h"

namespace longrun {
namespace {

constexpr int64_t tooMany = int64_t{1} << 62;

bool isWhole(double x) { return std::floor(x) == x && std::fabs(x) <= 9007199254740991.0; }

/// The members before the first without a name.
template <typename Named, size_t Most>
size_t countNamed(const Named (&list)[Most]) {
  return static_cast<size_t>(std::find_if(list, list + Most, [](const Named& each) { return !each.name; }) -
                             list);
}

/// Checks one instruction; knows which, for its messages.
class Checker {
 public:
  Checker(size_t index, const WrittenInstruction& written) : index_(index), written_(written) {}

  Instruction check(const KernelSet& set, int64_t numFloats) const {
    const Kernel& kernel = findKernel(set);
    expectCount("operands", written_.operands.size(), countNamed(kernel.operands));
    expectCount("attributes", written_.attributes.size(), countNamed(kernel.attributes));
    for (size_t i = 0; i < written_.attributes.size(); i++)
      checkAttribute(kernel.attributes[i], written_.attributes[i]);
    const char* const conflict = kernel.conflict ? kernel.conflict(written_.attributes.data()) : nullptr;
    if (conflict) fail(conflict);
    return {&kernel, checkOperands(kernel, numFloats), written_.attributes, nullptr};
  }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    std::ostringstream message;
    message.precision(17);
    message << "instruction " << index_ << " (" << written_.operation << "): ";
    (message << ... << parts);
    throw std::invalid_argument(message.str());
  }

  const Kernel& findKernel(const KernelSet& set) const {
    const Kernel* const end = set.kernels + set.numKernels;
    const Kernel* const found =
        std::find_if(set.kernels, end, [&](const Kernel& each) { return each.name == written_.operation; });
    if (found == end) fail("there is no kernel of this name");
    return *found;
  }

  void expectCount(const char* what, size_t found, size_t expected) const {
    if (found != expected) fail("has ", found, " ", what, ", not ", expected);
  }

  void checkAttribute(const Attribute& rule, double x) const {
    if (!std::isfinite(x)) fail(rule.name, " is ", x, ", not a finite number");
    switch (rule.kind) {
      case Kind::size:
        if (!isWhole(x) || x < 1 || x > static_cast<double>(mostFloats))
          fail(rule.name, " is ", x, ", not a positive whole number");
        break;
      case Kind::flag:
        if (x != 0 && x != 1) fail(rule.name, " is ", x, ", not 0 or 1");
        break;
      case Kind::sign:
        if (x != 1 && x != -1) fail(rule.name, " is ", x, ", not 1 or -1");
        break;
      case Kind::positive:
        if (x <= 0) fail(rule.name, " is ", x, ", not positive");
        break;
      case Kind::real: break;
    }
  }

  std::vector<int64_t> checkOperands(const Kernel& kernel, int64_t numFloats) const {
    std::vector<Count> sizes;
    for (size_t i = 0; i < written_.attributes.size(); i++)
      sizes.push_back(
          {kernel.attributes[i].kind == Kind::size ? static_cast<int64_t>(written_.attributes[i]) : 0});
    std::vector<int64_t> offsets, ends;
    for (size_t i = 0; i < written_.operands.size(); i++) {
      const Operand& rule = kernel.operands[i];
      const double offset = written_.operands[i];
      if (!isWhole(offset)) fail(rule.name, " is ", offset, ", not a whole number");
      offsets.push_back(static_cast<int64_t>(offset));
      ends.push_back(checkExtent(rule, offsets.back(), rule.extent(sizes.data()).value, numFloats));
    }
    for (size_t i = 0; i < offsets.size(); i++)
      for (size_t j = 0; j < offsets.size(); j++)
        if (i != j && (kernel.operands[i].role == Role::output || kernel.operands[i].role == Role::inPlace))
          checkOverlap(kernel.operands[i], kernel.operands[j], offsets[i], ends[i], offsets[j], ends[j]);
    return offsets;
  }

  /// Returns the end of the operand; an operand left out is empty.
  int64_t checkExtent(const Operand& rule, int64_t offset, int64_t extent, int64_t numFloats) const {
    const bool optional = rule.role == Role::optionalInput;
    if (offset == -1 && optional) return -1;
    if (offset < 0)
      fail("operand ", rule.name, " has offset ", offset, optional ? "" : ", and it cannot be left out");
    if (offset % alignmentFloats)
      fail("operand ", rule.name, " has offset ", offset, ", not a multiple of ", alignmentFloats);
    if (extent > numFloats || offset > numFloats - extent)
      fail("operand ", rule.name, " covers ", extent, " floats from ", offset, ", past the arena's ",
           numFloats);
    return offset + extent;
  }

  void checkOverlap(const Operand& written, const Operand& other, int64_t begin, int64_t end,
                    int64_t otherBegin, int64_t otherEnd) const {
    if (begin >= otherEnd || otherBegin >= end) return;
    const bool same = begin == otherBegin && end == otherEnd;
    for (const char* const allowed : written.mayShare)
      if (same && allowed && std::strcmp(allowed, other.name) == 0) return;
    fail("operand ", written.name, " at ", begin, " overlaps operand ", other.name, " at ", otherBegin);
  }

  size_t index_;
  const WrittenInstruction& written_;
};

}  // namespace

Count operator*(Count a, Count b) {
  int64_t product;
  return __builtin_mul_overflow(a.value, b.value, &product) || product > tooMany ? Count{tooMany}
                                                                                 : Count{product};
}

Count operator+(Count a, Count b) {
  return a.value + b.value > tooMany ? Count{tooMany} : Count{a.value + b.value};
}

Program::Program(const std::vector<WrittenInstruction>& written, int64_t numFloats,
                 const InstructionSet& instructionSet)
    : numFloats_(numFloats) {
  if (numFloats < 0 || numFloats > mostFloats)
    throw std::invalid_argument("an arena of " + std::to_string(numFloats) + " floats is not possible");
  RotaryTables rotaryTables;
  for (const WrittenInstruction& each : written) {
    Instruction instruction = Checker(instructions_.size(), each).check(*instructionSet.kernels, numFloats);
    const Kernel& kernel = *instruction.kernel;
    const double* const attributes = instruction.attributes.data();
    if (kernel.usesRotaryAngles) instruction.constants = rotaryTables.get(attributes);
    const Scratch need = kernel.scratch ? kernel.scratch(attributes) : Scratch{0, 0};
    scratch_.privateFloats = std::max(scratch_.privateFloats, need.privateFloats);
    scratch_.sharedFloats = std::max(scratch_.sharedFloats, need.sharedFloats);
    instructions_.push_back(std::move(instruction));
  }
  seconds_.reset(new std::atomic<double>[instructions_.size()]());
}

}  // namespace longrun
