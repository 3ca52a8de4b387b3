#include "wedlm/model/weight_source.h"

#include <string>

#include "wedlm/base/error.h"

namespace wedlm {

std::optional<PackedMatrix> WeightSource::packed(const MatrixSpec& /*matrix*/) const {
  return std::nullopt;
}

CheckpointWeights::CheckpointWeights(const Checkpoint& checkpoint, const ModelConfig& config)
    : checkpoint_(checkpoint), quantization_(config.quantization) {
  check_weights(checkpoint, config);
}

HostWeight CheckpointWeights::weight(std::string_view name) const {
  const ConstTensor* tensor = checkpoint_.find(name);
  if (tensor == nullptr) throw InternalError("checkpoint lost its tensor " + std::string(name));
  return {.tensor = *tensor};
}

std::optional<PackedMatrix> CheckpointWeights::packed(const MatrixSpec& matrix) const {
  if (!quantization_ || !matrix.format(quantization_->formats).is_packed()) return std::nullopt;
  const std::string name = matrix.packed_name();
  const PackedMatrix packed{.layout = matrix.panels(*quantization_),
                            .data = static_cast<const std::byte*>(weight(name).tensor.data())};
  const auto fail = [&](const char* what) {
    throw InvalidInput("the weights in " + checkpoint_.folder().string() + " are not sound: tensor " + name + " " +
                       what);
  };
  if (reinterpret_cast<std::uintptr_t>(packed.data) % alignof(std::uint32_t) != 0) fail("is not aligned to 4 bytes");
  if (!has_sound_scales(packed)) fail("has scales that are not finite, or zeros outside -128 to 127");
  return packed;
}

std::size_t CheckpointWeights::total_bytes() const {
  return static_cast<std::size_t>(checkpoint_.total_bytes());
}

}  // namespace wedlm
