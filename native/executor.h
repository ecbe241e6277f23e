// Runs a program once on a pool.
#pragma once
#include <string>

#include "memory.h"
#include "pool.h"
#include "program.h"

namespace longrun {

/// Returns an empty string, or why the run ended early. The caller has acquired the pool and the program, has
/// checked that the arena is large enough, and has reserved the program's scratch. Blocks until every thread
/// is done.
std::string execute(Program& program, const Block& arena, Pool& pool);

}  // namespace longrun
