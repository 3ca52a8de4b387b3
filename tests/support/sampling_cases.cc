#include "tests/support/sampling_cases.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "tests/support/data.h"
#include "wedlm/base/json.h"

namespace wedlm {
namespace {

float number_or(const Json& settings, std::string_view key, float other) {
  const Json* value = settings.find(key);
  return value == nullptr ? other : static_cast<float>(value->as_number());
}

SamplingCase case_of_json(const Json& json) {
  const Json& settings = json.at("settings");
  SamplingCase result{.name = json.at("logits_name").as_string() + " " + write_json(settings),
                      .temperature = number_or(settings, "temperature", 1),
                      .filters = {.top_k = static_cast<std::int32_t>(number_or(settings, "top_k", 0)),
                                  .top_p = number_or(settings, "top_p", 1),
                                  .min_p = number_or(settings, "min_p", 0)},
                      .repetition_penalty = number_or(settings, "repetition_penalty", 1)};
  for (const Json& id : json.at("prompt_ids").as_array()) {
    result.prompt.push_back(static_cast<TokenId>(id.as_integer()));
  }
  return result;
}

std::vector<SamplingCase> read_cases() {
  const Json json = parse_json(read_text(test_data("sampling/huggingface.json")), "huggingface.json");
  std::map<std::string, std::vector<float>> logits;
  for (const Json& item : json.at("cases").as_array()) {
    const Json* numbers = item.find("logits");
    if (numbers == nullptr) continue;
    for (const Json& number : numbers->as_array()) {
      logits[item.at("logits_name").as_string()].push_back(static_cast<float>(number.as_number()));
    }
  }
  std::vector<SamplingCase> cases;
  for (const Json& item : json.at("cases").as_array()) {
    if (item.find("logits") != nullptr) continue;
    SamplingCase& one = cases.emplace_back(case_of_json(item));
    one.logits = logits.at(item.at("logits_name").as_string());
    one.probabilities.resize(one.logits.size());
    for (const JsonMember& member : item.at("probabilities").as_object()) {
      one.probabilities[static_cast<std::size_t>(std::stoi(member.key))] = member.value.as_number();
    }
  }
  return cases;
}

}  // namespace

bool SamplingCase::are_tied(std::size_t a, std::size_t b) const {
  const auto is_in_prompt = [&](std::size_t token) {
    return std::ranges::count(prompt, static_cast<TokenId>(token)) > 0;
  };
  return logits[a] == logits[b] && (repetition_penalty == 1 || is_in_prompt(a) == is_in_prompt(b));
}

const std::vector<SamplingCase>& huggingface_sampling_cases() {
  static const std::vector<SamplingCase> cases = read_cases();
  return cases;
}

bool DrawFit::fits() const {
  return num_outside == 0 && statistic <= degrees + 6 * std::sqrt(2.0 * std::max(degrees, 1));
}

std::string DrawFit::text() const {
  return std::to_string(num_outside) + " draws outside, statistic " + std::to_string(statistic) + " with " +
         std::to_string(degrees) + " degrees of freedom";
}

DrawFit fit_of(const SamplingCase& of, const std::vector<TokenId>& drawn) {
  struct Group {
    double expected = 0;
    int count = 0;
  };
  // By the first token of those that tie with it.
  std::map<std::size_t, Group> groups;
  const auto group_of = [&](std::size_t token) -> Group& {
    std::size_t first = 0;
    while (!of.are_tied(first, token)) ++first;
    return groups[first];
  };
  for (std::size_t v = 0; v < of.logits.size(); ++v) {
    group_of(v).expected += of.probabilities[v] * static_cast<double>(drawn.size());
  }
  for (const TokenId token : drawn) ++group_of(static_cast<std::size_t>(token)).count;

  DrawFit fit{.degrees = -1};
  Group rare;
  const auto add = [&](const Group& group) {
    ++fit.degrees;
    fit.statistic += (group.count - group.expected) * (group.count - group.expected) / group.expected;
  };
  for (const auto& [first, group] : groups) {
    if (group.expected == 0) {
      fit.num_outside += group.count;
    } else if (group.expected < 5) {
      rare = {rare.expected + group.expected, rare.count + group.count};
    } else {
      add(group);
    }
  }
  if (rare.expected >= 1) add(rare);
  return fit;
}

}  // namespace wedlm
