#include "cli/options/weight_flags.h"

#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

TEST(WeightFlagsTest, TheHeadFollowsUnlessItIsGiven) {
  const WeightFormats stored = WeightFlags{}.formats();
  EXPECT_EQ(stored.layers, WeightFormat{});
  EXPECT_EQ(stored.head, WeightFormat{});
  EXPECT_EQ(describe(stored), "");
  const WeightFormats int8 = WeightFlags{.weights = "int8"}.formats();
  EXPECT_EQ(int8.head.type, WeightType::kInt8);
  EXPECT_EQ(describe(int8), "int8");
  const WeightFormats int4 = WeightFlags{.weights = "int4", .group_size = 32}.formats();
  EXPECT_EQ(int4.layers.type, WeightType::kInt4);
  EXPECT_EQ(int4.layers.group_size, 32);
  EXPECT_EQ(int4.head.type, WeightType::kInt8);
  EXPECT_EQ(describe(int4), "int4 in groups of 32, head int8");
  EXPECT_EQ((WeightFlags{.weights = "int4", .head_bits = "16"}.formats().head.type), WeightType::kBF16);
  EXPECT_EQ((WeightFlags{.weights = "int4", .head_bits = "4"}.formats().head.type), WeightType::kInt4);
  EXPECT_EQ(describe(WeightFlags{.head_bits = "8"}.formats()), "as stored, head int8");
}

TEST(WeightFlagsTest, RefusesGroupsThatNoMatrixHas) {
  EXPECT_THROW((WeightFlags{.weights = "int8", .group_size = 64}.formats()), InvalidInput);
  EXPECT_THROW((WeightFlags{.weights = "int4", .group_size = 48}.formats()), InvalidInput);
  EXPECT_NO_THROW((WeightFlags{.group_size = 64, .head_bits = "4"}.formats()));
}

}  // namespace
}  // namespace wedlm::cli
