#include "wedlm/decode/sampling_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::string error_of(const SamplingParams& params) {
  try {
    validate(params);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(SamplingParamsTest, DefaultsAreValid) {
  EXPECT_EQ(error_of({}), "");
}

TEST(SamplingParamsTest, EachBadValueIsNamed) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float value : {-0.1F, kNan, kInfinity}) {
    EXPECT_THAT(error_of({.temperature = value}), testing::StartsWith("temperature: expected"));
    EXPECT_THAT(error_of({.position_penalty = value}), testing::StartsWith("position penalty: expected"));
  }
  for (const float value : {0.0F, -1.0F, 1.5F, kNan}) {
    EXPECT_THAT(error_of({.top_p = value}), testing::StartsWith("top_p: expected"));
  }
  for (const float value : {0.0F, -1.0F, kNan}) {
    EXPECT_THAT(error_of({.entropy_threshold = value}), testing::StartsWith("entropy threshold: expected"));
  }
  EXPECT_EQ(error_of({.entropy_threshold = std::nullopt}), "");
  EXPECT_THAT(error_of({.top_k = -1}), testing::StartsWith("top_k: expected"));
  EXPECT_THAT(error_of({.max_tokens = 0}), testing::StartsWith("max_tokens: expected"));
  EXPECT_THAT(error_of({.stop = {""}}), testing::StartsWith("stop: expected"));
  EXPECT_THAT(error_of({.window_size = 0}), testing::HasSubstr("1 to 256, got 0"));
  EXPECT_THAT(error_of({.window_size = 257}), testing::HasSubstr("got 257"));
  EXPECT_THAT(error_of({.max_per_step = -1}), testing::HasSubstr("got -1"));
}

TEST(SamplingParamsTest, PresetsAndNames) {
  SamplingParams params;
  apply_preset("balanced", params);
  EXPECT_FLOAT_EQ(params.entropy_threshold.value(), 0.8F);
  EXPECT_FLOAT_EQ(params.position_penalty, 0.05F);
  EXPECT_EQ(params.max_per_step, 8);
  EXPECT_EQ(params.window_size, 32);
  EXPECT_THROW(apply_preset("slow", params), InvalidInput);
  for (const DecodeMode mode : {DecodeMode::kStreaming, DecodeMode::kAutoregressive}) {
    EXPECT_EQ(parse_mode(mode_name(mode)), mode);
  }
  for (const Fallback fallback : {Fallback::kArgmin, Fallback::kLeftmost}) {
    EXPECT_EQ(parse_fallback(fallback_name(fallback)), fallback);
  }
  EXPECT_THROW(parse_mode("turbo"), InvalidInput);
  EXPECT_THROW(parse_fallback(""), InvalidInput);
}

}  // namespace
}  // namespace wedlm
