// The measured multiply-add peak of a pool.
#pragma once
#include "kernel.h"
#include "pool.h"

namespace longrun {

/// FLOP/s of all threads together, over about `seconds`. Throws std::runtime_error if the pool is busy.
double measurePeak(const KernelSet& kernels, Pool& pool, double seconds);

}  // namespace longrun
