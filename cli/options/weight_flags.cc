#include "cli/options/weight_flags.h"

#include "cli/options/option_group.h"
#include "wedlm/base/error.h"

namespace wedlm::cli {

WeightFormats WeightFlags::formats() const {
  WeightFormats formats;
  if (weights) formats.layers.type = parse_weight_type(*weights);
  formats.head = formats.layers;
  if (formats.head.type == WeightType::kInt4) formats.head.type = WeightType::kInt8;
  if (head_bits) {
    formats.head.type = *head_bits == "16"  ? WeightType::kBF16
                        : *head_bits == "8" ? WeightType::kInt8
                                            : WeightType::kInt4;
  }
  if (group_size) {
    if (formats.layers.type != WeightType::kInt4 && formats.head.type != WeightType::kInt4) {
      throw InvalidInput("--group: only int4 weights have groups; give --weights int4 or --head-bits 4 with it");
    }
    formats.layers.group_size = formats.head.group_size = *group_size;
  }
  check_weight_format(formats.layers);
  check_weight_format(formats.head);
  return formats;
}

std::string describe(const WeightFormats& formats) {
  std::string layers = describe(formats.layers);
  const std::string head = describe(formats.head);
  if (layers == head) return layers;
  return (layers.empty() ? "as stored" : layers) + ", head " + (head.empty() ? "as stored" : head);
}

void add_weight_options(CLI::App& app, WeightFlags& flags) {
  OptionGroup group(app, "Model");
  group.choice({.names = "--weights",
                .value = "bf16|int8|int4",
                .text = "Round the weights to this while they are loaded: half or a quarter of the memory that a "
                        "token reads, and answers that differ a little. Embeddings and norms stay.",
                .default_text = "as the checkpoint has them"},
               flags.weights);
  group.integer({.names = "--group",
                 .value = "32|64|128",
                 .text = "int4: inputs that share a scale; smaller is truer and larger.",
                 .default_text = std::to_string(kDefaultGroupSize)},
                flags.group_size);
  group.choice({.names = "--head-bits",
                .value = "4|8|16",
                .text = "The same for the prediction head alone.",
                .default_text = "8 with int8 and int4"},
               flags.head_bits);
}

}  // namespace wedlm::cli
