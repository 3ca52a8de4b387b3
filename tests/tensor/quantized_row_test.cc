// What the packed formats keep of a row of weights, against rounding written from the definition.
#include "wedlm/tensor/quantized_row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "wedlm/base/error.h"
#include "wedlm/tensor/dtype.h"
#include "wedlm/tensor/rotation.h"

namespace wedlm {
namespace {

constexpr WeightFormat kInt8{.type = WeightType::kInt8};
constexpr WeightFormat kInt4{.type = WeightType::kInt4};
constexpr WeightFormat kAllFormats[] = {kInt8,
                                        {.type = WeightType::kInt4, .group_size = 32},
                                        {.type = WeightType::kInt4, .group_size = 64},
                                        {.type = WeightType::kInt4, .group_size = 128}};

std::vector<float> normal_weights(std::size_t count, unsigned seed, float mean = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(mean, 0.05F);
  std::vector<float> weights(count);
  for (float& weight : weights) weight = normal(random);
  return weights;
}

QuantizedRow quantize(std::span<const float> weights, const WeightFormat& format) {
  QuantizedRow row;
  row.resize(format, static_cast<std::int64_t>(weights.size()));
  EXPECT_TRUE(quantize_row(weights, format, row));
  return row;
}

double squared_error(std::span<const float> weights, const WeightFormat& format) {
  std::vector<float> back(weights.size());
  dequantize_row(quantize(weights, format), format, back);
  double error = 0;
  for (std::size_t i = 0; i < back.size(); ++i) error += std::pow(static_cast<double>(back[i] - weights[i]), 2);
  return error;
}

/// Of plain rounding to nearest in groups, with the scale that reaches the largest magnitude at `most`.
double plain_squared_error(std::span<const float> weights, std::size_t group_size, double most) {
  double error = 0;
  for (std::size_t first = 0; first < weights.size(); first += group_size) {
    const auto part = weights.subspan(first, std::min(group_size, weights.size() - first));
    double largest = 0;
    for (const float weight : part) largest = std::max(largest, std::abs(static_cast<double>(weight)));
    const double scale = largest / most;
    for (const float weight : part) {
      const auto exact = static_cast<double>(weight);
      error += std::pow(exact - scale * std::nearbyint(exact / scale), 2);
    }
  }
  return error;
}

TEST(QuantizedRowTest, RotatedWeightsOnAGridComeBack) {
  for (const WeightFormat& format : kAllFormats) {
    const int most = format.type == WeightType::kInt8 ? 127 : 7;
    std::mt19937 random(1);
    std::vector<float> weights(331);
    for (float& weight : weights) weight = 0.125F * static_cast<float>(static_cast<int>(random() % 15) - 7);
    for (std::size_t i = 0; i < weights.size(); i += 11) weights[i] = 0.125F * static_cast<float>(most);
    rotate_back(weights);
    EXPECT_LT(squared_error(weights, format), 1e-9) << weight_type_name(format.type) << " " << format.group_size;
  }
}

TEST(QuantizedRowTest, TheSearchBeatsRoundingToNearest) {
  for (const WeightFormat& format : kAllFormats) {
    for (const std::size_t count : {200, 331, 1024}) {
      const std::vector<float> weights = normal_weights(count, static_cast<unsigned>(count));
      std::vector<float> rotated = weights;
      rotate(rotated);
      const auto group = static_cast<std::size_t>(format.inputs_per_group(static_cast<std::int64_t>(count)));
      const bool is_int8 = format.type == WeightType::kInt8;
      const double plain = plain_squared_error(rotated, group, is_int8 ? 127 : 7);
      EXPECT_LT(squared_error(weights, format), (is_int8 ? 1.001 : 0.85) * plain)
          << weight_type_name(format.type) << " " << format.group_size << " " << count;
    }
  }
}

TEST(QuantizedRowTest, AGroupFarFromZeroGetsAZero) {
  std::vector<float> weights = normal_weights(128, 3);
  std::vector<float> shifted = normal_weights(64, 4, 0.5F);
  std::copy(shifted.begin(), shifted.end(), weights.begin() + 64);
  rotate_back(weights);
  const QuantizedRow row = quantize(weights, kInt4);
  EXPECT_NE(row.zeros[1], 0);
  const double plain = plain_squared_error(shifted, 64, 7);
  rotate_back(shifted);
  EXPECT_LT(squared_error(shifted, kInt4), 0.1 * plain);
  for (const std::int8_t zero : quantize(weights, kInt8).zeros) EXPECT_EQ(zero, 0);
}

TEST(QuantizedRowTest, ValuesAndScalesStayInTheirRanges) {
  for (const WeightFormat& format : kAllFormats) {
    const bool is_int8 = format.type == WeightType::kInt8;
    const QuantizedRow row = quantize(normal_weights(2000, 5, 0.02F), format);
    EXPECT_EQ(row.scales.size(),
              is_int8 ? 1U : static_cast<std::size_t>((2000 + format.group_size - 1) / format.group_size));
    for (const std::int8_t value : row.values) {
      EXPECT_GE(value, is_int8 ? -127 : -8);
      EXPECT_LE(value, is_int8 ? 127 : 7);
    }
    for (const float scale : row.scales) {
      const float kept = is_int8 ? scale : bf16_to_f32(f32_to_bf16(scale));
      EXPECT_EQ(kept, scale);
    }
  }
}

/// One weight of 64 that is 30 times the others would cost them all their steps.
TEST(QuantizedRowTest, AWeightFarFromTheOthersIsSpread) {
  for (const WeightFormat& format : kAllFormats) {
    std::vector<float> weights = normal_weights(640, 6);
    for (std::size_t i = 5; i < weights.size(); i += 64) weights[i] = 1.5F;
    const auto group = static_cast<std::size_t>(format.inputs_per_group(640));
    EXPECT_LT(squared_error(weights, format),
              0.25 * plain_squared_error(weights, group, format.type == WeightType::kInt8 ? 127 : 7))
        << describe(format);
  }
}

TEST(QuantizedRowTest, ExtremeRows) {
  for (const WeightFormat& format : kAllFormats) {
    const std::vector<float> zeros(100, 0.0F), one{0.3F}, tiny(40, 1e-38F);
    EXPECT_EQ(squared_error(zeros, format), 0);
    EXPECT_LT(squared_error(one, format), 1e-5);
    EXPECT_LT(squared_error(tiny, format), 1e-70);
    std::vector<float> huge(100, 1e36F);
    huge[3] = -3e36F;
    std::vector<float> back(huge.size());
    dequantize_row(quantize(huge, format), format, back);
    for (std::size_t i = 0; i < huge.size(); ++i) EXPECT_NEAR(back[i] / huge[i], 1, 0.75);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38F}) {
      std::vector<float> weights(100, 1.0F);
      weights[98] = bad;
      weights[99] = bad;
      QuantizedRow row;
      row.resize(format, 100);
      EXPECT_FALSE(quantize_row(weights, format, row));
    }
  }
}

/// The weights that `values` in one group stand for, from the definition in quantized_row.h.
std::vector<float> numbers_of(std::span<const int> values, float scale, int zero) {
  std::vector<float> numbers;
  for (const int value : values) numbers.push_back(scale * static_cast<float>(value - zero));
  rotate_back(numbers);
  return numbers;
}

TEST(QuantizedRowTest, EveryValueOfAGridMeansScaleTimesItsDistanceFromTheZero) {
  for (const WeightFormat& format : kAllFormats) {
    const int least = format.type == WeightType::kInt8 ? -127 : -8;
    std::vector<int> values;
    for (int value = least; value <= -least - (format.has_groups() ? 1 : 0); ++value) values.push_back(value);
    for (const int zero : {0, -128, 5, 127}) {
      if (zero != 0 && !format.has_groups()) continue;
      for (const float scale : {0.25F, -0.375F}) {
        QuantizedRow row;
        row.resize(format, static_cast<std::int64_t>(values.size()));
        ASSERT_EQ(row.scales.size(), 1U);
        std::ranges::transform(values, row.values.begin(), [](int value) { return static_cast<std::int8_t>(value); });
        row.scales[0] = scale;
        row.zeros[0] = static_cast<std::int8_t>(zero);
        std::vector<float> numbers(values.size());
        dequantize_row(row, format, numbers);
        EXPECT_EQ(numbers, numbers_of(values, scale, zero)) << describe(format) << " " << zero;
        // And what stands for these numbers has next to no error, whatever scale it is found with.
        EXPECT_LT(squared_error(numbers, format), 1e-7) << describe(format) << " " << zero;
      }
    }
  }
}

TEST(QuantizedRowTest, FormatsThatAreNotPackedHaveNone) {
  const std::vector<float> weights(8, 1.0F);
  for (const WeightType type : {WeightType::kStored, WeightType::kBF16}) {
    QuantizedRow row;
    row.resize({.type = type}, 8);
    EXPECT_THROW((void)quantize_row(weights, {.type = type}, row), InternalError);
  }
}

}  // namespace
}  // namespace wedlm
