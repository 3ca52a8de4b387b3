#include "wedlm/base/readable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "wedlm/base/error.h"

namespace wedlm {

ReadableFile::ReadableFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) throw_unreadable(path, errno);
}

ReadableFile::~ReadableFile() {
  ::close(descriptor_);
}

void throw_unreadable(const std::filesystem::path& path, int error) {
  throw ResourceError("cannot read " + path.string() + ": " + std::generic_category().message(error));
}

}  // namespace wedlm
