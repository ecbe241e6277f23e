// Vectors of as many floats as the instruction set's registers hold, in the vector extensions that GCC and
// Clang share.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace longrun::LONGRUN_INSTRUCTION_SET {

#if defined(__AVX512F__)
constexpr int vectorBytes = 64, numRegisters = 32;
#elif defined(__AVX__)
constexpr int vectorBytes = 32, numRegisters = 16;
#elif defined(__aarch64__)
constexpr int vectorBytes = 16, numRegisters = 32;
#else
constexpr int vectorBytes = 16, numRegisters = 16;
#endif

/// Floats in a vector.
constexpr int lanes = vectorBytes / 4;

typedef float Vector __attribute__((vector_size(vectorBytes)));
typedef int32_t Integers __attribute__((vector_size(vectorBytes)));
typedef double Doubles __attribute__((vector_size(vectorBytes)));
typedef float HalfVector __attribute__((vector_size(vectorBytes / 2)));
// For memory: any address that a float may have.
typedef float VectorInMemory __attribute__((vector_size(vectorBytes), aligned(4), may_alias));
typedef float HalfVectorInMemory __attribute__((vector_size(vectorBytes / 2), aligned(4), may_alias));

#define LONGRUN_INLINE static inline __attribute__((always_inline))

LONGRUN_INLINE Vector load(const float* p) { return *reinterpret_cast<const VectorInMemory*>(p); }
LONGRUN_INLINE void store(float* p, Vector x) { *reinterpret_cast<VectorInMemory*>(p) = x; }
LONGRUN_INLINE Vector broadcast(float x) { return x - Vector{}; }

/// x where it is no NaN and below the limit; NaN stays NaN, so that a diverged run is seen.
LONGRUN_INLINE Vector atMost(Vector x, float limit) { return x > broadcast(limit) ? broadcast(limit) : x; }
LONGRUN_INLINE Vector atLeast(Vector x, float limit) { return x < broadcast(limit) ? broadcast(limit) : x; }
LONGRUN_INLINE Vector larger(Vector a, Vector b) { return a > b ? a : b; }

template <size_t... Lane>
LONGRUN_INLINE Integers laneNumbers(std::index_sequence<Lane...>) {
  return Integers{static_cast<int32_t>(Lane)...};
}
/// 0, 1, 2, ...
LONGRUN_INLINE Integers laneNumbers() { return laneNumbers(std::make_index_sequence<lanes>()); }

/// The first `count` < lanes floats at p; zero in the other lanes. Reads nothing beyond them.
LONGRUN_INLINE Vector loadFirst(const float* p, int64_t count) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
#elif defined(__AVX__)
  return _mm256_maskload_ps(
      p, reinterpret_cast<__m256i>(laneNumbers() < (static_cast<int32_t>(count) - Integers{})));
#else
  Vector x{};
  for (int64_t lane = 0; lane < count; lane++) x[lane] = p[lane];
  return x;
#endif
}

/// Stores the first `count` < lanes floats, and touches nothing beyond them.
LONGRUN_INLINE void storeFirst(float* p, Vector x, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), x);
#elif defined(__AVX__)
  _mm256_maskstore_ps(
      p, reinterpret_cast<__m256i>(laneNumbers() < (static_cast<int32_t>(count) - Integers{})), x);
#else
  for (int64_t lane = 0; lane < count; lane++) p[lane] = x[lane];
#endif
}

/// Calls body(index, io) for each vector of a row, the last one perhaps shorter: io.load and io.store know
/// how much of it there is.
struct WholeVector {
  LONGRUN_INLINE Vector load(const float* p) { return LONGRUN_INSTRUCTION_SET::load(p); }
  LONGRUN_INLINE void store(float* p, Vector x) { LONGRUN_INSTRUCTION_SET::store(p, x); }
};
struct PartOfVector {
  int64_t count;
  inline __attribute__((always_inline)) Vector load(const float* p) const { return loadFirst(p, count); }
  inline __attribute__((always_inline)) void store(float* p, Vector x) const { storeFirst(p, x, count); }
};
template <typename Body>
LONGRUN_INLINE void forEachVector(int64_t length, const Body& body) {
  int64_t i = 0;
  for (; i + lanes <= length; i += lanes) body(i, WholeVector{});
  if (i < length) body(i, PartOfVector{length - i});
}

template <int Distance, size_t... Lane>
LONGRUN_INLINE Vector exchange(Vector x, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(x, x, static_cast<int>(Lane ^ Distance)...);
}

/// Each lane gets the combination of all lanes, always in the same order.
template <int Distance = lanes / 2, typename Combine>
LONGRUN_INLINE Vector acrossLanes(Vector x, const Combine& combine) {
  x = combine(x, exchange<Distance>(x, std::make_index_sequence<lanes>()));
  if constexpr (Distance > 1) return acrossLanes<Distance / 2>(x, combine);
  else return x;
}
LONGRUN_INLINE float sumOfLanes(Vector x) {
  return acrossLanes(x, [](Vector a, Vector b) { return a + b; })[0];
}
LONGRUN_INLINE float largestLane(Vector x) { return acrossLanes(x, larger)[0]; }

/// Correctly rounded, unlike the processor's approximations.
LONGRUN_INLINE Vector squareRoot(Vector x) {
#if defined(__AVX512F__)
  return _mm512_maskz_sqrt_ps(0xffff, x);  // masked: GCC 12 warns about the plain one
#elif defined(__AVX__)
  return _mm256_sqrt_ps(x);
#else
  Vector y;
  for (int lane = 0; lane < lanes; lane++) y[lane] = __builtin_sqrtf(x[lane]);
  return y;
#endif
}

}  // namespace longrun::LONGRUN_INSTRUCTION_SET
