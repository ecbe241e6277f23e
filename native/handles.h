// What JavaScript holds opaquely: programs and pools, each with a tag of its own.
#pragma once
#include "javascript.h"
#include "pool.h"
#include "program.h"

namespace longrun {

struct ProgramHandle {
  static constexpr napi_type_tag typeTag{0x6c6f6e6772756e00, 0x70726f6772616d00};
  Program program;
};

struct PoolHandle {
  static constexpr napi_type_tag typeTag{0x6c6f6e6772756e00, 0x706f6f6c00000000};
  Pool pool;
};

}  // namespace longrun
