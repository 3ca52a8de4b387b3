#include "wedlm/base/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/readable_file.h"

namespace wedlm {
namespace {

std::size_t size_of(const ReadableFile& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) throw_unreadable(path, errno);
  if (!S_ISREG(status.st_mode)) throw ResourceError("cannot read " + path.string() + ": it is not a regular file");
  return static_cast<std::size_t>(status.st_size);
}

/// One mapping, for whoever asks by address. Handlers read it without locks, so a path is never moved and only given
/// back with its mapping.
struct Mapping {
  std::atomic<const std::byte*> begin{nullptr};  // nullptr: the place is free
  std::atomic<std::size_t> size{0};
  std::atomic<const char*> path{nullptr};
};

constexpr std::size_t kMostNamed = 1024;  // a file that is mapped beyond these has no name in mapped_file_at()
std::array<Mapping, kMostNamed> mappings;
const std::byte taken{};  // a place that is being filled

int name_mapping(const std::byte* data, std::size_t size, const std::string& path) {
  auto copy = std::make_unique<char[]>(path.size() + 1);
  std::memcpy(copy.get(), path.c_str(), path.size() + 1);
  for (std::size_t i = 0; i < kMostNamed; ++i) {
    const std::byte* free = nullptr;
    if (!mappings[i].begin.compare_exchange_strong(free, &taken)) continue;
    mappings[i].path = copy.release();
    mappings[i].size = size;
    mappings[i].begin = data;
    return static_cast<int>(i);
  }
  return -1;
}

void forget_mapping(int place) {
  if (place < 0) return;
  Mapping& mapping = mappings[static_cast<std::size_t>(place)];
  mapping.size = 0;
  const std::unique_ptr<const char[]> path(mapping.path.exchange(nullptr));
  mapping.begin = nullptr;
}

/// nullptr where no file is mapped.
const Mapping* mapping_at(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (const Mapping& mapping : mappings) {
    const auto begin = reinterpret_cast<std::uintptr_t>(mapping.begin.load());
    if (begin != 0 && at >= begin && at - begin < mapping.size) return &mapping;
  }
  return nullptr;
}

}  // namespace

const char* mapped_file_at(const void* address) noexcept {
  const Mapping* mapping = mapping_at(address);
  return mapping == nullptr ? nullptr : mapping->path.load();
}

void give_back_pages(std::span<const std::byte> bytes) noexcept {
  const Mapping* mapping = mapping_at(bytes.data());
  if (mapping == nullptr) return;
  const auto page_bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::byte* begin = mapping->begin;  // of a page
  const std::size_t first = static_cast<std::size_t>(bytes.data() - begin) / page_bytes * page_bytes;
  const std::size_t end = std::min(static_cast<std::size_t>(bytes.data() - begin) + bytes.size(), mapping->size.load());
  ::madvise(const_cast<std::byte*>(begin) + first, end - first, MADV_DONTNEED);
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const ReadableFile file(path);
  size_ = size_of(file, path);
  if (size_ == 0) return;
  void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (data == MAP_FAILED) throw_unreadable(path, errno);
  data_ = static_cast<const std::byte*>(data);
  try {
    if (size_of(file, path) < size_) {
      throw ResourceError("cannot read " + path.string() + ": it became shorter while it was opened");
    }
    place_ = name_mapping(data_, size_, path.string());
  } catch (...) {
    ::munmap(data, size_);
    throw;
  }
}

MappedFile::~MappedFile() {
  forget_mapping(place_);
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      place_(std::exchange(other.place_, -1)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(place_, other.place_);
  return *this;
}

}  // namespace wedlm
