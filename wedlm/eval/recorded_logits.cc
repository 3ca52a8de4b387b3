#include "wedlm/eval/recorded_logits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/eval/cached_text.h"

namespace wedlm {
namespace {

std::vector<std::int32_t> integers(const Json& json, std::int64_t limit, const char* name) {
  std::vector<std::int32_t> result;
  for (const Json& item : json.as_array()) {
    const std::int64_t value = item.as_integer();
    if (value < 0 || value >= limit) {
      throw InvalidInput(std::string(name) + ": expected 0 to " + std::to_string(limit - 1) + ", got " +
                         std::to_string(value));
    }
    result.push_back(static_cast<std::int32_t>(value));
  }
  if (result.empty()) throw InvalidInput(std::string(name) + " is empty");
  return result;
}

/// The largest difference of a row.
LogitsRow compare_row(const float* got, std::int64_t vocab_size, const Json& recorded, bool may_have_more) {
  const Json::Array& values = recorded.as_array();
  const auto size = static_cast<std::int64_t>(values.size());
  if (size == 0 || (may_have_more ? size > vocab_size : size != vocab_size)) {
    throw InvalidInput("expected " + std::to_string(vocab_size) + " logits, got " + std::to_string(values.size()));
  }
  LogitsRow row;
  double largest = -1, low = values[0].as_number(), high = low;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i].as_number();
    const double difference = std::abs(value - static_cast<double>(got[i]));
    const double error = std::isfinite(difference) ? difference : std::numeric_limits<double>::infinity();
    if (error > largest) {
      largest = error;
      row = {.token = static_cast<TokenId>(i), .recorded = value, .got = static_cast<double>(got[i])};
    }
    low = std::min(low, value);
    high = std::max(high, value);
  }
  row.error_share = high > low ? largest / (high - low) : largest;
  return row;
}

void compare_case(LoadedModel& model, std::size_t record, const Json& item, LogitsComparison& comparison) {
  const ModelConfig& config = model.config();
  const auto add = [&](const float* logits, std::int64_t position, const Json& recorded) {
    LogitsRow row = compare_row(logits, config.vocab_size, recorded, model.inflated_to().has_value());
    row.record = record;
    row.position = position;
    if (comparison.num_rows == 0 || row.error_share > comparison.worst.error_share) comparison.worst = row;
    ++comparison.num_rows;
  };
  const auto prompt = integers(item.at("prompt_ids"), config.vocab_size, "prompt_ids");
  const auto prompt_length = static_cast<std::int64_t>(prompt.size());
  const Json* window_ids = item.find("window_ids");
  const auto window_length = window_ids == nullptr ? 0 : std::ssize(window_ids->as_array());
  if (prompt_length > config.max_length()) throw InvalidInput("prompt_ids are longer than the model's context");
  CachedText text(model, prompt, TextRows::kLast, window_length);
  add(text.logits().data(), prompt_length - 1, item.at("prompt_last_logits"));

  if (window_ids == nullptr) return;
  const auto window = integers(*window_ids, config.vocab_size, "window_ids");
  const auto window_positions = integers(item.at("window_positions"), std::int64_t{1} << 30, "window_positions");
  const Json::Array& recorded = item.at("window_logits").as_array();
  if (window_positions.size() != window.size() || recorded.size() != window.size()) {
    throw InvalidInput("window_ids, window_positions and window_logits differ in length");
  }
  const std::vector<float> rows = text.logits_after(window, window_positions);
  for (std::size_t i = 0; i < window.size(); ++i) {
    add(rows.data() + static_cast<std::ptrdiff_t>(i) * config.vocab_size, window_positions[i], recorded[i]);
  }
}

}  // namespace

LogitsComparison compare_logits(LoadedModel& model, const Json& cases, std::string_view what) {
  LogitsComparison comparison;
  std::size_t index = 0;
  try {
    for (; index < cases.as_array().size(); ++index) compare_case(model, index, cases.as_array()[index], comparison);
  } catch (const InvalidInput& error) {
    throw InvalidInput(std::string(what) + ", record " + std::to_string(index) + ": " + error.what());
  }
  if (comparison.num_rows == 0) throw InvalidInput(std::string(what) + " has no records");
  return comparison;
}

}  // namespace wedlm
