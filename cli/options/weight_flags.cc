#include "cli/options/weight_flags.h"

#include <string>

#include "wedlm/base/named.h"

namespace wedlm::cli {
ModelFormats WeightFlags::formats() const {
  return chosen_formats({.layers = weights, .group_size = group_size, .head = head, .group_size_name = "--group"});
}

void add_weight_type_option(OptionGroup& group, OptionText option, const std::vector<WeightType>& types,
                            std::optional<WeightType>& target) {
  option.value = joined(names_of(types), "|");
  group.add(option, [types, &target](std::string_view name) { target = parse_weight_type("", name, types); });
}

void add_group_and_head_options(CLI::App& app, OptionGroup& group, WeightFlags& flags) {
  std::vector<std::string> sizes;
  for (const int size : kGroupSizes) sizes.push_back(std::to_string(size));
  std::string default_head = "as --weights";
  for (const WeightTypeTraits& traits : kWeightTypes) {
    if (traits.head == traits.type) continue;
    default_head += ", " + std::string(weight_type_name(traits.head)) + " with " + std::string(traits.name);
  }
  group.integer({.names = "--group",
                 .value = joined(sizes, "|"),
                 .text = joined(names_of(weight_types_with_groups()), ", ") +
                         ": inputs that share a scale; smaller is truer and larger.",
                 .default_text = std::to_string(kDefaultGroupSize)},
                flags.group_size);
  add_weight_type_option(group,
                         {.names = "--head",
                          .text = "The same for the prediction head alone; stored leaves it as the checkpoint has it.",
                          .default_text = default_head},
                         all_weight_types(), flags.head);
  OptionGroup(app, kHidden)
      .add({.names = "--head-bits", .text = "An older name of --head."},
           [&flags](std::string_view bits) { flags.head = parse_named("", bits, kWeightTypesByBits); });
}

void add_weight_options(CLI::App& app, WeightFlags& flags) {
  OptionGroup group(app, "Model");
  add_weight_type_option(group,
                         {.names = "--weights",
                          .text = "Round the weights to this while they are loaded: half or a quarter of the memory "
                                  "that a token reads, and answers that differ a little. Embeddings and norms stay.",
                          .default_text = "stored, as the checkpoint has them"},
                         all_weight_types(), flags.weights);
  add_group_and_head_options(app, group, flags);
}

}  // namespace wedlm::cli
