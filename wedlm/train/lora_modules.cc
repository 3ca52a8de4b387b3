#include "wedlm/train/lora_modules.h"

#include <algorithm>

#include "wedlm/model/weight_list.h"

namespace wedlm::train {

std::vector<LoraModule> lora_modules(const ModelConfig& model, const LoraConfig& lora) {
  constexpr std::string_view kEnding = ".weight";
  std::vector<LoraModule> modules;
  for (const WeightSpec& spec : weight_list(model)) {
    const bool is_target = std::ranges::any_of(
        lora.targets, [&](const std::string& name) { return spec.name.ends_with("." + name + ".weight"); });
    if (!is_target) continue;
    modules.push_back({.name = spec.name.substr(0, spec.name.size() - kEnding.size()),
                       .out_features = spec.shape[0],
                       .in_features = spec.shape[1]});
  }
  return modules;
}

std::int64_t num_parameters(const ModelConfig& model, const LoraConfig& lora) {
  std::int64_t count = 0;
  for (const LoraModule& module : lora_modules(model, lora)) {
    count += lora.rank * (module.out_features + module.in_features);
  }
  return count;
}

std::int64_t frozen_bytes(const ModelConfig& model, const ModelFormats& formats, DType computing) {
  std::int64_t rest = model.num_parameters(), bytes = 0;
  for (const MatrixSpec& matrix : matrix_list(model)) {
    const WeightFormat& format = matrix.format(formats);
    if (!format.is_packed()) continue;
    bytes += weight_bytes(format, computing, matrix.out_features, matrix.in_features);
    // Tied embeddings stay beside a head that is packed.
    const bool is_tied = matrix.role == MatrixSpec::Role::kHead && model.tie_word_embeddings;
    if (!is_tied) rest -= matrix.out_features * matrix.in_features;
  }
  return bytes + rest * static_cast<std::int64_t>(dtype_bytes(computing));
}

}  // namespace wedlm::train
