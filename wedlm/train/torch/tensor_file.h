// LibTorch's tensors to and from safetensors files.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "wedlm/checkpoint/safetensors.h"
#include "wedlm/tensor/tensor.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// A copy, of the same type.
at::Tensor tensor_of(const ConstTensor& tensor);

/// Writes tensors with their names in this order, rounded to that type. Throws as SafetensorsWriter.
void write_tensors(const std::filesystem::path& path, const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                   DType type);

class TensorFile {
 public:
  explicit TensorFile(const std::filesystem::path& path) : file_(path) {}

  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// A copy. Throws InvalidInput naming file and tensor where there is none of that name, or none of the shape of
  /// `like`.
  at::Tensor tensor(const std::string& name, const at::Tensor& like) const;

 private:
  const NamedTensor* find(const std::string& name) const;

  SafetensorsFile file_;
};

}  // namespace wedlm::train
