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

TEST(SamplingParamsTest, WhatVerifiesHasItsRanges) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float value : {-0.1F, 1.1F, kNan}) {
    EXPECT_THAT(error_of({.draft_threshold = value}), testing::StartsWith("draft threshold: expected a number from 0"));
  }
  for (const float value : {0.0F, -0.1F, 1.1F, kNan}) {
    EXPECT_THAT(error_of({.gate_epsilon = value}), testing::StartsWith("gate epsilon: expected a number above 0"));
    EXPECT_THAT(error_of({.gate_delta = value}), testing::StartsWith("gate delta: expected a number above 0"));
  }
  for (const float value : {-0.1F, kNan, kInfinity}) {
    EXPECT_THAT(error_of({.joint_entropy = value}),
                testing::StartsWith("joint entropy: expected a number of at least"));
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

TEST(SamplingParamsTest, Names) {
  const std::vector<std::pair<DecodeMode, std::string>> modes = {{DecodeMode::kStreaming, "streaming"},
                                                                 {DecodeMode::kAutoregressive, "autoregressive"},
                                                                 {DecodeMode::kExact, "exact"},
                                                                 {DecodeMode::kGated, "gated"}};
  for (const auto& [mode, name] : modes) {
    EXPECT_EQ(mode_name(mode), name);
    EXPECT_EQ(parse_mode(name), mode);
  }
  EXPECT_EQ(fallback_name(Fallback::kArgmin), "argmin");
  EXPECT_EQ(parse_fallback("leftmost"), Fallback::kLeftmost);
  EXPECT_EQ(refill_name(WindowRefill::kSliding), "sliding");
  EXPECT_EQ(refill_name(WindowRefill::kBlock), "block");
  EXPECT_EQ(parse_refill("sliding"), WindowRefill::kSliding);
  EXPECT_EQ(parse_refill("block"), WindowRefill::kBlock);
  const std::vector<std::pair<Gate, std::string>> gates = {
      {Gate::kProbability, "probability"}, {Gate::kEquality, "equality"}, {Gate::kOff, "off"}};
  for (const auto& [gate, name] : gates) {
    EXPECT_EQ(gate_name(gate), name);
    EXPECT_EQ(parse_gate(name), gate);
  }
  EXPECT_THROW(parse_refill("Block"), InvalidInput);
  try {
    parse_gate("maybe");
    FAIL() << "taken";
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "gate: expected one of probability, equality, off, got \"maybe\"");
  }
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
