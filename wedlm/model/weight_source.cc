#include "wedlm/model/weight_source.h"

#include <cstring>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"

namespace wedlm {
namespace {

/// The tensor itself, or a copy of it where its first byte is not at a multiple of `alignment`.
HostWeight aligned(const ConstTensor& tensor, std::size_t alignment) {
  if (reinterpret_cast<std::uintptr_t>(tensor.data()) % alignment == 0) return {.tensor = tensor};
  const std::size_t bytes = static_cast<std::size_t>(tensor.shape().num_elements()) * dtype_bytes(tensor.dtype());
  Buffer memory = allocate_host_to_read(bytes);
  std::memcpy(memory.data(), tensor.data(), bytes);
  give_back_pages({static_cast<const std::byte*>(tensor.data()), bytes});
  const ConstTensor copy(memory.data(), tensor.dtype(), tensor.shape());
  return {.tensor = copy, .memory = std::move(memory)};
}

}  // namespace

std::optional<HostMatrix> WeightSource::packed(const MatrixSpec& /*matrix*/) const {
  return std::nullopt;
}

CheckpointWeights::CheckpointWeights(const Checkpoint& checkpoint, const ModelConfig& config)
    : checkpoint_(checkpoint), quantization_(config.quantization) {
  check_weights(checkpoint, config);
}

const ConstTensor& CheckpointWeights::stored(std::string_view name) const {
  const Checkpoint::Entry* entry = checkpoint_.find(name);
  if (entry == nullptr) throw InternalError("checkpoint lost its tensor " + std::string(name));
  return entry->tensor;
}

HostWeight CheckpointWeights::weight(std::string_view name) const {
  const ConstTensor& tensor = stored(name);
  return aligned(tensor, dtype_bytes(tensor.dtype()));
}

std::optional<HostMatrix> CheckpointWeights::packed(const MatrixSpec& matrix) const {
  if (!quantization_ || !matrix.format(quantization_->formats).is_packed()) return std::nullopt;
  const std::string name = matrix.packed_name();
  HostWeight bytes = aligned(stored(name), alignof(std::uint32_t));  // panels are words
  const PackedMatrix panels{.layout = matrix.panels(*quantization_),
                            .data = static_cast<const std::byte*>(bytes.tensor.data())};
  if (!has_sound_scales(panels)) {
    throw InvalidInput("the weights in " + checkpoint_.folder().string() + " are not sound: tensor " + name +
                       " has scales that are not finite, or zeros outside -128 to 127");
  }
  return HostMatrix{.panels = panels, .memory = std::move(bytes.memory)};
}

std::size_t CheckpointWeights::total_bytes() const {
  return static_cast<std::size_t>(checkpoint_.total_bytes());
}

}  // namespace wedlm
