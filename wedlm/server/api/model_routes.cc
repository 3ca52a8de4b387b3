#include "wedlm/server/api/model_routes.h"

#include <array>
#include <charconv>
#include <ctime>

#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"
#include "wedlm/decode/option_values.h"
#include "wedlm/server/wire/api_failure.h"

namespace wedlm::server {
namespace {

/// "2026-10-01T12:00:00Z"
std::string utc_time(std::int64_t seconds_since_1970) {
  const auto seconds = static_cast<std::time_t>(seconds_since_1970);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%FT%TZ", &parts)};
}

}  // namespace

void check_model_name(const ServedModel& served, std::string_view asked) {
  if (asked == served.name) return;
  throw ApiError({.status = 404,
                  .message = "model: this server has " + quote(served.name) + ", got " + quote(asked),
                  .param = "model",
                  .code = "model_not_found"});
}

Json model_json(const ServedModel& served, const CallRules& rules) {
  const SamplingParams params = rules.settings.params(served.model.generation_defaults());
  Json defaults = Json::object({});
  for (const SamplingOption& option : sampling_options()) {
    if (defaults.find(option.json_name) == nullptr) {
      defaults.set(std::string(option.json_name), option_value(option, params));
    }
  }
  Json::Array modes;
  for (const std::string_view mode : names_of(kDecodeModes)) modes.emplace_back(mode);
  const int max_length = served.engine.options().max_model_len;
  return Json::object({{"id", served.name},
                       {"object", "model"},
                       {"created", served.created},
                       {"owned_by", "wedlm"},
                       {"type", "model"},
                       {"display_name", served.name},
                       {"created_at", utc_time(served.created)},
                       {"lifecycle", "active"},
                       {"max_input_tokens", max_length - 1},
                       {"max_tokens", max_length - 1},
                       {"max_model_len", max_length},
                       {"modes", std::move(modes)},
                       {"defaults", std::move(defaults)}});
}

Json models_json(const ServedModel& served, const CallRules& rules) {
  return Json::object({{"object", "list"},
                       {"data", Json::Array{model_json(served, rules)}},
                       {"has_more", false},
                       {"first_id", served.name},
                       {"last_id", served.name}});
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const bool is_escape = text[i] == '%' && digits.size() == 2 &&
                           std::from_chars(digits.data(), digits.data() + 2, byte, 16).ptr == digits.data() + 2;
    decoded += is_escape ? static_cast<char>(byte) : text[i];
    if (is_escape) i += 2;
  }
  return decoded;
}

}  // namespace wedlm::server
