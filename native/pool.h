// A pool of threads of the engine's own, with their working memory.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "kernel.h"
#include "memory.h"
#include "team.h"

namespace longrun {

constexpr int mostThreads = 256;

class Pool {
 public:
  explicit Pool(int numThreads);
  /// Lets the threads finish what they do, and joins them.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  Team& team() { return team_; }

  /// Runs task(thread) on every thread; returns when all of them are done.
  void run(const std::function<void(int)>& task);

  /// Takes the pool for one run; false if another run has it.
  bool tryAcquire() { return !busy_.exchange(true); }
  void release() { busy_ = false; }

  /// Grows the working memory to at least `need`; never shrinks it. Throws std::bad_alloc.
  void reserve(const Scratch& need);
  float* privateScratch(int thread) const;
  float* sharedScratch() const { return sharedScratch_ ? sharedScratch_->data() : nullptr; }

 private:
  void work(int thread);
  void stop();

  Team team_;
  std::atomic<bool> busy_{false};

  std::mutex mutex_;
  std::condition_variable taskReady_, taskDone_;
  const std::function<void(int)>* task_ = nullptr;
  uint64_t numTasks_ = 0;
  int numWorking_ = 0;
  bool stopping_ = false;

  int64_t privateFloats_ = 0;
  std::unique_ptr<Block> privateScratch_, sharedScratch_;
  std::vector<std::thread> threads_;
};

}  // namespace longrun
