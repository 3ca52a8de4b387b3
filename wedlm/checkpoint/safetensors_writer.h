// Writes one safetensors file from front to back, its format being told in safetensors.h: what will stand in it is
// known from the beginning, the data comes piece by piece, so that it need not be in memory at one time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "wedlm/tensor/tensor.h"

namespace wedlm {

struct TensorPlan {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape{};
};

class SafetensorsWriter {
 public:
  /// Creates the file and writes its header, after which the data begins at a multiple of 64 bytes and the tensors
  /// follow each other without a hole, as they are listed. Throws InternalError where a tensor would not be aligned for
  /// its type; this and all below throw ResourceError naming the file where it cannot be written.
  SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorPlan>& tensors);
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  /// The next bytes of the data, of one tensor after the other.
  void write(std::span<const std::byte> bytes);
  /// Closes the file. Throws InternalError where the data is not whole.
  void finish();

  /// Of the whole file.
  std::int64_t file_bytes() const { return header_bytes_ + data_bytes_; }

 private:
  explicit SafetensorsWriter(const std::filesystem::path& path) : path_(path) {}

  void write_all(const void* data, std::size_t bytes);
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  int file_ = -1;
  std::int64_t header_bytes_ = 0;
  std::int64_t data_bytes_ = 0;
  std::int64_t num_written_ = 0;  // of the data
};

}  // namespace wedlm
