// `run` as seen from JavaScript: a promise that settles when the pool's threads are done.
#pragma once
#include "javascript.h"

namespace longrun {

/// Arguments program, arena, pool. Always returns a promise: what is wrong with the arguments rejects it too.
napi_value startRun(napi_env env, javascript::Arguments& arguments);

}  // namespace longrun
