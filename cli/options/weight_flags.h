// In which formats matrices are kept: the options, whose names follow from the table of formats, and what they come to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cli/options/option_group.h"
#include "wedlm/model/quantization.h"

namespace wedlm::cli {

struct WeightFlags {
  std::optional<WeightType> weights{};
  std::optional<std::int64_t> group_size{};
  std::optional<WeightType> head{};

  /// Throws as chosen_formats().
  ModelFormats formats() const;
};

/// --weights, --group and --head.
void add_weight_options(CLI::App& app, WeightFlags& flags);
/// Takes one of `types` by its name, which the help lists.
void add_weight_type_option(OptionGroup& group, OptionText option, const std::vector<WeightType>& types,
                            std::optional<WeightType>& target);
/// --group and --head, and --head-bits, which is what --head was called when it took bits.
void add_group_and_head_options(CLI::App& app, OptionGroup& group, WeightFlags& flags);

}  // namespace wedlm::cli
