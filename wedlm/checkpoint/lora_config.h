// What adapter_config.json says of a LoRA adapter (Hu et al. 2021, "LoRA"): W + scale B A beside each of some weights
// W. Its members are those of Hugging Face's PEFT.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

/// In which rows of a forward an adapter counts.
enum class LoraRows {
  kAll,
  kMasks,  // those that hold a mask token: the others, and so the next-token function, stay the base's to the bit
};

/// The linear layers that an adapter may change.
inline constexpr std::array<std::string_view, 7> kLoraTargets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                                 "gate_proj", "up_proj", "down_proj"};

/// Names with commas between them, into the order of kLoraTargets. Throws InvalidInput for an unknown name, listing
/// those that are known, and for none.
std::vector<std::string> parse_lora_targets(std::string_view names);

/// An adapter that is trained here.
struct LoraConfig {
  std::int64_t rank = 16;
  double alpha = 32;      // the scale is alpha / rank
  double dropout = 0.05;  // of what enters A
  std::vector<std::string> targets{kLoraTargets.begin(), kLoraTargets.end()};
  LoraRows rows = LoraRows::kAll;
  std::string base{};      // the checkpoint that it changes: organisation/name, or a folder
  std::string revision{};  // of organisation/name; empty for main

  double scale() const { return alpha / static_cast<double>(rank); }
  bool operator==(const LoraConfig&) const = default;
};

/// What stands before the name of each weight in adapter_model.safetensors.
inline constexpr std::string_view kLoraPrefix = "base_model.model.";

/// Writes adapter_config.json, and wedlm_adapter.json with the mask token, which PEFT's file has no member for. An
/// adapter for masks alone is no LORA to PEFT, and so not called one. Throws ResourceError naming the file.
void write_lora_config(const std::filesystem::path& folder, const LoraConfig& config, TokenId mask_token_id);

/// How the product of an adapter's matrices is scaled, by which module and rank they are of.
class LoraScaling {
 public:
  /// Of an object of adapter_config.json. Throws InvalidInput for values that are none.
  LoraScaling(double alpha, bool by_root, std::vector<std::pair<std::string, double>> alpha_pattern)
      : alpha_(alpha), by_root_(by_root), alpha_pattern_(std::move(alpha_pattern)) {}

  /// Of a module such as "model.layers.0.mlp.up_proj".
  double of(std::string_view module, std::int64_t rank) const;

 private:
  double alpha_;
  bool by_root_;  // rank-stabilised: alpha / sqrt(rank)
  std::vector<std::pair<std::string, double>> alpha_pattern_;
};

/// What merging an adapter has to know of it.
struct StoredLoraConfig {
  LoraScaling scaling;
  std::string base{};
  std::string revision{};
  std::optional<TokenId> mask_token_id{};  // where the adapter was trained here
};

/// Of a folder. Throws InvalidInput naming the member for an adapter that is no plain LoRA (another kind, DoRA, biases,
/// whole modules beside it, a base that was changed first), and for one that counts in masks' rows alone.
StoredLoraConfig read_lora_config(const std::filesystem::path& folder);

}  // namespace wedlm
