#include "wedlm/frontend/result_json.h"

#include <array>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/base/json_values.h"
#include "wedlm/base/member_path.h"

namespace wedlm {
namespace {

using json_value::read;
using json_value::written;

/// A member of "stats". What follows from other members has no `set`.
struct Figure {
  std::string_view key;
  Json (*get)(const RequestStats& stats);
  void (*set)(RequestStats& stats, const Json& value) = nullptr;
};

template <auto... kPath>
constexpr Figure stat(std::string_view key) {
  return {.key = key,
          .get = [](const RequestStats& stats) { return written(member_at<kPath...>(stats)); },
          .set = [](RequestStats& stats, const Json& value) { read(value, member_at<kPath...>(stats)); }};
}

template <auto kMethod>
constexpr Figure derived(std::string_view key) {
  return {.key = key, .get = [](const RequestStats& stats) { return Json((stats.*kMethod)()); }};
}

constexpr std::array kFigures = {
    derived<&RequestStats::forwards>("forwards"),
    stat<&RequestStats::prefill_forwards>("prefill_forwards"),
    stat<&RequestStats::decode_forwards>("decode_forwards"),
    derived<&RequestStats::rows>("rows"),
    stat<&RequestStats::prompt_rows>("prompt_rows"),
    stat<&RequestStats::decode_rows>("decode_rows"),
    stat<&RequestStats::generated_tokens>("tokens"),
    stat<&RequestStats::first_tokens>("first_tokens"),
    derived<&RequestStats::tokens_per_forward>("tokens_per_forward"),
    derived<&RequestStats::cacheability>("cacheability"),
    derived<&RequestStats::rows_per_forward>("rows_per_forward"),
    derived<&RequestStats::forwards_saved>("forwards_saved"),
    stat<&RequestStats::drafts, &DraftCounts::verified>("drafts_verified"),
    stat<&RequestStats::drafts, &DraftCounts::accepted>("drafts_accepted"),
    stat<&RequestStats::prefill_seconds>("prefill_seconds"),
    stat<&RequestStats::decode_seconds>("decode_seconds"),
    stat<&RequestStats::time_to_first_token_seconds>("time_to_first_token"),
    stat<&RequestStats::queue_seconds>("queue_seconds"),
    derived<&RequestStats::prefill_speed>("prefill_speed"),
    derived<&RequestStats::decode_speed>("decode_speed"),
    stat<&RequestStats::cached_prompt_tokens>("cached_prompt_tokens"),
    stat<&RequestStats::preemptions>("preemptions"),
};

/// {"logprob": -0.5, "top": [{"token_id": 7, "logprob": -0.5}]}. null is minus infinity, which JSON has no word for.
Json score_json(const TokenScore& score) {
  Json::Array top;
  for (const TokenLogProb& one : score.alternatives) {
    top.push_back(Json::object({{"token_id", one.token}, {"logprob", static_cast<double>(one.log_prob)}}));
  }
  return Json::object({{"logprob", static_cast<double>(score.log_prob)}, {"top", top}});
}

float log_prob_of_json(const Json& value) {
  return value.is_null() ? -std::numeric_limits<float>::infinity() : static_cast<float>(value.as_number());
}

TokenScore score_of_json(const Json& json) {
  TokenScore score{.log_prob = log_prob_of_json(json.at("logprob")), .alternatives = {}};
  for (const Json& one : json.at("top").as_array()) {
    score.alternatives.push_back({.token = static_cast<TokenId>(one.at("token_id").as_integer()),
                                  .log_prob = log_prob_of_json(one.at("logprob"))});
  }
  return score;
}

/// Reads a member that has to be there.
template <class Read>
void read_member(const Json& object, std::string_view key, const Read& read_value) {
  const Json& value = object.at(key);
  try {
    read_value(value);
  } catch (const InvalidInput& error) {
    throw InvalidInput(std::string(key) + ": " + error.what());
  }
}

}  // namespace

Json result_json(const Result& result, std::size_t index) {
  Json stats = Json::object({});
  for (const Figure& figure : kFigures) stats.set(std::string(figure.key), figure.get(result.stats));
  Json json = Json::object({{"index", static_cast<std::int64_t>(index)},
                            {"text", result.text},
                            {"token_ids", Json::Array(result.token_ids.begin(), result.token_ids.end())},
                            {"prompt_tokens", result.stats.prompt_tokens},
                            {"finish_reason", name_of(result.finish_reason, kFinishReasons)},
                            {"seed", result.seed},
                            {"stats", stats}});
  if (!result.scores.empty()) {
    Json::Array scores;
    for (const TokenScore& score : result.scores) scores.push_back(score_json(score));
    json.set("logprobs", scores);
  }
  if (result.stop_text) json.set("stop_text", *result.stop_text);
  if (!result.error.empty()) json.set("error", result.error);
  return json;
}

Result result_of_json(const Json& json) {
  Result result;
  read_member(json, "text", [&](const Json& value) { result.text = value.as_string(); });
  read_member(json, "token_ids", [&](const Json& value) {
    for (const Json& id : value.as_array()) result.token_ids.push_back(static_cast<TokenId>(id.as_integer()));
  });
  read_member(json, "prompt_tokens", [&](const Json& value) { read(value, result.stats.prompt_tokens); });
  read_member(json, "finish_reason",
              [&](const Json& value) { result.finish_reason = parse_named("", value.as_string(), kFinishReasons); });
  read_member(json, "seed", [&](const Json& value) { result.seed = static_cast<std::uint64_t>(value.as_integer()); });
  read_member(json, "stats", [&](const Json& stats) {
    for (const Figure& figure : kFigures) {
      if (figure.set == nullptr) continue;
      read_member(stats, figure.key, [&](const Json& value) { figure.set(result.stats, value); });
    }
  });
  if (json.find("logprobs") != nullptr) {
    read_member(json, "logprobs", [&](const Json& scores) {
      for (const Json& score : scores.as_array()) result.scores.push_back(score_of_json(score));
    });
  }
  if (const Json* stop = json.find("stop_text")) result.stop_text = stop->as_string();
  if (const Json* error = json.find("error")) result.error = error->as_string();
  return result;
}

}  // namespace wedlm
