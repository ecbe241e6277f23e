// A barrier that spins for a moment and then sleeps, so that a core taken by another process costs one
// wake-up and not a collapse. A thread does not spin at all if it runs on the very core that the thread it
// waits for was last on. Tiles are shared out as contiguous ranges that idle threads help to finish.
#include "team.h"

#if defined(__linux__)
#include <sched.h>
#endif

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

/// The core that the calling thread runs on, or -1 where the system does not say.
int currentCore() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

}  // namespace

Team::Team(int numThreads)
    : numThreads_(numThreads),
      // With more threads than cores a spinning thread only keeps the one it waits for off the core.
      spins_(static_cast<unsigned>(numThreads) <= std::thread::hardware_concurrency()),
      members_(new Member[static_cast<size_t>(numThreads)]) {}

void Team::reset() {
  for (int i = 0; i < numThreads_; i++) members_[i].numClaimed = 0;
  goesOn_ = true;
  failed_ = false;
  failure_.clear();
}

int64_t Team::claim(int thread, int64_t numTiles) {
  for (int step = 0; step < numThreads_; step++) {
    const int owner = (thread + step) % numThreads_;
    const int64_t begin = numTiles * owner / numThreads_, end = numTiles * (owner + 1) / numThreads_;
    const int64_t tile = begin + members_[owner].numClaimed.fetch_add(1, std::memory_order_relaxed);
    if (tile < end) return tile;
  }
  return -1;
}

void Team::completeBarrier() {
  for (int i = 0; i < numThreads_; i++) members_[i].numClaimed.store(0, std::memory_order_relaxed);
  goesOn_ = !failed_;
}

bool Team::synchronise(int thread) {
  if (numThreads_ == 1) {
    completeBarrier();
    return goesOn_;
  }
  const uint64_t generation = generation_.load();
  const int core = currentCore();
  members_[thread].core.store(core, std::memory_order_relaxed);
  members_[thread].arrived.store(generation + 1, std::memory_order_relaxed);
  if (numArrived_.fetch_add(1) + 1 == numThreads_) {
    numArrived_ = 0;
    completeBarrier();
    generation_ = generation + 1;
    // Sequentially consistent: either this load sees the sleeper, or the sleeper sees the new generation
    // before it waits.
    if (numAsleep_ > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wakeUp_.notify_all();
    }
    return goesOn_;
  }
  if (!spinUntilAfter(generation, thread, core)) sleepUntilAfter(generation);
  return goesOn_;
}

bool Team::waitsForOwnCore(uint64_t generation, int thread, int core) const {
  if (core < 0) return false;
  for (int other = 0; other < numThreads_; other++) {
    const bool missing = members_[other].arrived.load(std::memory_order_relaxed) == generation;
    if (other != thread && missing && members_[other].core.load(std::memory_order_relaxed) == core)
      return true;
  }
  return false;
}

bool Team::spinUntilAfter(uint64_t generation, int thread, int core) const {
  if (!spins_ || waitsForOwnCore(generation, thread, core)) return false;
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 32; i++) {
      if (generation_.load(std::memory_order_acquire) != generation) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() - start < longestSpin);
  return false;
}

void Team::sleepUntilAfter(uint64_t generation) {
  numAsleep_++;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    wakeUp_.wait(lock, [&] { return generation_ != generation; });
  }
  numAsleep_--;
}

void Team::fail(const std::string& reason) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failed_) return;
  failure_ = reason;
  failed_ = true;
}

int64_t claimTile(const Call& call, int64_t numTiles) { return call.team->claim(call.thread, numTiles); }

void synchronise(const Call& call) { call.team->synchronise(call.thread); }

void rejectToken(const Call& call, int64_t row, int64_t token, int64_t vocabulary) {
  call.team->fail("token id " + std::to_string(token) + " at row " + std::to_string(row) +
                  " is outside 0 ... " + std::to_string(vocabulary - 1));
}

}  // namespace longrun
