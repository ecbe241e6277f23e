// The threads that run one program together: a barrier, the sharing out of tiles, and the first failure.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace longrun {

class Team {
 public:
  explicit Team(int numThreads);

  int numThreads() const { return numThreads_; }

  /// Makes the team ready for a new run. Only while no thread of it is at work.
  void reset();

  int64_t claim(int thread, int64_t numTiles);

  /// Returns false, to every thread alike, once a failure was reported before this barrier.
  bool synchronise(int thread);

  /// Remembers the first failure; the run ends at the next barrier.
  void fail(const std::string& reason);

  bool failed() const { return failed_.load(); }
  std::string failure() const { return failure_; }

 private:
  void completeBarrier();
  /// Whether a thread that has not arrived at the barrier was last seen on this core.
  bool waitsForOwnCore(uint64_t generation, int thread, int core) const;
  /// False if it gave up.
  bool spinUntilAfter(uint64_t generation, int thread, int core) const;
  void sleepUntilAfter(uint64_t generation);

  // A cache line each, so that claiming a tile does not disturb the neighbour.
  struct alignas(64) Member {
    std::atomic<int64_t> numClaimed{0};  // tiles of this thread's share
    std::atomic<uint64_t> arrived{0};    // barriers this thread has come to
    std::atomic<int> core{-1};           // where it ran at the last one
  };

  const int numThreads_;
  const bool spins_;
  std::unique_ptr<Member[]> members_;

  alignas(64) std::atomic<int> numArrived_{0};
  alignas(64) std::atomic<uint64_t> generation_{0};
  std::atomic<int> numAsleep_{0};
  bool goesOn_ = true;  // written in the barrier by its last thread, so that all read the same value after it
  std::mutex mutex_;
  std::condition_variable wakeUp_;

  std::atomic<bool> failed_{false};
  std::string failure_;
};

}  // namespace longrun
