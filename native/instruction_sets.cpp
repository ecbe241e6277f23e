// Asks the processor (and the operating system, which must save the wide registers) what it can run.
#include "instruction_sets.h"

#include <stdexcept>

namespace longrun {

#if defined(__x86_64__)
extern const KernelSet kernels_avx512, kernels_avx2, kernels_baseline;
#elif defined(__aarch64__)
extern const KernelSet kernels_neon;
#else
extern const KernelSet kernels_baseline;
#endif

namespace {

std::vector<InstructionSet> detect() {
  std::vector<InstructionSet> sets;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (fma && avx512) sets.push_back({"avx512", &kernels_avx512});
  if (fma) sets.push_back({"avx2", &kernels_avx2});
  sets.push_back({"baseline", &kernels_baseline});
#elif defined(__aarch64__)
  sets.push_back({"neon", &kernels_neon});
#else
  sets.push_back({"baseline", &kernels_baseline});
#endif
  return sets;
}

}  // namespace

const std::vector<InstructionSet>& instructionSets() {
  static const std::vector<InstructionSet> sets = detect();
  return sets;
}

const InstructionSet& instructionSet(const std::string& name) {
  std::string known;
  for (const InstructionSet& set : instructionSets()) {
    if (set.name == name) return set;
    known += (known.empty() ? "" : ", ") + set.name;
  }
  throw std::invalid_argument("instruction set '" + name + "' cannot run here; this machine has: " + known);
}

}  // namespace longrun
