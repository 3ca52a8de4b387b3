// In which formats matrices are kept in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wedlm/model/model_config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct WeightFlags {
  std::optional<std::string> weights{};
  std::optional<std::int64_t> group_size{};
  std::optional<std::string> head_bits{};

  /// What is not given follows from the rest: the head of integer weights has 8 bits. Throws InvalidInput for a group
  /// that no matrix has.
  WeightFormats formats() const;
};

/// "int4 in groups of 64, head int8"; empty where all is as the checkpoint has it.
std::string describe(const WeightFormats& formats);

void add_weight_options(CLI::App& app, WeightFlags& flags);

}  // namespace wedlm::cli
