// LibTorch's tensors to and from safetensors files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "wedlm/checkpoint/safetensors.h"
#include "wedlm/tensor/tensor.h"
#include "wedlm/train/torch/ranks.h"

namespace wedlm::train {

/// A copy, of the same type.
at::Tensor tensor_of(const ConstTensor& tensor);

struct TensorToWrite {
  std::string name;
  std::vector<std::int64_t> sizes;
  std::function<at::Tensor()> values;  // called once, when its turn comes: it may be made of what all ranks have
};

/// Writes tensors with their names in this order, rounded to that type. Throws as SafetensorsWriter. All ranks make
/// them, and the first one writes.
void write_tensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors, DType type,
                   const Ranks& ranks);

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
