// Writes one GGUF file, version 3 (ggml's docs/gguf.md), from front to back: what stands in it is known from the
// beginning, the data comes piece by piece. The file is there whole or not at all (base/output_file.h).
//
//   "GGUF", version, number of tensors, number of metadata   u32 u32 u64 u64
//   each metadata: its key, the type of its value, the value   text u32 ...
//   each tensor: name, number of dimensions, these from the innermost out, type, offset of its data   text u32 u64...
//   u32 u64 from a multiple of 32 bytes on the data, each tensor at a multiple of 32
//
// All numbers are little-endian, and a text is its length (u64) and its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "wedlm/base/output_file.h"
#include "wedlm/gguf/gguf_type.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

using GgufValue =
    std::variant<std::uint32_t, float, bool, std::string, std::vector<std::string>, std::vector<std::int32_t>>;

struct GgufMetadata {
  std::string key;
  GgufValue value;
};

struct GgufTensor {
  std::string name;
  GgufType type = GgufType::kF32;
  Shape shape{};  // outermost first
};

class GgufWriter {
 public:
  /// Creates the file and writes all that is before the data. This and the others throw ResourceError naming the file
  /// where it cannot be written.
  GgufWriter(const std::filesystem::path& path, const std::vector<GgufMetadata>& metadata,
             const std::vector<GgufTensor>& tensors);

  /// The next bytes of the tensor whose turn it is.
  void write(std::span<const std::byte> bytes);
  /// Moves the file to its place. Throws InternalError where the data is not whole.
  void commit();

  /// Of all tensors, without what is between them.
  std::int64_t data_bytes() const;

 private:
  OutputFile file_;
  std::vector<std::int64_t> tensor_bytes_;
  std::size_t tensor_ = 0;        // whose turn it is
  std::int64_t num_written_ = 0;  // of it
};

}  // namespace wedlm
