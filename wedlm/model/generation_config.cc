#include "wedlm/model/generation_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "wedlm/base/json_members.h"

namespace wedlm {
namespace {

/// A member of transformers' GenerationConfig that changes what is chosen, and what it says where it changes nothing.
struct UnusedMember {
  std::string_view key;
  double neutral = 0;
};
constexpr std::array kUnused = {UnusedMember{"bad_words_ids"},
                                UnusedMember{"begin_suppress_tokens"},
                                UnusedMember{"diversity_penalty", 0},
                                UnusedMember{"encoder_no_repeat_ngram_size", 0},
                                UnusedMember{"encoder_repetition_penalty", 1},
                                UnusedMember{"epsilon_cutoff", 0},
                                UnusedMember{"eta_cutoff", 0},
                                UnusedMember{"exponential_decay_length_penalty"},
                                UnusedMember{"forced_bos_token_id"},
                                UnusedMember{"forced_eos_token_id"},
                                UnusedMember{"guidance_scale", 1},
                                UnusedMember{"min_length", 0},
                                UnusedMember{"min_new_tokens", 0},
                                UnusedMember{"num_beams", 1},
                                UnusedMember{"penalty_alpha", 0},
                                UnusedMember{"sequence_bias"},
                                UnusedMember{"stop_strings"},
                                UnusedMember{"top_h"},
                                UnusedMember{"typical_p", 1},
                                UnusedMember{"watermarking_config"}};

bool says_something(const Json& value, double neutral) {
  if (value.is_number()) return value.as_number() != neutral;
  if (value.is_array()) return !value.as_array().empty();
  return !value.is_object() || !value.as_object().empty();
}

/// An integer, where -1 and 0 are both none.
std::optional<std::int32_t> count(const JsonMembers& members, std::string_view key) {
  const auto value = members.integer(key, -1, std::numeric_limits<std::int32_t>::max());
  if (!value) return std::nullopt;
  return static_cast<std::int32_t>(std::max<std::int64_t>(*value, 0));
}

/// Token ids but for those that are -1.
std::vector<TokenId> token_ids(const JsonMembers& members, std::string_view key, std::int64_t vocab_size) {
  const Json* value = members.find(key);
  if (value == nullptr) return {};
  Json::Array ids = value->is_array() ? value->as_array() : Json::Array{*value};
  std::erase(ids, Json(-1));
  const Json rest = Json::object({{std::string(key), std::move(ids)}});
  return JsonMembers(rest, members.what()).token_ids(key, vocab_size);
}

}  // namespace

GenerationDefaults parse_generation_config(const Json* config, std::int64_t vocab_size) {
  if (config == nullptr) return {};
  const JsonMembers members(*config, "generation_config.json");
  GenerationDefaults defaults;
  defaults.temperature = members.number("temperature", kTemperatureRange);
  if (!members.boolean("do_sample", true)) defaults.temperature = 0.0F;
  TokenFilters& filters = defaults.filters;
  filters.top_k = count(members, "top_k").value_or(filters.top_k);
  filters.top_p = members.number("top_p", kTopPRange).value_or(filters.top_p);
  filters.min_p = members.number("min_p", kMinPRange).value_or(filters.min_p);
  defaults.repetition_penalty = members.number("repetition_penalty", kRepetitionPenaltyRange);
  defaults.no_repeat_ngram_size = count(members, "no_repeat_ngram_size");
  defaults.suppress_tokens = token_ids(members, "suppress_tokens", vocab_size);
  defaults.eos_token_ids = token_ids(members, "eos_token_id", vocab_size);
  for (const UnusedMember& it : kUnused) {
    const Json* value = members.find(it.key);
    if (value != nullptr && says_something(*value, it.neutral)) defaults.unused.emplace_back(it.key);
  }
  return defaults;
}

std::optional<std::string> unused_note(const GenerationDefaults& defaults) {
  if (defaults.unused.empty()) return std::nullopt;
  std::string names;
  for (const std::string& name : defaults.unused) names += (names.empty() ? "" : ", ") + name;
  return "generation_config.json asks for what is not done here: " + names;
}

}  // namespace wedlm
