// Blocks against numbers worked out by hand; gguf_package_test.py compares whole tensors with the package `gguf`.
#include "wedlm/gguf/gguf_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace wedlm {
namespace {

using testing::ElementsAre;

std::vector<int> bytes_of(GgufType type, const std::vector<float>& values) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(gguf_bytes(type, std::ssize(values))) + 1, std::byte{0x55});
  EXPECT_TRUE(write_gguf_blocks(type, values, bytes.data()));
  EXPECT_EQ(bytes.back(), std::byte{0x55}) << "written past its end";
  bytes.pop_back();
  std::vector<int> numbers;
  for (const std::byte byte : bytes) numbers.push_back(static_cast<int>(byte));
  return numbers;
}

std::vector<int> part(const std::vector<int>& all, std::size_t first, std::size_t count) {
  return {all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

TEST(GgufTypeTest, NumbersAreLittleEndian) {
  EXPECT_THAT(bytes_of(GgufType::kF32, {1.5F}), ElementsAre(0, 0, 0xC0, 0x3F));
  EXPECT_THAT(bytes_of(GgufType::kBF16, {1.5F, -2.0F}), ElementsAre(0xC0, 0x3F, 0, 0xC0));
  EXPECT_THAT(bytes_of(GgufType::kF16, {1.5F}), ElementsAre(0, 0x3E));
}

TEST(GgufTypeTest, Q8HasTheLargestAt127) {
  std::vector<float> values(64, 0.0F);
  values[0] = 127;  // of scale 1: 0x3C00
  values[1] = -3.5F;
  values[2] = 2.5F;  // halves go away from 0
  values[63] = -0.5F * 127;
  const std::vector<int> bytes = bytes_of(GgufType::kQ8_0, values);
  ASSERT_EQ(bytes.size(), 68U);
  EXPECT_THAT(part(bytes, 0, 6), ElementsAre(0x00, 0x3C, 127, 256 - 4, 3, 0));
  EXPECT_THAT(part(bytes, 34, 2), ElementsAre(0x00, 0x38));
  EXPECT_EQ(bytes.back(), 256 - 127);
}

TEST(GgufTypeTest, Q4HasTheExtremeAtMinus8AndItsHalvesSideBySide) {
  std::vector<float> values(32, 0.0F);
  values[0] = -8;  // of scale 1
  values[1] = 3.4F;
  values[16] = 7.9F;  // no code for 8
  values[17] = -1;
  const std::vector<int> bytes = bytes_of(GgufType::kQ4_0, values);
  ASSERT_EQ(bytes.size(), 18U);
  EXPECT_THAT(part(bytes, 0, 5), ElementsAre(0x00, 0x3C, 0xF0, 0x7B, 0x88));
  for (float& value : values) value = -value;  // the scale is negative then
  EXPECT_THAT(part(bytes_of(GgufType::kQ4_0, values), 0, 5), ElementsAre(0x00, 0xBC, 0xF0, 0x7B, 0x88));
}

TEST(GgufTypeTest, ZerosAndWhatIsAsGoodAsZeroAreZero) {
  for (const float tiny : {0.0F, 1e-40F, -1e-33F}) {
    const std::vector<int> q8 = bytes_of(GgufType::kQ8_0, std::vector<float>(32, tiny));
    EXPECT_THAT(part(q8, 0, 2), ElementsAre(0, 0));
    EXPECT_THAT(part(q8, 2, 32), testing::Each(0));
    EXPECT_THAT(part(bytes_of(GgufType::kQ4_0, std::vector<float>(32, tiny)), 2, 16), testing::Each(0x88));
  }
}

TEST(GgufTypeTest, WhatTheTypeCannotHoldIsSaid) {
  std::vector<std::byte> bytes(256);
  const auto is_sound = [&](GgufType type, float value) {
    std::vector<float> values(32, 1.0F);
    values[7] = value;
    return write_gguf_blocks(type, values, bytes.data());
  };
  for (const GgufType type : {GgufType::kF32, GgufType::kF16, GgufType::kBF16, GgufType::kQ8_0, GgufType::kQ4_0}) {
    EXPECT_FALSE(is_sound(type, std::numeric_limits<float>::quiet_NaN()));
    EXPECT_FALSE(is_sound(type, -std::numeric_limits<float>::infinity()));
    EXPECT_TRUE(is_sound(type, 65504));
    EXPECT_EQ(is_sound(type, 1e30F), type == GgufType::kF32 || type == GgufType::kBF16);
  }
}

TEST(GgufTypeTest, SizesAreThoseOfBlocks) {
  EXPECT_EQ(gguf_bytes(GgufType::kQ8_0, 96), 102);
  EXPECT_EQ(gguf_bytes(GgufType::kQ4_0, 96), 54);
  EXPECT_EQ(gguf_bytes(GgufType::kBF16, 3), 6);
  EXPECT_EQ(elements_per_block(GgufType::kQ4_0), 32);
  EXPECT_EQ(elements_per_block(GgufType::kF32), 1);
}

}  // namespace
}  // namespace wedlm
