// The mapping behind mapped_file.h. It outlives the file's number, and its name.
#include "mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace longrun {

void* mapFile(int file, size_t numBytes) {
  struct stat found;
  if (fstat(file, &found) != 0) throw std::system_error(errno, std::generic_category(), "fstat");
  if (static_cast<size_t>(found.st_size) != numBytes)
    throw std::invalid_argument("the file has " + std::to_string(found.st_size) + " bytes, not " +
                                std::to_string(numBytes));
  void* const data = mmap(nullptr, numBytes, PROT_READ, MAP_SHARED, file, 0);
  if (data == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  madvise(data, numBytes, MADV_RANDOM);  // a hint: what lies around a batch is not wanted
  return data;
}

void unmapFile(void* data, size_t numBytes) { munmap(data, numBytes); }

}  // namespace longrun
