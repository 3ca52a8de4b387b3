// A file mapped into memory to be read. The pages are the system's: they cost no memory of ours until touched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace wedlm {

class MappedFile {
 public:
  /// Throws ResourceError naming the path and the system's reason (not found, permission, a folder), and where the file
  /// becomes shorter in between.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int place_ = -1;  // in the list that mapped_file_at() reads
};

/// The path of the mapped file that has a page at this address, and nullptr where there is none. A signal handler may
/// ask: a page whose file has been cut since it was mapped raises SIGBUS when it is read, and no call can say so.
const char* mapped_file_at(const void* address) noexcept;

/// Says that these bytes of a mapped file are not needed for now: their pages no longer count as memory of this
/// process, and come from the file again where they are read once more. Whole pages: those at the ends go with what
/// else they hold. Nothing happens to bytes that are not in a mapped file.
void give_back_pages(std::span<const std::byte> bytes) noexcept;

}  // namespace wedlm
