// Large zeroed blocks of memory, 64-byte aligned, on huge pages where the system offers them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>

namespace longrun {

constexpr int64_t alignmentBytes = 64;
constexpr int64_t alignmentFloats = alignmentBytes / 4;
/// 4 TiB: far above any machine, far below where sums of sizes could overflow.
constexpr int64_t mostFloats = int64_t{1} << 40;

class OutOfMemory : public std::bad_alloc {
 public:
  explicit OutOfMemory(size_t bytes)
      : message_("not enough memory for a block of " + std::to_string(bytes) + " bytes") {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

class Block {
 public:
  /// Throws OutOfMemory where the system has not that much.
  explicit Block(int64_t numFloats);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  float* data() const { return data_; }
  int64_t numFloats() const { return numFloats_; }

 private:
  void* mapping_ = nullptr;
  size_t mappingBytes_ = 0;
  float* data_ = nullptr;
  int64_t numFloats_ = 0;
};

/// A block that JavaScript also holds, through an ArrayBuffer; a run keeps its own share, whatever becomes of
/// the buffer meanwhile.
std::shared_ptr<Block> allocateArena(int64_t numFloats);

/// The arena that starts at `data`, or null: memory that `allocateArena` did not hand out, or that was
/// released.
std::shared_ptr<Block> findArena(const void* data);

/// Gives up JavaScript's share.
void releaseArena(const void* data);

}  // namespace longrun
