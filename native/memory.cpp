// Blocks come straight from the system: zeroed, given back at once when released, and on huge pages, which
// spare most of the misses in the address translation that long strides over matrices cause.
#include "memory.h"

#include <sys/mman.h>

#include <map>
#include <mutex>

namespace longrun {
namespace {

constexpr size_t hugePageBytes = size_t{2} << 20;

struct Arenas {
  std::mutex mutex;
  std::map<const void*, std::shared_ptr<Block>> byAddress;
};

// Never destroyed: buffers may be released while the process is being torn down.
Arenas& arenas() {
  static Arenas* const all = new Arenas;
  return *all;
}

}  // namespace

Block::Block(int64_t numFloats) : numFloats_(numFloats) {
  const size_t bytes = static_cast<size_t>(numFloats) * sizeof(float);
  const bool huge = bytes >= hugePageBytes;
  mappingBytes_ = bytes + (huge ? hugePageBytes : static_cast<size_t>(alignmentBytes));
  mapping_ = mmap(nullptr, mappingBytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED) throw OutOfMemory(mappingBytes_);
  const uintptr_t unit = huge ? hugePageBytes : static_cast<uintptr_t>(alignmentBytes);
  data_ = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(mapping_) + unit - 1) / unit * unit);
#if defined(MADV_HUGEPAGE)
  if (huge) madvise(data_, bytes, MADV_HUGEPAGE);  // a hint: without it everything still works
#endif
}

Block::~Block() { munmap(mapping_, mappingBytes_); }

std::shared_ptr<Block> allocateArena(int64_t numFloats) {
  auto block = std::make_shared<Block>(numFloats);
  std::lock_guard<std::mutex> lock(arenas().mutex);
  arenas().byAddress[block->data()] = block;
  return block;
}

std::shared_ptr<Block> findArena(const void* data) {
  std::lock_guard<std::mutex> lock(arenas().mutex);
  const auto found = arenas().byAddress.find(data);
  return found == arenas().byAddress.end() ? nullptr : found->second;
}

void releaseArena(const void* data) {
  std::lock_guard<std::mutex> lock(arenas().mutex);
  arenas().byAddress.erase(data);
}

}  // namespace longrun
