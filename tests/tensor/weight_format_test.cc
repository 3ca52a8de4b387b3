// One table says what formats there are: names both ways, and sizes from their definition.
#include "wedlm/tensor/weight_format.h"

#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(WeightFormatTest, EveryNameIsReadAsItsType) {
  for (const WeightType type : all_weight_types()) {
    EXPECT_EQ(parse_weight_type("", weight_type_name(type), all_weight_types()), type);
  }
  EXPECT_EQ(all_weight_types().size(), kWeightTypes.size());
}

TEST(WeightFormatTest, AnUnknownNameListsThoseThatThereAre) {
  EXPECT_EQ(message_of([] { parse_weight_type("weight format", "int5", all_weight_types()); }),
            "weight format: expected one of stored, bf16, int8, int4, got \"int5\"");
  EXPECT_EQ(message_of([] { parse_weight_type("", "bf16", packed_weight_types()); }),
            "expected one of int8, int4, got \"bf16\"");
}

TEST(WeightFormatTest, ATypeIsPackedWithScalesOrANumberByItself) {
  for (const WeightTypeTraits& traits : kWeightTypes) {
    const WeightFormat format{.type = traits.type};
    EXPECT_EQ(format.is_packed(), traits.bits > 0) << traits.name;
    EXPECT_EQ(32 % std::max(1, traits.bits), 0) << traits.name;
    EXPECT_FALSE(format.is_packed() && traits.rounded_to.has_value()) << traits.name;
    EXPECT_LE(format.has_groups(), format.is_packed()) << traits.name;
    EXPECT_LE(format.has_integers(), format.is_packed()) << traits.name;
    EXPECT_EQ(traits_of(traits.head).head, traits.head) << traits.name;
  }
  for (const auto& [type, bits] : kWeightTypesByBits) {
    EXPECT_EQ(std::to_string(type == WeightType::kBF16 ? 16 : traits_of(type).bits), bits);
  }
}

TEST(WeightFormatTest, GroupsHaveOneOfAFewSizes) {
  for (const int size : kGroupSizes) check_weight_format({.type = WeightType::kInt4, .group_size = size});
  EXPECT_EQ(message_of([] { check_weight_format({.type = WeightType::kInt4, .group_size = 48}); }),
            "int4 weights: expected groups of one of 32, 64, 128, got 48");
  check_weight_format({.type = WeightType::kInt8, .group_size = 48});
  EXPECT_EQ((WeightFormat{.type = WeightType::kInt4, .group_size = 64}.num_groups(65)), 2);
  EXPECT_EQ((WeightFormat{.type = WeightType::kInt8}.num_groups(65)), 1);
}

TEST(WeightFormatTest, BytesAreThoseOfNumbersOrOfWordsAndScales) {
  const auto bytes = [](const WeightFormat& format, DType stored) { return weight_bytes(format, stored, 3, 65); };
  EXPECT_EQ(bytes({}, DType::kBF16), 3 * 65 * 2);
  EXPECT_EQ(bytes({}, DType::kF32), 3 * 65 * 4);
  EXPECT_EQ(bytes({}, DType::kF16), 3 * 65 * 4);
  EXPECT_EQ(bytes({.type = WeightType::kBF16}, DType::kF32), 3 * 65 * 2);
  // 65 inputs are 17 words of four, or 9 of eight; and a word for each scale.
  EXPECT_EQ(bytes({.type = WeightType::kInt8}, DType::kF32), 3 * (17 + 1) * 4);
  EXPECT_EQ(bytes({.type = WeightType::kInt4, .group_size = 64}, DType::kF32), 3 * (9 + 2) * 4);
  EXPECT_EQ(bytes({.type = WeightType::kInt4, .group_size = 32}, DType::kF32), 3 * (9 + 3) * 4);
}

}  // namespace
}  // namespace wedlm
