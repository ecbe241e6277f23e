// Decoding, and every check that keeps a program inside its arena.
#include "program.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>

#include "memory.h"
#include "operations.h"
#include "rotary_angles.h"

namespace longrun {
namespace {

bool isWhole(double x) { return std::floor(x) == x && std::fabs(x) <= 9007199254740991.0; }

/// Reads one program from start to end; knows where it is, for its messages.
class Reader {
 public:
  explicit Reader(const std::vector<double>& code) : code_(code) {}

  bool atEnd() const { return position_ == code_.size(); }

  Instruction next() {
    operation_ = nullptr;
    const int64_t opcode = whole("opcode");
    if (opcode < 0 || opcode >= numOpcodes) fail("opcode ", opcode, " is not one of 0 ... ", numOpcodes - 1);
    operation_ = &operations()[static_cast<size_t>(opcode)];
    expectCount("operands", operation_->operands.size());
    expectCount("attributes", operation_->attributes.size());
    Instruction instruction{static_cast<int>(opcode), {}, {}, nullptr};
    for (const OperandRule& rule : operation_->operands) instruction.offsets.push_back(whole(rule.name));
    for (const AttributeRule& rule : operation_->attributes) instruction.attributes.push_back(attribute(rule));
    if (const char* conflict = operation_->conflict(instruction.attributes.data())) fail(conflict);
    return instruction;
  }

  void checkOperands(const Instruction& instruction, int64_t numFloats) {
    const std::vector<Count> sizes = countsOf(instruction.attributes);
    const std::vector<OperandRule>& rules = operation_->operands;
    std::vector<int64_t> ends;
    for (size_t i = 0; i < rules.size(); i++)
      ends.push_back(checkExtent(rules[i], instruction.offsets[i], rules[i].extent(sizes.data()).value, numFloats));
    for (size_t i = 0; i < rules.size(); i++)
      if (rules[i].role != Role::input)
        for (size_t j = 0; j < rules.size(); j++)
          if (i != j) checkOverlap(rules[i], rules[j], instruction.offsets[i], ends[i], instruction.offsets[j], ends[j]);
    index_++;
  }

 private:
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    std::ostringstream message;
    message.precision(17);
    message << "instruction " << index_;
    if (operation_) message << " (" << operation_->name << ")";
    message << ": ";
    (message << ... << parts);
    throw std::invalid_argument(message.str());
  }

  double number(const std::string& what) {
    if (atEnd()) fail("the program ends before its ", what);
    return code_[position_++];
  }

  int64_t whole(const std::string& what) {
    const double x = number(what);
    if (!isWhole(x)) fail(what, " is ", x, ", not a whole number");
    return static_cast<int64_t>(x);
  }

  void expectCount(const char* what, size_t expected) {
    const int64_t found = whole(what);
    if (found != static_cast<int64_t>(expected)) fail("has ", found, " ", what, ", not ", expected);
  }

  double attribute(const AttributeRule& rule) {
    const double x = number(rule.name);
    if (!std::isfinite(x)) fail(rule.name, " is ", x, ", not a finite number");
    switch (rule.kind) {
      case Kind::size:
        if (!isWhole(x) || x < 1 || x > static_cast<double>(mostFloats)) fail(rule.name, " is ", x, ", not a positive whole number");
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
      case Kind::real:
        break;
    }
    return x;
  }

  std::vector<Count> countsOf(const std::vector<double>& attributes) const {
    std::vector<Count> sizes;
    for (size_t i = 0; i < attributes.size(); i++)
      sizes.push_back({operation_->attributes[i].kind == Kind::size ? static_cast<int64_t>(attributes[i]) : 0});
    return sizes;
  }

  /// Returns the end of the operand; an operand left out is empty.
  int64_t checkExtent(const OperandRule& rule, int64_t offset, int64_t extent, int64_t numFloats) const {
    if (offset == -1 && rule.optional) return -1;
    if (offset < 0) fail("operand ", rule.name, " has offset ", offset, rule.optional ? "" : ", and it cannot be left out");
    if (offset % alignmentFloats) fail("operand ", rule.name, " has offset ", offset, ", not a multiple of ", alignmentFloats);
    if (extent > numFloats || offset > numFloats - extent)
      fail("operand ", rule.name, " covers ", extent, " floats from ", offset, ", past the arena's ", numFloats);
    return offset + extent;
  }

  void checkOverlap(const OperandRule& written, const OperandRule& other, int64_t begin, int64_t end, int64_t otherBegin,
                    int64_t otherEnd) const {
    if (begin >= otherEnd || otherBegin >= end) return;
    const bool same = begin == otherBegin && end == otherEnd;
    const auto& allowed = written.mayShare;
    if (same && std::find(allowed.begin(), allowed.end(), other.name) != allowed.end()) return;
    fail("operand ", written.name, " at ", begin, " overlaps operand ", other.name, " at ", otherBegin);
  }

  const std::vector<double>& code_;
  size_t position_ = 0;
  size_t index_ = 0;
  const Operation* operation_ = nullptr;
};

}  // namespace

Program::Program(const std::vector<double>& code, int64_t numFloats, const InstructionSet& instructionSet)
    : numFloats_(numFloats), kernels_(instructionSet.kernels) {
  if (numFloats < 0 || numFloats > mostFloats)
    throw std::invalid_argument("an arena of " + std::to_string(numFloats) + " floats is not possible");
  Reader reader(code);
  RotaryTables rotaryTables;
  while (!reader.atEnd()) {
    Instruction instruction = reader.next();
    reader.checkOperands(instruction, numFloats);
    if (instruction.opcode == Opcode::rotary) instruction.constants = rotaryTables.get(instruction.attributes.data());
    const Scratch need = kernels_->kernels[instruction.opcode].scratch(instruction.attributes.data());
    scratch_.privateFloats = std::max(scratch_.privateFloats, need.privateFloats);
    scratch_.sharedFloats = std::max(scratch_.sharedFloats, need.sharedFloats);
    instructions_.push_back(std::move(instruction));
  }
  seconds_.reset(new std::atomic<double>[instructions_.size()]());
}

}  // namespace longrun
