#include "wedlm/checkpoint/lora_config.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/named.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/companion_files.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kOwn = "wedlm_adapter.json";
constexpr std::string_view kType = "LORA";
constexpr std::string_view kMaskType = "WEDLM_MASK_LORA";

/// Members of PEFT's that change what an adapter is, unless they are null, false or empty.
constexpr std::string_view kFurtherKinds[] = {
    "alora_invocation_tokens", "arrow_config",      "fan_in_fan_out",         "layer_replication", "lora_bias",
    "modules_to_save",         "target_parameters", "trainable_token_indices"};
/// First values of A and B that leave the base as it was.
constexpr std::string_view kPlainBeginnings[] = {"gaussian", "eva", "orthogonal"};

bool is_empty(const Json& value) {
  return value.is_null() || value == Json(false) || (value.is_array() && value.as_array().empty()) ||
         (value.is_object() && value.as_object().empty());
}

bool is_plain_beginning(const Json& value) {
  if (value.is_null() || value.is_bool()) return true;
  return value.is_string() && std::ranges::find(kPlainBeginnings, value.as_string()) != std::end(kPlainBeginnings);
}

[[noreturn]] void refuse(const std::string& what, std::string_view key, const Json& value, const char* reason) {
  throw InvalidInput(what + ": " + std::string(key) + " is " + shown(value) + ", " + reason);
}

void check_kind(const JsonMembers& members) {
  const std::string& what = members.what();
  const Json* type = members.find("peft_type");
  if (type == nullptr) members.fail_missing("peft_type");
  if (*type == Json(kMaskType)) {
    throw InvalidInput(
        what +
        ": this adapter counts in rows of masks alone (--lora-on masks), and a merged weight would count "
        "in every row, so that it cannot be merged");
  }
  if (*type != Json(kType)) refuse(what, "peft_type", *type, "and only LORA can be merged here");
}

/// Throws unless the adapter is W + scale B A and nothing else.
void check_plain(const Json& config, const std::string& what) {
  constexpr const char* kReason = "which is more than LoRA's two matrices and is not merged here; PEFT merges it";
  for (const JsonMember& member : config.as_object()) {
    const bool is_further = std::ranges::find(kFurtherKinds, member.key) != std::end(kFurtherKinds) ||
                            (member.key.starts_with("use_") && member.key != "use_rslora");
    if (is_further && !is_empty(member.value)) refuse(what, member.key, member.value, kReason);
    if (member.key == "bias" && !is_empty(member.value) && member.value != Json("none")) {
      refuse(what, member.key, member.value, kReason);
    }
    if (member.key == "init_lora_weights" && !is_plain_beginning(member.value)) {
      refuse(what, member.key, member.value, "and such an adapter belongs to a base that was changed first");
    }
  }
}

/// Whether a name of a pattern, a module or the end of one, is that of the module.
bool names_module(std::string_view name, std::string_view module) {
  if (!module.ends_with(name)) return false;
  return module.size() == name.size() || module[module.size() - name.size() - 1] == '.';
}

std::vector<std::pair<std::string, double>> read_alpha_pattern(const JsonMembers& members) {
  std::vector<std::pair<std::string, double>> pattern;
  const Json* given = members.find("alpha_pattern");
  if (given == nullptr) return pattern;
  if (!given->is_object()) members.fail("alpha_pattern", "an object", *given);
  for (const JsonMember& member : given->as_object()) {
    // "^" at the beginning says that it is the whole name, and "." any character: of names both say nothing more.
    const std::string name = member.key.starts_with('^') ? member.key.substr(1) : member.key;
    if (name.find_first_of("*+?()[]{}|^$\\") != std::string::npos || !member.value.is_number()) {
      members.fail("alpha_pattern", "names of modules with numbers (other patterns are not read)", *given);
    }
    pattern.emplace_back(name, member.value.as_number());
  }
  return pattern;
}

Json read_json(const fs::path& path) {
  const MappedFile file(path);
  return parse_json(file.text(), path.string());
}

/// 32 as an integer, as PEFT has it.
Json number_json(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

}  // namespace

std::vector<std::string> parse_lora_targets(std::string_view names) {
  std::vector<std::string_view> chosen;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::string_view name = names.substr(begin, end - begin);
    if (std::ranges::find(kLoraTargets, name) == kLoraTargets.end()) {
      throw InvalidInput(unknown_name("a target", kLoraTargets, name));
    }
    chosen.push_back(name);
    begin = end + 1;
  }
  std::vector<std::string> ordered;
  for (const std::string_view name : kLoraTargets) {
    if (std::ranges::find(chosen, name) != chosen.end()) ordered.emplace_back(name);
  }
  return ordered;
}

void write_lora_config(const fs::path& folder, const LoraConfig& config, TokenId mask_token_id) {
  Json::Array targets;
  for (const std::string& name : config.targets) targets.emplace_back(name);
  const bool is_for_all = config.rows == LoraRows::kAll;
  const Json::Object none;
  write_json_file(folder / kConfig, Json::object({{"alpha_pattern", none},
                                                  {"auto_mapping", Json()},
                                                  {"base_model_name_or_path", config.base},
                                                  {"bias", "none"},
                                                  {"fan_in_fan_out", false},
                                                  {"inference_mode", true},
                                                  {"init_lora_weights", true},
                                                  {"layers_pattern", Json()},
                                                  {"layers_to_transform", Json()},
                                                  {"lora_alpha", number_json(config.alpha)},
                                                  {"lora_dropout", config.dropout},
                                                  {"modules_to_save", Json()},
                                                  {"peft_type", is_for_all ? kType : kMaskType},
                                                  {"r", config.rank},
                                                  {"rank_pattern", none},
                                                  {"revision", config.revision.empty() ? Json() : config.revision},
                                                  {"target_modules", targets},
                                                  {"task_type", "CAUSAL_LM"},
                                                  {"use_dora", false},
                                                  {"use_rslora", false}}));
  write_json_file(folder / kOwn, Json::object({{"mask_token_id", static_cast<std::int64_t>(mask_token_id)}}));
}

double LoraScaling::of(std::string_view module, std::int64_t rank) const {
  const auto own =
      std::ranges::find_if(alpha_pattern_, [&](const auto& one) { return names_module(one.first, module); });
  const double alpha = own == alpha_pattern_.end() ? alpha_ : own->second;
  const auto size = static_cast<double>(rank);
  return alpha / (by_root_ ? std::sqrt(size) : size);
}

StoredLoraConfig read_lora_config(const fs::path& folder) {
  const fs::path path = folder / kConfig;
  if (!is_present(path)) throw InvalidInput(folder.string() + " holds no adapter: it has no " + kConfig);
  const Json config = read_json(path);
  const JsonMembers members(config, path.string());
  check_kind(members);
  check_plain(config, path.string());
  const std::optional<double> alpha = members.number("lora_alpha");
  if (!alpha) members.fail_missing("lora_alpha");
  StoredLoraConfig stored{
      .scaling = {*alpha, members.boolean("use_rslora", false), read_alpha_pattern(members)},
      .base = members.text("base_model_name_or_path").value_or(""),
      .revision = members.text("revision").value_or(""),
  };
  if (is_present(folder / kOwn)) {
    const Json own = read_json(folder / kOwn);
    const auto mask =
        JsonMembers(own, (folder / kOwn).string()).integer("mask_token_id", 0, std::numeric_limits<TokenId>::max());
    if (mask) stored.mask_token_id = static_cast<TokenId>(*mask);
  }
  return stored;
}

}  // namespace wedlm
