// Each thread does rounds of multiply-adds until the time is up; the peak is what all of them did, over the
// time it took.
#include "peak.h"

#include <atomic>
#include <chrono>
#include <stdexcept>

namespace longrun {

double measurePeak(const KernelSet& kernels, Pool& pool, double seconds) {
  using Clock = std::chrono::steady_clock;
  // About 10 microseconds: short beside any sensible measurement, long beside reading the clock.
  constexpr int64_t roundsAtOnce = 2048;
  if (!pool.tryAcquire()) throw std::runtime_error("the pool is busy with a run: await it first");
  std::atomic<double> flops{0};
  const auto secondsSince = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto start = Clock::now();
  pool.run([&](int) {
    double own = 0;
    do own += kernels.peakFlops(roundsAtOnce);
    while (secondsSince(start) < seconds);
    double sum = flops.load();
    while (!flops.compare_exchange_weak(sum, sum + own)) {
    }
  });
  const double elapsed = secondsSince(start);
  pool.release();
  return flops.load() / elapsed;
}

}  // namespace longrun
