#include "wedlm/model/random_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "wedlm/base/error.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {
namespace {

// Elements of one task; a multiple of the four that one random word gives.
constexpr std::int64_t kTaskElements = 1 << 16;

// Of numbers that fill_random() makes with `least` 1: the mean square is 7/3 in one octave and 28/3 in the other.
const double kRandomRms = std::sqrt(35.0 / 6.0);

/// The bits of a counter, mixed (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
  x = (x ^ x >> 27) * 0x94D049BB133111EB;
  return x ^ x >> 31;
}

/// FNV-1a.
std::uint64_t hash(std::string_view name) {
  std::uint64_t bits = 0xCBF29CE484222325;
  for (const char c : name) bits = (bits ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return bits;
}

/// The power of 2 for which fill_random() comes nearest to this root mean square.
float least_for(double rms) {
  return static_cast<float>(std::exp2(std::round(std::log2(rms / kRandomRms))));
}

void fill_constant(DType dtype, void* to, std::int64_t count, float value) {
  if (dtype == DType::kF32) {
    std::fill_n(static_cast<float*>(to), count, value);
  } else {
    std::fill_n(static_cast<std::uint16_t*>(to), count, f32_to_bf16(value));
  }
}

}  // namespace

void fill_random(DType dtype, void* to, std::int64_t count, float least, std::uint64_t seed, ThreadTeam& team) {
  // The upper half of a float32 of either octave is exponent + 0 or 1, and seven bits of fraction: with the sign, nine
  // random bits.
  const std::uint64_t base = std::bit_cast<std::uint32_t>(least) >> 16;
  team.run((count + kTaskElements - 1) / kTaskElements, [&](std::int64_t task, int) {
    const std::int64_t end = std::min(count, (task + 1) * kTaskElements);
    for (std::int64_t i = task * kTaskElements; i < end; i += 4) {
      // Added and not put beside it, because the exponent may be odd; 0x8000 is the sign.
      const std::uint64_t random = mix(seed + static_cast<std::uint64_t>(i));
      const std::uint64_t signs = random & 0x8000800080008000;
      const std::uint64_t four = ((random & 0x00FF00FF00FF00FF) + base * 0x0001000100010001) | signs;
      const auto left = static_cast<std::size_t>(std::min<std::int64_t>(4, end - i));
      if (dtype == DType::kBF16) {
        std::memcpy(static_cast<std::uint16_t*>(to) + i, &four, left * sizeof(std::uint16_t));
        continue;
      }
      float values[4];
      for (std::size_t j = 0; j < 4; ++j) values[j] = bf16_to_f32(static_cast<std::uint16_t>(four >> (16 * j)));
      from_f32(dtype, values, static_cast<std::byte*>(to) + static_cast<std::size_t>(i) * dtype_bytes(dtype), left);
    }
  });
}

float least_random(std::int64_t in_features) {
  return least_for(1 / std::sqrt(static_cast<double>(in_features)));
}

std::uint64_t seed_of(std::string_view name, std::uint64_t seed) {
  return mix(seed ^ hash(name));
}

RandomWeights::RandomWeights(const ModelConfig& config, const Options& options)
    : options_(options), hidden_size_(config.hidden_size), team_(std::make_unique<ThreadTeam>(options.num_threads)) {
  if (options.dtype != DType::kBF16 && options.dtype != DType::kF32) {
    throw InvalidInput("random weights: expected BF16 or F32, got " + std::string(dtype_name(options.dtype)));
  }
  for (const WeightSpec& spec : weight_list(config)) {
    shapes_.emplace(spec.name, spec.shape);
    total_bytes_ += static_cast<std::size_t>(spec.shape.num_elements()) * dtype_bytes(options.dtype);
  }
}

HostWeight RandomWeights::weight(std::string_view name) const {
  const auto found = shapes_.find(std::string(name));
  if (found == shapes_.end()) throw InternalError("random weights: the model has no " + std::string(name));
  const Shape& shape = found->second;
  const std::int64_t count = shape.num_elements();
  HostWeight weight;
  weight.memory = allocate_host(static_cast<std::size_t>(count) * dtype_bytes(options_.dtype));
  weight.tensor = ConstTensor(weight.memory.data(), options_.dtype, shape);
  if (name.ends_with("norm.weight")) {
    fill_constant(options_.dtype, weight.memory.data(), count, 1);
  } else {
    const std::int64_t in_features = shape.rank() == 2 ? shape[1] : hidden_size_;
    fill_random(options_.dtype, weight.memory.data(), count, least_random(in_features), seed_of(name, options_.seed),
                *team_);
  }
  return weight;
}

}  // namespace wedlm
