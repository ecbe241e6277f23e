// A file's bytes as memory: read when they are touched, and shared by all processes that map the file.
#pragma once
#include <cstddef>

namespace longrun {

/// Maps an open file of exactly `numBytes`, to be read in no order. Throws std::invalid_argument where it is
/// shorter or longer, std::system_error where the system refuses. Never write to it. A file that is cut short
/// while it is mapped ends the process by SIGBUS when what is gone is read.
void* mapFile(int file, size_t numBytes);
void unmapFile(void* data, size_t numBytes);

}  // namespace longrun
