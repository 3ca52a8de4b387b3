#include "cli/options/weight_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

TEST(WeightFlagsTest, TheHeadFollowsUnlessItIsGiven) {
  const ModelFormats stored = WeightFlags{}.formats();
  EXPECT_EQ(stored.layers, WeightFormat{});
  EXPECT_EQ(stored.head, WeightFormat{});
  EXPECT_EQ(describe(stored), "");
  const ModelFormats int8 = WeightFlags{.weights = WeightType::kInt8}.formats();
  EXPECT_EQ(int8.head.type, WeightType::kInt8);
  EXPECT_EQ(describe(int8), "int8");
  const ModelFormats int4 = WeightFlags{.weights = WeightType::kInt4, .group_size = 32}.formats();
  EXPECT_EQ(int4.layers.type, WeightType::kInt4);
  EXPECT_EQ(int4.layers.group_size, 32);
  EXPECT_EQ(int4.head.type, WeightType::kInt8);
  EXPECT_EQ(describe(int4), "int4 in groups of 32, head int8");
  EXPECT_EQ((WeightFlags{.weights = WeightType::kInt4, .head = WeightType::kBF16}.formats().head.type),
            WeightType::kBF16);
  EXPECT_EQ((WeightFlags{.weights = WeightType::kInt4, .head = WeightType::kInt4}.formats().head.type),
            WeightType::kInt4);
  EXPECT_EQ(describe(WeightFlags{.head = WeightType::kInt8}.formats()), "as stored, head int8");
}

TEST(WeightFlagsTest, RefusesGroupsThatNoMatrixHas) {
  EXPECT_THROW((WeightFlags{.weights = WeightType::kInt8, .group_size = 64}.formats()), InvalidInput);
  EXPECT_THROW((WeightFlags{.weights = WeightType::kInt4, .group_size = 48}.formats()), InvalidInput);
  EXPECT_NO_THROW((WeightFlags{.group_size = 64, .head = WeightType::kInt4}.formats()));
}

WeightFlags parsed_weights(std::vector<std::string> arguments) {
  CLI::App app;
  WeightFlags flags;
  add_weight_options(app, flags);
  std::ranges::reverse(arguments);  // as CLI11 takes them
  app.parse(std::move(arguments));
  return flags;
}

TEST(WeightFlagsTest, EveryFormatIsChosenByItsNameAndSomeByTheirBits) {
  for (const WeightTypeTraits& traits : kWeightTypes) {
    const WeightFlags flags =
        parsed_weights({"--weights", std::string(traits.name), "--head", std::string(traits.name)});
    EXPECT_EQ(flags.weights, traits.type);
    EXPECT_EQ(flags.head, traits.type);
  }
  EXPECT_EQ(parsed_weights({"--head-bits", "4"}).head, WeightType::kInt4);
  EXPECT_EQ(parsed_weights({"--head-bits", "16"}).head, WeightType::kBF16);
  try {
    parsed_weights({"--head", "int5"});
    FAIL();
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "--head: expected one of stored, bf16, int8, int4, got \"int5\"");
  }
}

TEST(WeightFlagsTest, TheHelpNamesAllFormatsAndNoBits) {
  CLI::App app;
  WeightFlags flags;
  add_weight_options(app, flags);
  const std::string help = app.help();
  EXPECT_THAT(help, testing::HasSubstr("--weights stored|bf16|int8|int4"));
  EXPECT_THAT(help, testing::HasSubstr("--head stored|bf16|int8|int4"));
  EXPECT_THAT(help, testing::HasSubstr("--group 32|64|128"));
  EXPECT_THAT(help, testing::HasSubstr("as --weights, int8 with int4"));
  EXPECT_THAT(help, testing::Not(testing::HasSubstr("--head-bits")));
}

}  // namespace
}  // namespace wedlm::cli
