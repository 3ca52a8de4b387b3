#include "wedlm/frontend/sampling_settings.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/decode/option_values.h"

namespace wedlm {
namespace {

bool is_list(const SamplingOption& option) {
  return option.field.kind == OptionKind::kTexts || option.field.kind == OptionKind::kIntegers;
}

}  // namespace

void SamplingSettings::give_text(const SamplingOption& option, std::string_view text) {
  Json value = value_of_text(option, option.is_switch() ? option.switch_value : text);
  if (is_list(option)) {
    check_value(option, value);
    const auto before = std::ranges::find(given_, &option, &Given::option);
    Json::Array all;
    if (before != given_.end()) all = before->value.is_array() ? before->value.as_array() : Json::Array{before->value};
    all.push_back(std::move(value));
    value = std::move(all);
  }
  give(option, value);
}

void SamplingSettings::give(const SamplingOption& option, const Json& value) {
  check_value(option, value);
  check_agreement(option, value);
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
  for (const SamplingOption& option : sampling_options()) {  // in this order a preset comes before what wins over it
    const auto given = std::ranges::find(given_, &option, &Given::option);
    if (given != given_.end()) set_option(option, given->value, params);
  }
  return params;
}

Json SamplingSettings::json() const {
  Json json = Json::object({});
  for (const Given& given : given_) {
    if (json.find(given.option->json_name) == nullptr) json.set(std::string(given.option->json_name), given.value);
  }
  return json;
}

}  // namespace wedlm
