// A file that is there whole or not at all: it is written beside its place under another name, and moved there at the
// end. One process at a time may write a place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace wedlm {

class OutputFile {
 public:
  /// Opens PLACE.partial, empty. This and the others throw ResourceError naming the file and the system's reason.
  explicit OutputFile(const std::filesystem::path& place);
  /// Removes what was not committed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view text);
  void write(std::span<const std::byte> bytes);
  /// Moves the file to its place, in exchange for what stood there.
  void commit();

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path place_;
  std::filesystem::path partial_;
  int file_ = -1;
};

/// Such a file of this text.
void write_whole_file(const std::filesystem::path& place, std::string_view text);

}  // namespace wedlm
