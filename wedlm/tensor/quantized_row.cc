#include "wedlm/tensor/quantized_row.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "wedlm/base/error.h"
#include "wedlm/tensor/dtype.h"
#include "wedlm/tensor/rotation.h"

namespace wedlm {
namespace {

// Scales that are tried, as shares of the scale that just reaches the ends of the range. Cutting off the ends makes
// the steps finer for all others. The largest let the end of the other sign have the value -8, which 7 must then reach.
constexpr float kSymmetricShares[] = {1.0F, 0.70F, 0.75F, 0.80F, 0.85F, 0.90F, 0.95F, 1.05F, 1.10F, 8.0F / 7.0F};
constexpr float kRangeShares[] = {1.0F, 0.75F, 0.80F, 0.85F, 0.90F, 0.95F};
constexpr float kInt8Shares[] = {1.0F, 0.85F, 0.90F, 0.95F};

// Below this a group is taken for zeros: the inverse of its scale would not be a number.
constexpr float kLeastMagnitude = 1e-30F;

/// What an integer may be, how a scale is kept, and which are tried.
struct Grid {
  float least = 0;
  float most = 0;
  WeightScales scales = WeightScales::kNone;
  std::span<const float> shares{};        // with the zero 0
  std::span<const float> range_shares{};  // with one that follows the range

  float keep(float scale) const { return scales == WeightScales::kPerGroup ? bf16_to_f32(f32_to_bf16(scale)) : scale; }
};

Grid grid_of(WeightType type) {
  const WeightScales scales = traits_of(type).scales;
  switch (type) {
    case WeightType::kInt8:
      return {.least = -127, .most = 127, .scales = scales, .shares = kInt8Shares};
    case WeightType::kInt4:
      return {.least = -8, .most = 7, .scales = scales, .shares = kSymmetricShares, .range_shares = kRangeShares};
    case WeightType::kStored:
    case WeightType::kBF16:
      break;
  }
  throw InternalError("quantize_row: " + std::string(weight_type_name(type)) + " is not a packed format");
}

/// To the nearest integer, ties to even, for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction.
float round_to_integer(float x) {
  constexpr float kMagic = 12582912.0F;
  return (x + kMagic) - kMagic;
}

/// The integer minus the zero, as a float.
float steps_of(float weight, float inverse_scale, float least, float most) {
  // Compared before it is rounded, so that it is small; the ends are integers, so the result is the same.
  float steps = weight * inverse_scale;
  steps = steps < least ? least : steps;
  steps = steps > most ? most : steps;
  return round_to_integer(steps);
}

/// A scale and a zero of one group, and how far they miss it.
struct Fit {
  float scale = 0;
  float zero = 0;
  float error = 0;  // the sum of squares
};

class GroupFitter {
 public:
  GroupFitter(std::span<const float> weights, const Grid& grid) : weights_(weights), grid_(grid) {
    for (const float weight : weights) {
      smallest_ = std::min(smallest_, weight);
      largest_ = std::max(largest_, weight);
    }
  }

  /// The best of the scales that the grid says to try.
  Fit best() {
    const float extreme = -smallest_ > largest_ ? smallest_ : largest_;
    if (!(std::abs(extreme) >= kLeastMagnitude)) return {};
    best_ = evaluate(grid_.keep(extreme / grid_.least), 0);
    for (const float share : grid_.shares) {
      try_fit(extreme / grid_.least * share, 0);
      if (grid_.least != -grid_.most) try_fit(-extreme / grid_.least * share, 0);
    }
    for (const float share : grid_.range_shares) {
      const float scale = grid_.keep((largest_ - smallest_) / (grid_.most - grid_.least) * share);
      if (!(scale >= kLeastMagnitude)) continue;
      const float middle = (largest_ + smallest_) / 2 / scale;
      const float zero = round_to_integer(std::clamp((grid_.least + grid_.most) / 2 - middle, -128.0F, 127.0F));
      try_fit(scale, zero);
    }
    refine();
    return best_;
  }

 private:
  Fit evaluate(float scale, float zero) const {
    const float inverse = 1 / scale;
    const float least = grid_.least - zero;
    const float most = grid_.most - zero;
    // Eight sums side by side, because one would wait for its own last addition.
    constexpr std::size_t kSide = 8;
    std::array<float, kSide> sums{};
    std::size_t i = 0;
    for (; i + kSide <= weights_.size(); i += kSide) {
      for (std::size_t j = 0; j < kSide; ++j) {
        const float miss = weights_[i + j] - scale * steps_of(weights_[i + j], inverse, least, most);
        sums[j] += miss * miss;
      }
    }
    for (; i < weights_.size(); ++i) {
      const float miss = weights_[i] - scale * steps_of(weights_[i], inverse, least, most);
      sums[0] += miss * miss;
    }
    float error = 0;
    for (const float sum : sums) error += sum;
    return {scale, zero, error};
  }

  void try_fit(float wanted_scale, float zero) {
    const float scale = grid_.keep(wanted_scale);
    if (!std::isfinite(scale) || !(std::abs(scale) >= kLeastMagnitude)) return;
    const Fit fit = evaluate(scale, zero);
    if (fit.error < best_.error) best_ = fit;
  }

  /// With the integers given, the scale of the least error is sum(weight * steps) / sum(steps^2).
  void refine() {
    const float inverse = 1 / best_.scale;
    double products = 0;
    double squares = 0;
    for (const float weight : weights_) {
      const auto steps =
          static_cast<double>(steps_of(weight, inverse, grid_.least - best_.zero, grid_.most - best_.zero));
      products += static_cast<double>(weight) * steps;
      squares += steps * steps;
    }
    if (squares > 0) try_fit(static_cast<float>(products / squares), best_.zero);
  }

  std::span<const float> weights_;
  const Grid& grid_;
  float smallest_ = std::numeric_limits<float>::infinity();
  float largest_ = -std::numeric_limits<float>::infinity();
  Fit best_;
};

}  // namespace

void QuantizedRow::resize(const WeightFormat& format, std::int64_t in_features) {
  values.resize(static_cast<std::size_t>(in_features));
  scales.resize(static_cast<std::size_t>(format.num_groups(in_features)));
  zeros.resize(scales.size());
  rotated.resize(values.size());
}

bool quantize_row(std::span<const float> weights, const WeightFormat& format, QuantizedRow& to) {
  const Grid grid = grid_of(format.type);
  const auto group_size = static_cast<std::size_t>(format.inputs_per_group(static_cast<std::int64_t>(weights.size())));
  std::ranges::copy(weights, to.rotated.begin());
  rotate(to.rotated);
  for (std::size_t group = 0; group < to.scales.size(); ++group) {
    const std::size_t first = group * group_size;
    const auto part = std::span<const float>(to.rotated).subspan(first, std::min(group_size, weights.size() - first));
    for (const float weight : part) {
      if (!std::isfinite(weight)) return false;
    }
    const Fit fit = GroupFitter(part, grid).best();
    to.scales[group] = fit.scale;
    to.zeros[group] = static_cast<std::int8_t>(fit.zero);
    const float inverse = fit.scale == 0 ? 0 : 1 / fit.scale;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const float steps = steps_of(part[i], inverse, grid.least - fit.zero, grid.most - fit.zero);
      to.values[first + i] = static_cast<std::int8_t>(steps + fit.zero);
    }
  }
  return true;
}

void dequantize_row(const QuantizedRow& row, const WeightFormat& format, std::span<float> weights) {
  const auto group_size = static_cast<std::size_t>(format.inputs_per_group(static_cast<std::int64_t>(weights.size())));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t group = i / group_size;
    weights[i] = row.scales[group] * static_cast<float>(row.values[i] - row.zeros[group]);
  }
  rotate_back(weights);
}

}  // namespace wedlm
