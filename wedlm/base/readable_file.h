// A file that is open to be read.
#pragma once

#include <filesystem>

namespace wedlm {

class ReadableFile {
 public:
  /// Throws ResourceError naming the path and the system's reason.
  explicit ReadableFile(const std::filesystem::path& path);
  ~ReadableFile();
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Throws the ResourceError of a file that cannot be read: `error` is an errno.
[[noreturn]] void throw_unreadable(const std::filesystem::path& path, int error);

}  // namespace wedlm
