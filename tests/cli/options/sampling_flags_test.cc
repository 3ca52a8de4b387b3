#include "cli/options/sampling_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

TEST(SamplingFlagsTest, WithoutFlagsTheModelDecidesAndElseWe) {
  const SamplingParams ours = SamplingFlags{}.sampling_params({});
  EXPECT_FLOAT_EQ(ours.temperature, 0.2F);
  EXPECT_EQ(ours.max_tokens, 128);
  EXPECT_EQ(ours.window_size, std::nullopt);
  EXPECT_EQ(fixed_window(ours), 16);
  EXPECT_FLOAT_EQ(ours.entropy_threshold.value(), 0.4F);
  EXPECT_EQ(ours.mode, DecodeMode::kStreaming);
  EXPECT_FALSE(ours.seed.has_value());

  const SamplingParams models =
      SamplingFlags{}.sampling_params({.temperature = 0.7F, .filters = {.top_k = 20, .top_p = 0.8F}});
  EXPECT_FLOAT_EQ(models.temperature, 0.7F);
  EXPECT_FLOAT_EQ(models.filters.top_p, 0.8F);
  EXPECT_EQ(models.filters.top_k, 20);
}

TEST(SamplingFlagsTest, GivenFlagsWinOverTheModel) {
  const SamplingFlags flags{.temperature = 0.0, .top_p = 0.5, .top_k = 3};
  const SamplingParams params = flags.sampling_params({.temperature = 0.7F, .filters = {.top_k = 20, .top_p = 0.8F}});
  EXPECT_FLOAT_EQ(params.temperature, 0.0F);
  EXPECT_FLOAT_EQ(params.filters.top_p, 0.5F);
  EXPECT_EQ(params.filters.top_k, 3);
}

TEST(SamplingFlagsTest, GivenFlagsWinOverThePreset) {
  SamplingFlags flags{.preset = "balanced"};
  EXPECT_EQ(flags.sampling_params({}).window_size, 32);
  EXPECT_FLOAT_EQ(flags.sampling_params({}).entropy_threshold.value(), 0.8F);
  EXPECT_EQ(flags.sampling_params({}).max_per_step, 8);
  flags.window_size = "5";
  flags.entropy_threshold = "none";
  const SamplingParams params = flags.sampling_params({});
  EXPECT_EQ(params.window_size, 5);
  EXPECT_FALSE(params.entropy_threshold.has_value());
  EXPECT_FLOAT_EQ(params.position_penalty, 0.05F);
}

TEST(SamplingFlagsTest, ModesThatContradictAreRefused) {
  EXPECT_EQ((SamplingFlags{.autoregressive = true}.sampling_params({}).mode), DecodeMode::kAutoregressive);
  EXPECT_EQ((SamplingFlags{.mode = "autoregressive", .autoregressive = true}.sampling_params({}).mode),
            DecodeMode::kAutoregressive);
  EXPECT_THROW((SamplingFlags{.mode = "streaming", .autoregressive = true}.sampling_params({})), InvalidInput);
}

/// What a command line comes to; arguments out of range throw InvalidInput on the way.
SamplingParams params_of(std::vector<std::string> arguments) {
  CLI::App app;
  SamplingFlags flags;
  add_window_options(app, flags);
  std::ranges::reverse(arguments);
  app.parse(std::move(arguments));
  return flags.sampling_params({});
}

std::string error_of(std::vector<std::string> arguments) {
  try {
    params_of(std::move(arguments));
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(WindowOptionsTest, ModesAndWindows) {
  EXPECT_EQ(params_of({"--mode", "exact"}).mode, DecodeMode::kExact);
  EXPECT_EQ(params_of({"--mode", "gated"}).mode, DecodeMode::kGated);
  EXPECT_EQ(params_of({"--mode", "exact"}).window_size, std::nullopt);
  EXPECT_EQ(params_of({"-b", "9"}).window_size, 9);
  EXPECT_EQ(params_of({"--window-size", "256"}).window_size, 256);
  EXPECT_EQ(params_of({"--preset", "fast", "-b", "auto"}).window_size, std::nullopt) << "wins over the preset";
  EXPECT_EQ(params_of({"-b", "auto", "-b", "3"}).window_size, 3) << "the last counts";
  EXPECT_EQ(params_of({}).refill, WindowRefill::kSliding);
  EXPECT_EQ(params_of({"--block-wise"}).refill, WindowRefill::kBlock);
  EXPECT_THAT(error_of({"--mode", "gate"}), testing::StartsWith("--mode: expected one of streaming, autoregressive"));
  for (const char* wrong : {"0", "257", "Auto", "", "4.0"}) {
    EXPECT_THAT(error_of({"-b", wrong}), testing::StartsWith("--window-size: expected an integer from 1 to 256"));
  }
  EXPECT_THAT(error_of({"--mode", "exact", "--autoregressive"}), testing::HasSubstr("contradict"));
}

TEST(WindowOptionsTest, Verification) {
  const SamplingParams defaults = params_of({"--mode", "gated"});
  EXPECT_TRUE(defaults.prompt_lookup);
  EXPECT_EQ(defaults.gate, Gate::kProbability);
  EXPECT_FALSE(defaults.agreement.has_value());
  const SamplingParams params =
      params_of({"--mode", "gated", "--draft-threshold", "0.25", "--no-prompt-lookup", "--gate", "equality",
                 "--gate-epsilon", "0.125", "--gate-delta", "1", "--joint-entropy", "0.75", "--agreement", "0.5"});
  EXPECT_EQ(params.mode, DecodeMode::kGated);
  EXPECT_EQ(params.draft_threshold, 0.25F);
  EXPECT_FALSE(params.prompt_lookup);
  EXPECT_EQ(params.gate, Gate::kEquality);
  EXPECT_EQ(params.gate_epsilon, 0.125F);
  EXPECT_EQ(params.gate_delta, 1.0F);
  EXPECT_EQ(params.joint_entropy, 0.75F);
  EXPECT_EQ(params.agreement, 0.5F);
  EXPECT_EQ(params_of({"--gate", "off"}).gate, Gate::kOff);
}

TEST(WindowOptionsTest, BadValuesAreNamed) {
  EXPECT_EQ(error_of({"--draft-threshold", "1.5"}), "draft threshold: expected a number from 0 to 1, got 1.5");
  EXPECT_EQ(error_of({"--gate-epsilon", "0"}), "gate epsilon: expected a number above 0 and at most 1, got 0");
  EXPECT_EQ(error_of({"--gate-delta", "2"}), "gate delta: expected a number above 0 and at most 1, got 2");
  EXPECT_EQ(error_of({"--joint-entropy", "-1"}), "joint entropy: expected a number of at least 0, got -1");
  EXPECT_EQ(error_of({"--agreement", "1"}), "agreement: expected a number between 0 and 1, got 1");
  EXPECT_THAT(error_of({"--gate", "open"}), testing::StartsWith("--gate: expected one of probability, equality, off"));
  for (const char* name : {"--draft-threshold", "--gate-epsilon", "--gate-delta", "--joint-entropy", "--agreement"}) {
    EXPECT_THAT(error_of({name, "some"}), testing::StartsWith(std::string(name) + ": expected a number, got"));
    EXPECT_THAT(error_of({name, "nan"}), testing::StartsWith(std::string(name) + ": expected a number, got"));
  }
}

}  // namespace
}  // namespace wedlm::cli
