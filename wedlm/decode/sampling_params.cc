#include "wedlm/decode/sampling_params.h"

#include <array>
#include <cmath>
#include <sstream>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

struct Preset {
  std::string_view name;
  float entropy_threshold;
  float position_penalty;
  std::int32_t max_per_step;
  std::int32_t window_size;
};

constexpr std::array kPresets = {
    Preset{"quality", 0.5F, 0.10F, 4, 16},
    Preset{"balanced", 0.8F, 0.05F, 8, 32},
    Preset{"fast", 1.0F, 0.05F, 6, 32},
};

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
  check(params.max_tokens >= 1, "max_tokens", "at least 1", params.max_tokens);
  check(params.window_size >= 1 && params.window_size <= kMaxWindowSize, "window size",
        "1 to " + std::to_string(kMaxWindowSize), params.window_size);
  if (params.entropy_threshold) {
    check(std::isfinite(*params.entropy_threshold) && *params.entropy_threshold > 0, "entropy threshold",
          "a number above 0, or none", *params.entropy_threshold);
  }
  check(std::isfinite(params.position_penalty) && params.position_penalty >= 0, "position penalty",
        "a number of at least 0", params.position_penalty);
  check(params.max_per_step >= 0, "most tokens filled in a step", "0 (no cap) or more", params.max_per_step);
  for (const std::string& stop : params.stop) check(!stop.empty(), "stop", "a text that is not empty", "an empty one");
}

void apply_preset(std::string_view name, SamplingParams& params) {
  std::string names;
  for (const Preset& preset : kPresets) {
    if (preset.name == name) {
      params.entropy_threshold = preset.entropy_threshold;
      params.position_penalty = preset.position_penalty;
      params.max_per_step = preset.max_per_step;
      params.window_size = preset.window_size;
      return;
    }
    names += (names.empty() ? "" : ", ") + std::string(preset.name);
  }
  throw InvalidInput("preset: expected one of " + names + ", got '" + std::string(name) + "'");
}

std::string_view mode_name(DecodeMode mode) {
  return mode == DecodeMode::kStreaming ? "streaming" : "autoregressive";
}

DecodeMode parse_mode(std::string_view name) {
  for (const DecodeMode mode : {DecodeMode::kStreaming, DecodeMode::kAutoregressive}) {
    if (name == mode_name(mode)) return mode;
  }
  throw InvalidInput("mode: expected streaming or autoregressive, got '" + std::string(name) + "'");
}

std::string_view fallback_name(Fallback fallback) {
  return fallback == Fallback::kArgmin ? "argmin" : "leftmost";
}

Fallback parse_fallback(std::string_view name) {
  for (const Fallback fallback : {Fallback::kArgmin, Fallback::kLeftmost}) {
    if (name == fallback_name(fallback)) return fallback;
  }
  throw InvalidInput("fallback: expected argmin or leftmost, got '" + std::string(name) + "'");
}

}  // namespace wedlm
