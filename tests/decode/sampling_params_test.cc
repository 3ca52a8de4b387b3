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
    EXPECT_THAT(error_of({.position_penalty = value}), testing::StartsWith("position_penalty: expected"));
  }
  for (const float value : {0.0F, -1.0F, 1.5F, kNan}) {
    EXPECT_THAT(error_of({.filters = {.top_p = value}}), testing::StartsWith("top_p: expected"));
  }
  for (const float value : {0.0F, -1.0F, kNan}) {
    EXPECT_THAT(error_of({.entropy_threshold = value}), testing::StartsWith("entropy_threshold: expected"));
  }
  EXPECT_EQ(error_of({.entropy_threshold = std::nullopt}), "");
  EXPECT_THAT(error_of({.filters = {.top_k = -1}}), testing::StartsWith("top_k: expected"));
  EXPECT_THAT(error_of({.max_tokens = 0}), testing::StartsWith("max_tokens: expected"));
  EXPECT_THAT(error_of({.stop = {""}}), testing::StartsWith("stop: expected"));
  EXPECT_THAT(error_of({.window_size = 0}), testing::HasSubstr("from 1 to 256, or auto, got 0"));
  EXPECT_THAT(error_of({.window_size = 257}), testing::HasSubstr("got 257"));
  EXPECT_THAT(error_of({.max_per_step = -1}), testing::HasSubstr("got -1"));
}

TEST(SamplingParamsTest, WhatVerifiesHasItsRanges) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float value : {-0.1F, 1.1F, kNan}) {
    EXPECT_THAT(error_of({.draft_threshold = value}), testing::StartsWith("draft_threshold: expected a number from 0"));
  }
  for (const float value : {0.0F, -0.1F, 1.1F, kNan}) {
    EXPECT_THAT(error_of({.gate_epsilon = value}), testing::StartsWith("gate_epsilon: expected a number above 0"));
    EXPECT_THAT(error_of({.gate_delta = value}), testing::StartsWith("gate_delta: expected a number above 0"));
  }
  for (const float value : {-0.1F, kNan, kInfinity}) {
    EXPECT_THAT(error_of({.joint_entropy = value}),
                testing::StartsWith("joint_entropy: expected a number of at least"));
  }
  for (const float value : {0.0F, 1.0F, -1.0F, kNan}) {
    EXPECT_THAT(error_of({.agreement = value}), testing::StartsWith("agreement: expected a number between 0 and 1"));
  }
  EXPECT_EQ(error_of({.draft_threshold = 0, .gate_epsilon = 1, .gate_delta = 1, .joint_entropy = 0}), "");
  EXPECT_EQ(error_of({.draft_threshold = 1, .agreement = 0.999F}), "");
  EXPECT_EQ(error_of({.window_size = 256}), "");
}

TEST(SamplingParamsTest, TheWindowFollowsTheMode) {
  EXPECT_EQ(fixed_window({}), 16);
  EXPECT_EQ(fixed_window({.window_size = 5}), 5);
  EXPECT_EQ(fixed_window({.mode = DecodeMode::kAutoregressive, .window_size = 5}), 0);
  EXPECT_EQ(fixed_window({.mode = DecodeMode::kExact}), std::nullopt);
  EXPECT_EQ(fixed_window({.mode = DecodeMode::kExact, .window_size = 5}), 5);
  EXPECT_EQ(fixed_window({.mode = DecodeMode::kGated}), std::nullopt);
  EXPECT_EQ(fixed_window({.mode = DecodeMode::kGated, .gate = Gate::kOff}), 16);
  EXPECT_FALSE(verifies_drafts({}));
  EXPECT_TRUE(verifies_drafts({.mode = DecodeMode::kExact, .gate = Gate::kOff})) << "the gate is that of gated";
  EXPECT_TRUE(verifies_drafts({.mode = DecodeMode::kGated, .gate = Gate::kEquality}));
  EXPECT_FALSE(verifies_drafts({.mode = DecodeMode::kGated, .gate = Gate::kOff}));
}

TEST(SamplingParamsTest, PresetsSetTheWindow) {
  SamplingParams params;
  apply_preset("balanced", params);
  EXPECT_FLOAT_EQ(params.entropy_threshold.value(), 0.8F);
  EXPECT_FLOAT_EQ(params.position_penalty, 0.05F);
  EXPECT_EQ(params.max_per_step, 8);
  EXPECT_EQ(params.window_size, 32);
  EXPECT_THROW(apply_preset("slow", params), InvalidInput);
  EXPECT_EQ(preset_names(), (std::vector<std::string_view>{"quality", "balanced", "fast"}));
}

}  // namespace
}  // namespace wedlm
