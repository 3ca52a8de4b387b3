#include "wedlm/model/rope.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "wedlm/base/json_members.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::int64_t kMaxPositions = std::int64_t{1} << 30;

constexpr std::array kTypes = {Named{RopeType::kDefault, "default"}, Named{RopeType::kLinear, "linear"},
                               Named{RopeType::kDynamic, "dynamic"}, Named{RopeType::kYarn, "yarn"},
                               Named{RopeType::kLlama3, "llama3"}};

/// The object under `key`, or what it has under "full_attention"; nullptr where there is none.
const Json* parameters_under(const JsonMembers& config, const char* key) {
  const Json* value = config.find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) config.fail(key, "null or an object", *value);
  const Json* of_layers = value->find("full_attention");
  return of_layers != nullptr && of_layers->is_object() ? of_layers : value;
}

RopeType read_type(const JsonMembers& members) {
  for (const char* key : {"rope_type", "type"}) {
    const Json* type = members.find(key);
    if (type == nullptr) continue;
    if (!type->is_string()) members.fail(key, "a string", *type);
    return parse_named(members.what() + ": " + key, type->as_string(), kTypes);
  }
  if (members.find("factor") != nullptr) members.fail_missing("rope_type");
  return RopeType::kDefault;
}

double read_theta(const JsonMembers& config, const Json* scaling, const Json* parameters) {
  const Json* theta = config.find("rope_theta");
  for (const auto& [key, object] : {std::pair{"rope_scaling", scaling}, std::pair{"rope_parameters", parameters}}) {
    const Json* inner = object == nullptr ? nullptr : object->find("rope_theta");
    if (inner == nullptr || inner->is_null()) continue;
    const bool disagree =
        theta != nullptr && theta->is_number() && inner->is_number() && theta->as_number() != inner->as_number();
    if (disagree) config.fail(key, "the rope_theta " + shown(*theta) + " that stands beside it", *inner);
    if (theta == nullptr) theta = inner;
  }
  if (theta == nullptr) config.fail_missing("rope_theta");
  if (!theta->is_number() || !(theta->as_number() > 0)) config.fail("rope_theta", "a number above 0", *theta);
  return theta->as_number();
}

/// A number above 0, or nullopt where it is absent.
std::optional<double> read_above_0(const JsonMembers& members, const char* key) {
  const auto value = members.number(key);
  if (value && !(*value > 0 && std::isfinite(*value))) members.fail(key, "a number above 0", *value);
  return value;
}

/// 0 where it is absent: to transformers they are the same.
double read_at_least_0(const JsonMembers& members, const char* key) {
  const double value = members.number(key).value_or(0);
  if (!(value >= 0 && std::isfinite(value))) members.fail(key, "a number of 0 or more", value);
  return value;
}

void read_yarn(const JsonMembers& members, RopeConfig& rope) {
  rope.attention_factor = members.number("attention_factor");
  if (rope.attention_factor && !(*rope.attention_factor >= 0)) {
    members.fail("attention_factor", "a number of 0 or more", *rope.attention_factor);
  }
  rope.mscale = read_at_least_0(members, "mscale");
  rope.mscale_all_dim = read_at_least_0(members, "mscale_all_dim");
  if (const double beta = read_at_least_0(members, "beta_fast"); beta > 0) rope.beta_fast = beta;
  if (const double beta = read_at_least_0(members, "beta_slow"); beta > 0) rope.beta_slow = beta;
  rope.truncate = members.boolean("truncate", true);
  if (!(rope.theta > 1)) members.fail("rope_theta", "with yarn a number above 1", rope.theta);
}

void read_llama3(const JsonMembers& members, RopeConfig& rope) {
  for (const char* key : {"low_freq_factor", "high_freq_factor"}) {
    if (members.find(key) == nullptr) members.fail_missing(key);
  }
  rope.low_freq_factor = *read_above_0(members, "low_freq_factor");
  rope.high_freq_factor = *read_above_0(members, "high_freq_factor");
  if (rope.high_freq_factor <= rope.low_freq_factor) {
    members.fail("high_freq_factor", "a number above low_freq_factor, " + shown(Json(rope.low_freq_factor)),
                 rope.high_freq_factor);
  }
}

void check_whole_heads(const JsonMembers& members) {
  const auto share = members.number("partial_rotary_factor");
  if (share && *share != 1) members.fail("partial_rotary_factor", "1 (all of a head is rotated)", *share);
}

/// What one of the objects says.
RopeConfig read_stretching(const JsonMembers& config, const JsonMembers& members, double theta,
                           std::int64_t max_position_embeddings) {
  check_whole_heads(members);
  RopeConfig rope{.type = read_type(members), .theta = theta};
  if (rope.type == RopeType::kDefault) return rope;
  constexpr const char* kOriginal = "original_max_position_embeddings";
  const auto inner = members.integer(kOriginal, 1, kMaxPositions);
  const auto original = config.find(kOriginal) != nullptr ? config.integer(kOriginal, 1, kMaxPositions) : inner;
  if (rope.type == RopeType::kYarn || rope.type == RopeType::kLlama3) {
    rope.original_positions = original.value_or(max_position_embeddings);
  }
  const std::optional<double> factor = read_above_0(members, "factor");
  if (!factor && !(rope.type == RopeType::kYarn && original)) members.fail_missing("factor");
  rope.factor =
      factor ? *factor : static_cast<double>(max_position_embeddings) / static_cast<double>(rope.original_positions);
  if (rope.type == RopeType::kYarn) read_yarn(members, rope);
  if (rope.type == RopeType::kLlama3) read_llama3(members, rope);
  return rope;
}

double yarn_scale(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

double yarn_attention_factor(const RopeConfig& rope) {
  if (rope.attention_factor) return *rope.attention_factor;
  if (rope.mscale > 0 && rope.mscale_all_dim > 0) {
    return yarn_scale(rope.factor, rope.mscale) / yarn_scale(rope.factor, rope.mscale_all_dim);
  }
  return yarn_scale(rope.factor, 1);
}

/// The pair that turns so many times within the original positions, as a real number.
double pair_of_turns(const RopeConfig& rope, double turns, std::int64_t head_dim) {
  const auto positions = static_cast<double>(rope.original_positions);
  return static_cast<double>(head_dim) * std::log(positions / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(rope.theta));
}

/// [head_dim / 2]
std::vector<float> yarn_frequencies(const RopeConfig& rope, std::int64_t head_dim) {
  double low = pair_of_turns(rope, rope.beta_fast, head_dim), high = pair_of_turns(rope, rope.beta_slow, head_dim);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(head_dim - 1));
  if (low == high) high += 0.001;  // transformers' own: the ramp is a step
  std::vector<float> frequencies;
  for (const float period : rope_periods(rope.theta, head_dim)) {
    const auto pair = static_cast<float>(frequencies.size());
    const float ramp = (pair - static_cast<float>(low)) / static_cast<float>(high - low);
    const float left = 1.0F - std::clamp(ramp, 0.0F, 1.0F);
    const float divided = 1.0F / (static_cast<float>(rope.factor) * period);
    frequencies.push_back(divided * (1.0F - left) + 1.0F / period * left);
  }
  return frequencies;
}

void stretch_by_llama3(const RopeConfig& rope, std::vector<float>& frequencies) {
  const auto positions = static_cast<float>(rope.original_positions);
  const auto low = static_cast<float>(rope.low_freq_factor), high = static_cast<float>(rope.high_freq_factor);
  const auto factor = static_cast<float>(rope.factor);
  for (float& frequency : frequencies) {
    // A number over a tensor is to PyTorch the number times one over the tensor.
    const float wavelength = static_cast<float>(2 * std::numbers::pi) * (1.0F / frequency);
    if (wavelength < positions / high) continue;
    if (wavelength > positions / low) {
      frequency /= factor;
    } else {
      const float smooth = (positions * (1.0F / wavelength) - low) / (high - low);
      frequency = (1.0F - smooth) * frequency / factor + smooth * frequency;
    }
  }
}

/// theta of the dynamic type for sequences of up to `length` positions.
double dynamic_theta(const RopeConfig& rope, std::int64_t head_dim, std::int64_t trained, std::int64_t length) {
  if (length <= trained) return rope.theta;
  const auto dim = static_cast<double>(head_dim);
  const double stretch = rope.factor * static_cast<double>(length) / static_cast<double>(trained) - (rope.factor - 1);
  return rope.theta * std::pow(stretch, dim / (dim - 2));
}

}  // namespace

RopeConfig read_rope(const JsonMembers& config, std::int64_t max_position_embeddings) {
  const Json* scaling = parameters_under(config, "rope_scaling");
  const Json* parameters = parameters_under(config, "rope_parameters");
  RopeConfig rope{.theta = read_theta(config, scaling, parameters)};
  check_whole_heads(config);
  for (const auto& [key, object] : {std::pair{"rope_scaling", scaling}, std::pair{"rope_parameters", parameters}}) {
    if (object == nullptr) continue;
    const RopeConfig stretched =
        read_stretching(config, JsonMembers(*object, config.what() + ": " + key), rope.theta, max_position_embeddings);
    if (stretched.type == RopeType::kDefault) continue;
    if (rope.type != RopeType::kDefault && rope != stretched) {
      config.fail(key, "what rope_scaling says, " + shown(*scaling), *object);
    }
    rope = stretched;
  }
  return rope;
}

Rotation rotation_of(const RopeConfig& rope, std::int64_t head_dim, std::int64_t max_position_embeddings,
                     std::int64_t max_length) {
  const bool is_dynamic = rope.type == RopeType::kDynamic;
  const double theta = is_dynamic ? dynamic_theta(rope, head_dim, max_position_embeddings, max_length) : rope.theta;
  Rotation rotation = plain_rotation(theta, head_dim);
  if (rope.type == RopeType::kLinear) {
    for (float& frequency : rotation.frequencies) frequency /= static_cast<float>(rope.factor);
  } else if (rope.type == RopeType::kYarn) {
    rotation.frequencies = yarn_frequencies(rope, head_dim);
    rotation.scale = static_cast<float>(yarn_attention_factor(rope));
  } else if (rope.type == RopeType::kLlama3) {
    stretch_by_llama3(rope, rotation.frequencies);
  }
  return rotation;
}

std::int64_t max_positions(const RopeConfig& rope, std::int64_t max_position_embeddings) {
  if (rope.type == RopeType::kDefault || rope.type == RopeType::kLlama3) return max_position_embeddings;
  const std::int64_t before = rope.type == RopeType::kYarn ? rope.original_positions : max_position_embeddings;
  const double after = static_cast<double>(before) * rope.factor;
  return static_cast<std::int64_t>(std::clamp(after, 1.0, static_cast<double>(kMaxPositions)));
}

std::string_view rope_type_name(RopeType type) {
  return name_of(type, kTypes);
}

}  // namespace wedlm
