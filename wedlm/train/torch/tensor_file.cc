#include "wedlm/train/torch/tensor_file.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>

#include "wedlm/base/error.h"
#include "wedlm/checkpoint/safetensors_writer.h"

namespace wedlm::train {
namespace {

using at::Tensor;

at::ScalarType scalar_type(DType type) {
  switch (type) {
    case DType::kF32:
      return at::kFloat;
    case DType::kF16:
      return at::kHalf;
    case DType::kBF16:
      return at::kBFloat16;
    case DType::kU8:
      return at::kByte;
    case DType::kI8:
      return at::kChar;
  }
  throw InternalError("an element type without a name");
}

std::vector<std::int64_t> sizes_of(const Shape& shape) {
  std::vector<std::int64_t> sizes;
  for (int i = 0; i < shape.rank(); ++i) sizes.push_back(shape[i]);
  return sizes;
}

Shape shape_of(const std::vector<std::int64_t>& sizes) {
  switch (sizes.size()) {
    case 1:
      return {sizes[0]};
    case 2:
      return {sizes[0], sizes[1]};
    case 3:
      return {sizes[0], sizes[1], sizes[2]};
    default:
      throw InternalError("a weight of " + std::to_string(sizes.size()) + " dimensions");
  }
}

}  // namespace

Tensor tensor_of(const ConstTensor& tensor) {
  Tensor copy = at::empty(sizes_of(tensor.shape()), scalar_type(tensor.dtype()));
  std::memcpy(copy.data_ptr(), tensor.data(), copy.nbytes());
  return copy;
}

void write_tensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors, DType type,
                   const Ranks& ranks) {
  std::optional<SafetensorsWriter> writer;
  if (ranks.is_first()) {
    std::vector<TensorPlan> plan;
    for (const auto& one : tensors) plan.push_back({.name = one.name, .dtype = type, .shape = shape_of(one.sizes)});
    writer.emplace(path, plan);
  }
  for (const TensorToWrite& one : tensors) {
    const Tensor values = one.values();
    if (!writer) continue;
    const Tensor rounded = values.to(at::kCPU, scalar_type(type)).contiguous();
    writer->write({static_cast<const std::byte*>(rounded.data_ptr()), rounded.nbytes()});
  }
  if (writer) writer->finish();
}

const NamedTensor* TensorFile::find(const std::string& name) const {
  const auto found = std::ranges::find(file_.tensors(), name, &NamedTensor::name);
  return found == file_.tensors().end() ? nullptr : &*found;
}

Tensor TensorFile::tensor(const std::string& name, const Tensor& like) const {
  const NamedTensor* found = find(name);
  if (found == nullptr || sizes_of(found->tensor.shape()) != like.sizes().vec()) {
    throw InvalidInput(file_.path().string() + ": expected a tensor " + name + " of the model's shape, " +
                       (found == nullptr ? "found none" : "got " + found->tensor.shape().to_string()));
  }
  return tensor_of(found->tensor);
}

}  // namespace wedlm::train
