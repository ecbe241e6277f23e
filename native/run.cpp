// One of Node's background threads waits for the pool, so that the event loop stays free and Node knows of
// the work under way: it neither ends before it nor tears anything down beneath it.
#include "run.h"

#include "executor.h"
#include "handles.h"

namespace longrun {
namespace {

/// Everything a run uses. It holds a share of each, so that nothing is released under the threads.
struct Run {
  std::shared_ptr<ProgramHandle> program;
  std::shared_ptr<Block> arena;
  std::shared_ptr<PoolHandle> pool;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
  std::string failure;
};

template <typename T>
class Hold {
 public:
  Hold(T& what, const char* name) : what_(what) {
    if (!what.tryAcquire())
      throw std::runtime_error(std::string("the ") + name + " is busy with another run: await it first");
  }
  ~Hold() {
    if (!keeps_) what_.release();
  }
  void keep() { keeps_ = true; }

 private:
  T& what_;
  bool keeps_ = false;
};

void settle(napi_env env, napi_deferred deferred, const std::string& failure, const char* code = nullptr) {
  napi_value undefined;
  javascript::check(napi_get_undefined(env, &undefined));
  if (failure.empty()) javascript::check(napi_resolve_deferred(env, deferred, undefined));
  else javascript::check(napi_reject_deferred(env, deferred, javascript::createError(env, failure, code)));
}

void executeRun(napi_env, void* data) {
  Run& run = *static_cast<Run*>(data);
  try {
    run.failure = execute(run.program->program, *run.arena, run.pool->pool);
  } catch (const std::exception& error) {
    run.failure = error.what();
  }
}

void completeRun(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Run> run(static_cast<Run*>(data));
  run->program->program.release();
  run->pool->pool.release();
  napi_delete_async_work(env, run->work);
  try {
    settle(env, run->deferred, run->failure);
  } catch (const std::exception&) {
    // The environment is being torn down: nobody waits for the promise any more.
  }
}

std::shared_ptr<Block> arenaFor(const Program& program, std::pair<void*, size_t> buffer) {
  std::shared_ptr<Block> arena = findArena(buffer.first);
  if (!arena) throw std::invalid_argument("arena is not a buffer from allocate()");
  if (arena->numFloats() < program.numFloats())
    throw std::invalid_argument("arena has " + std::to_string(arena->numFloats()) +
                                " floats, but the program was loaded for " +
                                std::to_string(program.numFloats()));
  return arena;
}

void start(napi_env env, javascript::Arguments& arguments, napi_deferred deferred) {
  auto run = std::make_unique<Run>();
  run->deferred = deferred;
  run->program = arguments.next("program").handle<ProgramHandle>();
  const auto buffer = arguments.next("arena").buffer();
  run->pool = arguments.next("pool").handle<PoolHandle>();
  run->arena = arenaFor(run->program->program, buffer);

  Hold<Pool> pool(run->pool->pool, "pool");
  Hold<Program> program(run->program->program, "program");
  run->pool->pool.reserve(run->program->program.scratch());
  napi_value name;
  javascript::check(napi_create_string_utf8(env, "longrun.run", NAPI_AUTO_LENGTH, &name));
  javascript::check(
      napi_create_async_work(env, nullptr, name, executeRun, completeRun, run.get(), &run->work));
  javascript::check(napi_queue_async_work(env, run->work));
  pool.keep();
  program.keep();
  run.release();
}

}  // namespace

napi_value startRun(napi_env env, javascript::Arguments& arguments) {
  napi_deferred deferred;
  napi_value promise;
  javascript::check(napi_create_promise(env, &deferred, &promise));
  try {
    start(env, arguments, deferred);
  } catch (const std::exception& error) {
    settle(env, deferred, error.what(), javascript::codeOf(error));
  }
  return promise;
}

}  // namespace longrun
