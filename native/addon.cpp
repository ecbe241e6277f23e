// The functions that JavaScript sees; README.md says what each does.
#include <sys/file.h>

#include <cerrno>
#include <climits>

#include "handles.h"
#include "instruction_sets.h"
#include "javascript.h"
#include "mapped_file.h"
#include "memory.h"
#include "peak.h"
#include "run.h"

namespace longrun {
namespace {

using javascript::Arguments;
using javascript::check;

napi_value listInstructionSets(napi_env env, Arguments&) {
  napi_value list;
  check(napi_create_array(env, &list));
  uint32_t index = 0;
  for (const InstructionSet& set : instructionSets()) {
    napi_value name;
    check(napi_create_string_utf8(env, set.name.c_str(), set.name.size(), &name));
    check(napi_set_element(env, list, index++, name));
  }
  return list;
}

napi_value allocate(napi_env env, Arguments& arguments) {
  const int64_t numFloats = arguments.next("numFloats").whole(1, mostFloats);
  const std::shared_ptr<Block> arena = allocateArena(numFloats);
  const napi_finalize release = [](napi_env, void* data, void*) { releaseArena(data); };
  napi_value buffer;
  const auto bytes = static_cast<size_t>(numFloats) * sizeof(float);
  if (napi_create_external_arraybuffer(env, arena->data(), bytes, release, nullptr, &buffer) != napi_ok) {
    releaseArena(arena->data());
    throw std::runtime_error("Node refuses an ArrayBuffer of " + std::to_string(bytes) + " bytes");
  }
  return buffer;
}

napi_value createPool(napi_env env, Arguments& arguments) {
  const auto numThreads = static_cast<int>(arguments.next("numThreads").whole(1, mostThreads));
  return javascript::createHandle(env, std::shared_ptr<PoolHandle>(new PoolHandle{Pool(numThreads)}));
}

napi_value load(napi_env env, Arguments& arguments) {
  std::vector<WrittenInstruction> written;
  for (const javascript::Value& each : arguments.next("instructions").elements())
    written.push_back({each.member("operation").text(), each.member("operands").numbers(),
                       each.member("attributes").numbers()});
  const int64_t numFloats = arguments.next("numFloats").whole(0, mostFloats);
  const InstructionSet& set = instructionSet(arguments.next("instructionSet").text());
  return javascript::createHandle(
      env, std::shared_ptr<ProgramHandle>(new ProgramHandle{Program(written, numFloats, set)}));
}

napi_value profile(napi_env env, Arguments& arguments) {
  const std::shared_ptr<ProgramHandle> handle = arguments.next("program").handle<ProgramHandle>();
  const size_t count = handle->program.instructions().size();
  napi_value buffer, array;
  void* data;
  check(napi_create_arraybuffer(env, count * sizeof(double), &data, &buffer));
  for (size_t index = 0; index < count; index++)
    static_cast<double*>(data)[index] = handle->program.seconds(index);
  check(napi_create_typedarray(env, napi_float64_array, count, buffer, 0, &array));
  return array;
}

napi_value peak(napi_env env, Arguments& arguments) {
  const InstructionSet& set = instructionSet(arguments.next("instructionSet").text());
  const std::shared_ptr<PoolHandle> handle = arguments.next("pool").handle<PoolHandle>();
  const double seconds = arguments.next("seconds").number();
  if (!(seconds > 0 && seconds <= 60)) throw std::invalid_argument("seconds is not between 0 and 60");
  napi_value flopsPerSecond;
  check(napi_create_double(env, measurePeak(*set.kernels, handle->pool, seconds), &flopsPerSecond));
  return flopsPerSecond;
}

napi_value lockFile(napi_env env, Arguments& arguments) {
  const auto file = static_cast<int>(arguments.next("file").whole(0, INT_MAX));
  const int kind = arguments.next("exclusive").whole(0, 1) == 1 ? LOCK_EX : LOCK_SH;
  const bool isTaken = flock(file, kind | LOCK_NB) == 0;
  napi_value answer;
  if (isTaken || errno == EWOULDBLOCK)
    check(napi_get_boolean(env, isTaken, &answer));
  else
    check(napi_get_null(env, &answer));
  return answer;
}

napi_value map(napi_env env, Arguments& arguments) {
  const auto file = static_cast<int>(arguments.next("file").whole(0, INT_MAX));
  const auto numBytes = static_cast<size_t>(arguments.next("numBytes").whole(1, int64_t{1} << 40));
  void* const data = mapFile(file, numBytes);
  const napi_finalize release = [](napi_env, void* mapped, void* length) {
    unmapFile(mapped, reinterpret_cast<size_t>(length));
  };
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, data, numBytes, release, reinterpret_cast<void*>(numBytes),
                                       &buffer) != napi_ok) {
    unmapFile(data, numBytes);
    throw std::runtime_error("Node refuses an ArrayBuffer of " + std::to_string(numBytes) + " bytes");
  }
  return buffer;
}

struct Function {
  const char* name;
  napi_callback callback;
};

constexpr Function functions[] = {
    {"instructionSets", javascript::function<listInstructionSets>},
    {"allocate", javascript::function<allocate>},
    {"createPool", javascript::function<createPool>},
    {"load", javascript::function<load>},
    {"run", javascript::function<startRun>},
    {"profile", javascript::function<profile>},
    {"peak", javascript::function<peak>},
    {"lockFile", javascript::function<lockFile>},
    {"mapFile", javascript::function<map>},
};

}  // namespace
}  // namespace longrun

NAPI_MODULE_INIT() {
  for (const longrun::Function& function : longrun::functions) {
    napi_value value;
    if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, nullptr, &value) !=
            napi_ok ||
        napi_set_named_property(env, exports, function.name, value) != napi_ok)
      return nullptr;
  }
  return exports;
}
