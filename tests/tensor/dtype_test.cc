#include "wedlm/tensor/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

/// Binary16 by its definition (IEEE 754, section 3.4), in double arithmetic.
double half_by_definition(std::uint16_t bits) {
  const double sign = (bits >> 15) != 0 ? -1 : 1;
  const int exponent = (bits >> 10) & 31;
  const double fraction = bits & 1023;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(DTypeTest, EveryHalf) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    const float value = f16_to_f32(bits);
    if (((bits >> 10) & 31) == 31) {
      EXPECT_EQ(std::isnan(value), (bits & 1023) != 0);
      EXPECT_EQ(std::isinf(value), (bits & 1023) == 0);
    } else {
      EXPECT_EQ(value, half_by_definition(bits)) << i;
    }
    EXPECT_EQ(std::signbit(value), bits >= 0x8000);
  }
}

TEST(DTypeTest, BFloat16RoundsToNearestEven) {
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    const float value = bf16_to_f32(bits);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(value))));
    } else {
      EXPECT_EQ(f32_to_bf16(value), bits);
    }
  }
  EXPECT_EQ(f32_to_bf16(1.0F + 0x1p-8F), 0x3F80);             // half way: to even, down
  EXPECT_EQ(f32_to_bf16(1.0F + 0x1p-7F + 0x1p-8F), 0x3F82);   // half way: to even, up
  EXPECT_EQ(f32_to_bf16(1.0F + 0x1p-8F + 0x1p-20F), 0x3F81);  // above half
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7F80);
}

TEST(DTypeTest, HalvesRoundToNearestEven) {
  constexpr float kAbove = std::numeric_limits<float>::infinity();
  for (std::uint16_t bits = 0; bits < 0x7C00; ++bits) {  // every positive one that is finite
    const float value = f16_to_f32(bits);
    const auto next = static_cast<std::uint16_t>(bits + 1);
    // Past the largest half, the step goes on as it is below.
    const float half_way = next < 0x7C00 ? (value + f16_to_f32(next)) / 2 : 65520.0F;
    const std::uint16_t even = (bits & 1) == 0 ? bits : next;
    EXPECT_EQ(f32_to_f16(value), bits);
    EXPECT_EQ(f32_to_f16(-value), bits | 0x8000);
    EXPECT_EQ(f32_to_f16(half_way), even) << bits;
    EXPECT_EQ(f32_to_f16(std::nextafter(half_way, 0.0F)), bits) << bits;
    EXPECT_EQ(f32_to_f16(std::nextafter(half_way, kAbove)), next) << bits;
  }
  EXPECT_EQ(f32_to_f16(kAbove), 0x7C00);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::max()), 0x7C00);
  EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(DTypeTest, ThereAndBack) {
  const float numbers[] = {1.5F, -0.25F, 3.0F};  // that all types have
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    std::byte memory[1 + sizeof numbers];
    float back[3];
    from_f32(dtype, numbers, memory + 1, 3);
    to_f32(dtype, memory + 1, back, 3);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(back[i], numbers[i]) << dtype_name(dtype);
  }
  EXPECT_THROW(from_f32(DType::kU8, numbers, nullptr, 3), InternalError);
}

TEST(DTypeTest, NamesOfSafetensors) {
  EXPECT_EQ(dtype_from_name("BF16"), DType::kBF16);
  EXPECT_EQ(dtype_from_name("F8_E4M3"), std::nullopt);
  EXPECT_EQ(dtype_from_name("I8"), std::nullopt) << "what pages are made of is no type of weights";
  EXPECT_EQ(dtype_bytes(DType::kF32), 4U);
}

TEST(DTypeTest, BytesWithoutTheirScaleAreNoNumbers) {
  const std::byte slice[6] = {};
  float numbers[6];
  EXPECT_THROW(to_f32(DType::kI8, slice, numbers, 6), InternalError);
}

}  // namespace
}  // namespace wedlm
