// A checked program: whatever numbers come in, what `Program` holds can be run on any arena of its size
// without harm.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "instruction_sets.h"
#include "kernel.h"

namespace longrun {

/// An instruction as it comes in, unchecked.
struct WrittenInstruction {
  std::string operation;
  std::vector<double> operands, attributes;
};

struct Instruction {
  const Kernel* kernel;
  std::vector<int64_t> offsets;  // in floats; -1 where an optional operand is left out
  std::vector<double> attributes;
  std::shared_ptr<const std::vector<float>> constants;
};

class Program {
 public:
  /// Throws std::invalid_argument on anything malformed, with the instruction, the operand or attribute, and
  /// the numbers.
  Program(const std::vector<WrittenInstruction>& written, int64_t numFloats,
          const InstructionSet& instructionSet);

  const std::vector<Instruction>& instructions() const { return instructions_; }
  int64_t numFloats() const { return numFloats_; }
  /// The most that any of the instructions needs.
  const Scratch& scratch() const { return scratch_; }
  /// Seconds spent in each instruction since the program was loaded. May be read while a run adds to it.
  double seconds(size_t index) const { return seconds_[index].load(std::memory_order_relaxed); }
  /// By one thread at a time.
  void addSeconds(size_t index, double seconds) {
    seconds_[index].store(this->seconds(index) + seconds, std::memory_order_relaxed);
  }

  bool tryAcquire() { return !busy_.exchange(true); }
  void release() { busy_ = false; }

 private:
  std::vector<Instruction> instructions_;
  int64_t numFloats_;
  Scratch scratch_{0, 0};
  std::unique_ptr<std::atomic<double>[]> seconds_;
  std::atomic<bool> busy_{false};
};

}  // namespace longrun
