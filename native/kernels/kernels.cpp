// All kernels for one instruction set. This file is compiled once per set, with the compiler's flags for it
// and LONGRUN_INSTRUCTION_SET as its name; everything but the set at the end is internal to that set's
// namespace.
#include "attention.h"
#include "attention_gradient.h"
#include "elementwise.h"
#include "embed.h"
#include "gelu.h"
#include "head_norm.h"
#include "loss.h"
#include "matmul.h"
#include "norm.h"
#include "optimiser.h"
#include "peak.h"
#include "reduction.h"
#include "rotary.h"
#include "swiglu.h"

#define LONGRUN_JOIN_EXPANDED(a, b) a##b
#define LONGRUN_JOIN(a, b) LONGRUN_JOIN_EXPANDED(a, b)

namespace longrun {
namespace LONGRUN_INSTRUCTION_SET {

constexpr Kernel allKernels[] = {
    addKernel,           adamwKernel,
    attentionKernel,     attentionGradientKernel,
    broadcastKernel,     embedKernel,
    embedGradientKernel, fillKernel,
    geluKernel,          geluGradientKernel,
    headLossKernel,      headLossGradientKernel,
    headNormKernel,      headNormGradientKernel,
    matmulKernel,        meanKernel,
    rmsNormKernel,       rmsNormGradientKernel,
    rotaryKernel,        sumOfSquaresKernel,
    swigluKernel,        swigluGradientKernel,
};

}  // namespace LONGRUN_INSTRUCTION_SET

extern const KernelSet LONGRUN_JOIN(kernels_, LONGRUN_INSTRUCTION_SET);

const KernelSet LONGRUN_JOIN(kernels_, LONGRUN_INSTRUCTION_SET) = {
    LONGRUN_INSTRUCTION_SET::allKernels,
    sizeof(LONGRUN_INSTRUCTION_SET::allKernels) / sizeof(Kernel),
    LONGRUN_INSTRUCTION_SET::peakFlops,
};

}  // namespace longrun
