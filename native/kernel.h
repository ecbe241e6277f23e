// The interface between programs and the kernels of one instruction set: plain data and declarations only. An
// inline function here would be compiled with AVX-512 in one unit, and the linker might pick that copy for a
// machine that does not have it.
#pragma once
#include <cstdint>

namespace longrun {

class Team;

/// One instruction as one thread sees it. Every thread of the team gets the same call but for the last two
/// members.
struct Call {
  float* const* operand;    // in the kernel's order; null where an optional operand is left out
  const double* attribute;  // in the kernel's order
  const float* constants;   // what was computed at load (rotary: cosines and sines); else null
  float* sharedScratch;     // one for the team
  Team* team;
  float* privateScratch;  // this thread's alone
  int thread;
};

/// Working memory that a kernel needs, in floats. It depends on the shapes alone.
struct Scratch {
  int64_t privateFloats;
  int64_t sharedFloats;
};

/// The next tile of 0 ... numTiles - 1 for this thread, or -1 when none is left. A thread first takes the
/// tiles of its own contiguous share (they are warm in its cache), then helps the others. Two loops over
/// tiles need `synchronise` between them.
int64_t claimTile(const Call& call, int64_t numTiles);

/// Waits for the whole team; what any thread wrote before is seen by all after.
void synchronise(const Call& call);

/// Ends the run after this instruction: `token` at `row` is no id of a vocabulary of `vocabulary`.
void rejectToken(const Call& call, int64_t row, int64_t token, int64_t vocabulary);

/// A count that sticks at a value larger than any memory instead of overflowing.
struct Count {
  int64_t value;
};
Count operator*(Count a, Count b);
Count operator+(Count a, Count b);

enum class Role { input, optionalInput, inPlace, output };

struct Operand {
  const char* name;
  Role role;
  /// Number of four-byte elements, from the attributes (those that are no sizes count as 0 here).
  Count (*extent)(const Count* size);
  /// An output may be the storage of these operands (the very same, never a part of it). No other overlap is
  /// allowed.
  const char* mayShare[2];
};

enum class Kind {
  size,      // a whole number, at least 1
  flag,      // 0 or 1
  sign,      // 1 or -1
  positive,  // finite and > 0
  real,      // finite
};

struct Attribute {
  const char* name;
  Kind kind;
};

constexpr int mostOperands = 8, mostAttributes = 7;

/// All that the native side knows of an operation: what `load` checks, and what a run calls.
struct Kernel {
  const char* name;
  Operand operands[mostOperands];        // inputs, then outputs; the first without a name ends them
  Attribute attributes[mostAttributes];  // likewise
  void (*run)(const Call& call);
  /// Null where no working memory is needed.
  Scratch (*scratch)(const double* attribute) = nullptr;
  /// A sentence on what is wrong between attributes that are right one by one; null if nothing is, or nothing
  /// can be.
  const char* (*conflict)(const double* attribute) = nullptr;
  /// Whether Call::constants holds cosines and sines of the positions.
  bool usesRotaryAngles = false;
};

/// Everything that is compiled once per instruction set.
struct KernelSet {
  const Kernel* kernels;
  int numKernels;
  double (*peakFlops)(
      int64_t rounds);  // does `rounds` rounds of multiply-adds in registers; returns the FLOPs done
};

}  // namespace longrun
