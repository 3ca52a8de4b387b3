#include "wedlm/frontend/sampling_settings.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/decode/option_values.h"

namespace wedlm {

void SamplingSettings::give_text(const SamplingOption& option, std::string_view text) {
  Json value = value_of_text(option, option.is_switch() ? option.switch_value : text);
  if (option.adds_up()) {
    check_value(option, value);
    const auto before = std::ranges::find(given_, &option, &Given::option);
    value = added(option, value, before == given_.end() ? Json() : before->value);
  }
  check_value(option, value);
  check_agreement(option, value);
  give(option, value);
}

void SamplingSettings::give(const SamplingOption& option, const Json& value) {
  check_value(option, value);
  std::erase_if(given_, [&](const Given& other) {
    return other.option != &option && other.option->json_name == option.json_name;
  });
  const auto before = std::ranges::find(given_, &option, &Given::option);
  if (before == given_.end()) {
    given_.push_back({&option, value});
  } else {
    before->value = value;
  }
}

void SamplingSettings::check_agreement(const SamplingOption& option, const Json& value) const {
  for (const Given& other : given_) {
    if (other.option == &option || other.option->json_name != option.json_name || other.value == value) continue;
    const std::string shown_value = other.option->is_switch() ? "" : " " + other.value.as_string();
    throw InvalidInput("it contradicts --" + std::string(other.option->name) + shown_value + "; give one of them");
  }
}

SamplingParams SamplingSettings::params(const GenerationDefaults& suggestions) const {
  SamplingParams params;
  params.max_tokens = default_max_tokens_;
  params.temperature = suggestions.temperature.value_or(params.temperature);
  params.filters = suggestions.filters;
  AdjustmentRules& rules = params.adjustments;
  rules.repetition_penalty = suggestions.repetition_penalty.value_or(rules.repetition_penalty);
  rules.no_repeat_ngram_size = suggestions.no_repeat_ngram_size.value_or(rules.no_repeat_ngram_size);
  rules.suppress_tokens = suggestions.suppress_tokens;
  if (!suggestions.has_mask_token) params.mode = DecodeMode::kAutoregressive;
  for (const SamplingOption& option : sampling_options()) {  // in this order a preset comes before what wins over it
    const auto given = std::ranges::find(given_, &option, &Given::option);
    if (given != given_.end()) set_option(option, given->value, params);
  }
  return params;
}

bool SamplingSettings::names_mode() const {
  return std::ranges::any_of(given_, [](const Given& given) { return given.option->json_name == "mode"; });
}

Json SamplingSettings::json() const {
  Json json = Json::object({});
  for (const Given& given : given_) {
    if (json.find(given.option->json_name) == nullptr) json.set(std::string(given.option->json_name), given.value);
  }
  return json;
}

}  // namespace wedlm
