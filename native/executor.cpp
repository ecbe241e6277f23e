// All threads walk through the same instructions, with a barrier after each: an instruction sees everything
// before it complete.
#include "executor.h"

#include <chrono>

namespace longrun {
namespace {

double secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void runOneThread(Program& program, const Block& arena, Pool& pool, int thread, size_t& numDone) {
  double started = secondsNow();
  for (size_t index = 0; index < program.instructions().size(); index++) {
    const Instruction& instruction = program.instructions()[index];
    float* operands[mostOperands] = {};
    for (size_t i = 0; i < instruction.offsets.size(); i++)
      operands[i] = instruction.offsets[i] < 0 ? nullptr : arena.data() + instruction.offsets[i];
    const Call call{operands,
                    instruction.attributes.data(),
                    instruction.constants ? instruction.constants->data() : nullptr,
                    pool.sharedScratch(),
                    &pool.team(),
                    pool.privateScratch(thread),
                    thread};
    instruction.kernel->run(call);
    const bool goesOn = pool.team().synchronise(thread);
    if (thread == 0) {
      const double now = secondsNow();
      program.addSeconds(index, now - started);
      started = now;
      numDone = index;
    }
    if (!goesOn) return;
  }
}

}  // namespace

std::string execute(Program& program, const Block& arena, Pool& pool) {
  pool.team().reset();
  size_t numDone = 0;
  pool.run([&](int thread) { runOneThread(program, arena, pool, thread, numDone); });
  if (!pool.team().failed()) return {};
  const std::string name = program.instructions()[numDone].kernel->name;
  return "instruction " + std::to_string(numDone) + " (" + name + "): " + pool.team().failure();
}

}  // namespace longrun
