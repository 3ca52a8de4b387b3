#include "wedlm/decode/sampling_params.h"

#include <array>
#include <cmath>
#include <sstream>

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/prediction.h"

namespace wedlm {
namespace {

struct Preset {
  float entropy_threshold;
  float position_penalty;
  std::int32_t max_per_step;
  std::int32_t window_size;
};

constexpr Preset kQuality{.entropy_threshold = 0.5F, .position_penalty = 0.10F, .max_per_step = 4, .window_size = 16};
constexpr Preset kBalanced{.entropy_threshold = 0.8F, .position_penalty = 0.05F, .max_per_step = 8, .window_size = 32};
constexpr Preset kFast{.entropy_threshold = 1.0F, .position_penalty = 0.05F, .max_per_step = 6, .window_size = 32};
constexpr std::array kPresets = {Named{&kQuality, "quality"}, Named{&kBalanced, "balanced"}, Named{&kFast, "fast"}};

constexpr std::array kModes = {
    Named{DecodeMode::kStreaming, "streaming"},
    Named{DecodeMode::kAutoregressive, "autoregressive"},
    Named{DecodeMode::kExact, "exact"},
    Named{DecodeMode::kGated, "gated"},
};
constexpr std::array kFallbacks = {Named{Fallback::kArgmin, "argmin"}, Named{Fallback::kLeftmost, "leftmost"}};
constexpr std::array kRefills = {Named{WindowRefill::kSliding, "sliding"}, Named{WindowRefill::kBlock, "block"}};
constexpr std::array kGates = {Named{Gate::kProbability, "probability"}, Named{Gate::kEquality, "equality"},
                               Named{Gate::kOff, "off"}};

template <class T>
void check(bool is_valid, std::string_view name, std::string_view range, const T& value) {
  if (is_valid) return;
  std::ostringstream message;
  message << name << ": expected " << range << ", got " << value;
  throw InvalidInput(message.str());
}

}  // namespace

void validate(const SamplingParams& params) {
  check(std::isfinite(params.temperature) && params.temperature >= 0, "temperature", "a number of at least 0",
        params.temperature);
  check(params.top_p > 0 && params.top_p <= 1, "top_p", "a number above 0 and at most 1", params.top_p);
  check(params.top_k >= 0, "top_k", "0 (all tokens) or more", params.top_k);
  if (params.logprobs) {
    check(*params.logprobs >= 0 && *params.logprobs <= kMaxAlternatives, "logprobs",
          "0 to " + std::to_string(kMaxAlternatives) + " alternatives", *params.logprobs);
  }
  check(params.max_tokens >= 1, "max_tokens", "at least 1", params.max_tokens);
  if (params.window_size) {
    check(*params.window_size >= 1 && *params.window_size <= kMaxWindowSize, "window size",
          "1 to " + std::to_string(kMaxWindowSize), *params.window_size);
  }
  if (params.entropy_threshold) {
    check(std::isfinite(*params.entropy_threshold) && *params.entropy_threshold > 0, "entropy threshold",
          "a number above 0, or none", *params.entropy_threshold);
  }
  check(std::isfinite(params.position_penalty) && params.position_penalty >= 0, "position penalty",
        "a number of at least 0", params.position_penalty);
  check(params.max_per_step >= 0, "most tokens filled in a step", "0 (no cap) or more", params.max_per_step);
  check(params.draft_threshold >= 0 && params.draft_threshold <= 1, "draft threshold", "a number from 0 to 1",
        params.draft_threshold);
  check(params.gate_epsilon > 0 && params.gate_epsilon <= 1, "gate epsilon", "a number above 0 and at most 1",
        params.gate_epsilon);
  check(params.gate_delta > 0 && params.gate_delta <= 1, "gate delta", "a number above 0 and at most 1",
        params.gate_delta);
  check(std::isfinite(params.joint_entropy) && params.joint_entropy >= 0, "joint entropy", "a number of at least 0",
        params.joint_entropy);
  if (params.agreement) {
    check(*params.agreement > 0 && *params.agreement < 1, "agreement", "a number between 0 and 1", *params.agreement);
  }
  for (const std::string& stop : params.stop) check(!stop.empty(), "stop", "a text that is not empty", "an empty one");
}

void apply_preset(std::string_view name, SamplingParams& params) {
  const Preset& preset = *parse_named("preset", name, kPresets);
  params.entropy_threshold = preset.entropy_threshold;
  params.position_penalty = preset.position_penalty;
  params.max_per_step = preset.max_per_step;
  params.window_size = preset.window_size;
}

bool verifies_drafts(const SamplingParams& params) {
  return params.mode == DecodeMode::kExact || (params.mode == DecodeMode::kGated && params.gate != Gate::kOff);
}

std::optional<int> fixed_window(const SamplingParams& params) {
  if (params.mode == DecodeMode::kAutoregressive) return 0;
  if (params.window_size) return *params.window_size;
  return verifies_drafts(params) ? std::nullopt : std::optional<int>(kDefaultWindowSize);
}

bool learns_alone(const SamplingParams& params) {
  return params.mode == DecodeMode::kGated && params.gate == Gate::kProbability && params.seed.has_value();
}

bool shares_rows(const SamplingParams& params) {
  return !fixed_window(params) && !learns_alone(params);
}

std::string_view mode_name(DecodeMode mode) {
  return name_of(mode, kModes);
}

DecodeMode parse_mode(std::string_view name) {
  return parse_named("mode", name, kModes);
}

std::string_view fallback_name(Fallback fallback) {
  return name_of(fallback, kFallbacks);
}

Fallback parse_fallback(std::string_view name) {
  return parse_named("fallback", name, kFallbacks);
}

std::string_view refill_name(WindowRefill refill) {
  return name_of(refill, kRefills);
}

WindowRefill parse_refill(std::string_view name) {
  return parse_named("refill", name, kRefills);
}

std::string_view gate_name(Gate gate) {
  return name_of(gate, kGates);
}

Gate parse_gate(std::string_view name) {
  return parse_named("gate", name, kGates);
}

}  // namespace wedlm
