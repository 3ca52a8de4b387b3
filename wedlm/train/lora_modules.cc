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

}  // namespace wedlm::train
