// One safetensors file: its header, checked whole before anything is used, and the tensors as views into the mapped
// bytes. It knows neither which tensors a model needs nor that a checkpoint may have several such files.
//
// Format (github.com/huggingface/safetensors, "Format"): 8 bytes N, little-endian; N bytes of JSON,
// {"name": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {"key": "value"}};
// then the data, which the ranges cover without overlap or hole, counted from the end of the header. Nothing is aligned
// to more than a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/mapped_file.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

struct NamedTensor {
  std::string name;
  std::string type;            // as the file calls it: "BF16", "I64", or a name that is newer than this reader
  std::int64_t num_bytes = 0;  // of its data
  ConstTensor tensor{};        // rank 1 to 3, no dimension 0, contiguous, and not always aligned for its type
  std::string unusable{};      // why `tensor` is empty: "has the type I64, ...". A file may hold more than weights
};

/// Parses a whole safetensors file that lies in memory. The views point into `bytes`. Tensors come in the order of
/// their data. `what` names the file in messages. What the format allows is not refused here: other types than F32,
/// F16, BF16 and U8, other ranks and empty tensors are unusable, which matters to whoever needs that tensor.
/// Throws InvalidInput, naming the tensor where there is one, for a file that breaks the format.
std::vector<NamedTensor> parse_safetensors(std::span<const std::byte> bytes, std::string_view what);

class SafetensorsFile {
 public:
  /// Throws ResourceError where the file cannot be read, and InvalidInput as parse_safetensors() does.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  /// In the order of their data; the views live as long as this object.
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<NamedTensor> tensors_;
};

}  // namespace wedlm
