#include "wedlm/decode/sampling_params.h"

#include "wedlm/base/error.h"
#include "wedlm/decode/option_values.h"

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

}  // namespace

void validate(const SamplingParams& params) {
  for (const SamplingOption& option : sampling_options()) {
    const Json value = option_value(option, params);
    if (value.is_null()) continue;
    try {
      check_value(option, value);
    } catch (const InvalidInput& error) {
      throw InvalidInput(std::string(option.json_name) + ": " + error.what());
    }
  }
}

void apply_preset(std::string_view name, SamplingParams& params) {
  const Preset& preset = *parse_named("preset", name, kPresets);
  params.entropy_threshold = preset.entropy_threshold;
  params.position_penalty = preset.position_penalty;
  params.max_per_step = preset.max_per_step;
  params.window_size = preset.window_size;
}

std::vector<std::string_view> preset_names() {
  return names_of(kPresets);
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
  return name_of(mode, kDecodeModes);
}

}  // namespace wedlm
