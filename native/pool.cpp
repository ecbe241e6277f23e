// Threads that sleep between runs, and flush denormal numbers to zero: near 1e-38 arithmetic is up to a
// hundred times slower, and nothing in a training step depends on such numbers.
#include "pool.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace longrun {
namespace {

void flushDenormals() {
#if defined(__x86_64__)
  constexpr unsigned flushToZero = 0x8000, denormalsAreZero = 0x0040;
  _mm_setcsr(_mm_getcsr() | flushToZero | denormalsAreZero);
#elif defined(__aarch64__)
  uint64_t control;
  asm volatile("mrs %0, fpcr" : "=r"(control));
  asm volatile("msr fpcr, %0" : : "r"(control | (uint64_t{1} << 24)));
#endif
}

}  // namespace

Pool::Pool(int numThreads) : team_(numThreads) {
  try {
    for (int thread = 0; thread < numThreads; thread++)
      threads_.emplace_back([this, thread] { work(thread); });
  } catch (...) {
    stop();
    throw;
  }
}

Pool::~Pool() { stop(); }

void Pool::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  taskReady_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::run(const std::function<void(int)>& task) {
  std::unique_lock<std::mutex> lock(mutex_);
  task_ = &task;
  numWorking_ = team_.numThreads();
  numTasks_++;
  taskReady_.notify_all();
  taskDone_.wait(lock, [this] { return numWorking_ == 0; });
}

void Pool::work(int thread) {
  flushDenormals();
  uint64_t numSeen = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    taskReady_.wait(lock, [&] { return stopping_ || numTasks_ != numSeen; });
    if (stopping_) return;
    numSeen = numTasks_;
    const std::function<void(int)>& task = *task_;
    lock.unlock();
    task(thread);
    lock.lock();
    if (--numWorking_ == 0) taskDone_.notify_all();
  }
}

void Pool::reserve(const Scratch& need) {
  if (need.privateFloats > privateFloats_) {
    // Whole pages per thread, so that no two threads write to one cache line.
    const int64_t floats = (need.privateFloats + 1023) / 1024 * 1024;
    privateScratch_.reset();
    privateFloats_ = 0;
    privateScratch_ = std::make_unique<Block>(floats * team_.numThreads());
    privateFloats_ = floats;
  }
  if (!sharedScratch_ || need.sharedFloats > sharedScratch_->numFloats()) {
    sharedScratch_.reset();
    sharedScratch_ = std::make_unique<Block>(need.sharedFloats + alignmentFloats);
  }
}

float* Pool::privateScratch(int thread) const {
  return privateScratch_ ? privateScratch_->data() + thread * privateFloats_ : nullptr;
}

}  // namespace longrun
