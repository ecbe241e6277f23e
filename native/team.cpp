// A barrier that spins for a moment and then sleeps, so that a core taken by another process costs one wake-up and not a collapse;
// and tiles shared out as contiguous ranges that idle threads help to finish.
#include "team.h"

#include <chrono>
#include <thread>

#include "kernel.h"

namespace longrun {
namespace {

// Longer than the spread between two threads on free cores, shorter than a scheduler's time slice.
constexpr auto longestSpin = std::chrono::microseconds(60);

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Team::Team(int numThreads)
    : numThreads_(numThreads),
      // With more threads than cores a spinning thread only keeps the one it waits for off the core.
      spins_(static_cast<unsigned>(numThreads) <= std::thread::hardware_concurrency()),
      shares_(new Share[static_cast<size_t>(numThreads)]) {}

void Team::reset() {
  for (int i = 0; i < numThreads_; i++) shares_[i].numClaimed = 0;
  goesOn_ = true;
  failed_ = false;
  failure_.clear();
}

int64_t Team::claim(int thread, int64_t numTiles) {
  for (int step = 0; step < numThreads_; step++) {
    const int owner = (thread + step) % numThreads_;
    const int64_t begin = numTiles * owner / numThreads_, end = numTiles * (owner + 1) / numThreads_;
    const int64_t tile = begin + shares_[owner].numClaimed.fetch_add(1, std::memory_order_relaxed);
    if (tile < end) return tile;
  }
  return -1;
}

void Team::completeBarrier() {
  for (int i = 0; i < numThreads_; i++) shares_[i].numClaimed.store(0, std::memory_order_relaxed);
  goesOn_ = !failed_;
}

bool Team::synchronise() {
  if (numThreads_ == 1) {
    completeBarrier();
    return goesOn_;
  }
  const uint64_t generation = generation_.load();
  if (numArrived_.fetch_add(1) + 1 == numThreads_) {
    numArrived_ = 0;
    completeBarrier();
    generation_ = generation + 1;
    // Sequentially consistent: either this load sees the sleeper, or the sleeper sees the new generation before it waits.
    if (numAsleep_ > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wakeUp_.notify_all();
    }
    return goesOn_;
  }
  if (spins_) {
    const auto start = std::chrono::steady_clock::now();
    do {
      for (int i = 0; i < 32; i++) {
        if (generation_.load(std::memory_order_acquire) != generation) return goesOn_;
        pause();
      }
    } while (std::chrono::steady_clock::now() - start < longestSpin);
  }
  numAsleep_++;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    wakeUp_.wait(lock, [&] { return generation_ != generation; });
  }
  numAsleep_--;
  return goesOn_;
}

void Team::fail(const std::string& reason) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failed_) return;
  failure_ = reason;
  failed_ = true;
}

int64_t claimTile(const Call& call, int64_t numTiles) { return call.team->claim(call.thread, numTiles); }

void synchronise(const Call& call) { call.team->synchronise(); }

void rejectToken(const Call& call, int64_t row, int64_t token, int64_t vocabulary) {
  call.team->fail("token id " + std::to_string(token) + " at row " + std::to_string(row) + " is outside 0 ... " +
                  std::to_string(vocabulary - 1));
}

}  // namespace longrun
