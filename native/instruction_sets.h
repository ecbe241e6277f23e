// The instruction sets the kernels were compiled for, and those of them that this machine can run.
#pragma once
#include <string>
#include <vector>

#include "kernel.h"

namespace longrun {

struct InstructionSet {
  std::string name;
  const KernelSet* kernels;
};

/// Best first. Never empty.
const std::vector<InstructionSet>& instructionSets();

/// Throws std::invalid_argument, naming what there is, if this machine cannot run `name`.
const InstructionSet& instructionSet(const std::string& name);

}  // namespace longrun
