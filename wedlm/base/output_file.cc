#include "wedlm/base/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm {

OutputFile::OutputFile(const std::filesystem::path& place) : place_(place), partial_(place.string() + ".partial") {
  constexpr mode_t kReadableByAll = 0644;
  file_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kReadableByAll);
  if (file_ < 0) fail(errno);
}

OutputFile::~OutputFile() {
  if (file_ < 0) return;
  ::close(file_);
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

void OutputFile::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file_, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      fail(errno);
    }
  }
}

void OutputFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void OutputFile::commit() {
  // Some file systems say at the end that there was no room.
  if (::fsync(file_) != 0 || ::rename(partial_.c_str(), place_.c_str()) != 0) fail(errno);
  ::close(std::exchange(file_, -1));
}

void OutputFile::fail(int error) const {
  throw ResourceError("cannot write " + place_.string() + ": " + std::generic_category().message(error));
}

void write_whole_file(const std::filesystem::path& place, std::string_view text) {
  OutputFile file(place);
  file.write(text);
  file.commit();
}

}  // namespace wedlm
