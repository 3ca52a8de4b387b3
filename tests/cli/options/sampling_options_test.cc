#include "cli/options/sampling_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "wedlm/base/error.h"

namespace wedlm::cli {
namespace {

/// What a command line comes to; arguments that are wrong throw InvalidInput on the way.
SamplingParams params_of(std::vector<std::string> arguments) {
  CLI::App app;
  SamplingSettings settings(kGenerateMaxTokens);
  add_sampling_options(app, settings);
  add_decoding_options(app, settings);
  std::ranges::reverse(arguments);
  app.parse(std::move(arguments));
  return settings.params({});
}

std::string error_of(std::vector<std::string> arguments) {
  try {
    params_of(std::move(arguments));
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(SamplingOptionsTest, ModesAndWindows) {
  EXPECT_EQ(params_of({"--mode", "exact"}).mode, DecodeMode::kExact);
  EXPECT_EQ(params_of({"--mode", "gated"}).mode, DecodeMode::kGated);
  EXPECT_EQ(params_of({"--autoregressive"}).mode, DecodeMode::kAutoregressive);
  EXPECT_EQ(params_of({"--mode", "exact"}).window_size, std::nullopt);
  EXPECT_EQ(params_of({"-b", "9"}).window_size, 9);
  EXPECT_EQ(params_of({"--window-size", "256"}).window_size, 256);
  EXPECT_EQ(params_of({"--block-size", "4"}).window_size, 4);
  EXPECT_EQ(params_of({"--preset", "fast", "-b", "auto"}).window_size, std::nullopt) << "wins over the preset";
  EXPECT_EQ(params_of({"-b", "auto", "-b", "3"}).window_size, 3) << "the last counts";
  EXPECT_EQ(params_of({}).refill, WindowRefill::kSliding);
  EXPECT_EQ(params_of({"--block-wise"}).refill, WindowRefill::kBlock);
  EXPECT_THAT(error_of({"--mode", "gate"}), testing::StartsWith("--mode: expected one of streaming, autoregressive"));
  for (const char* wrong : {"0", "257", "Auto", "", "4.0"}) {
    EXPECT_THAT(error_of({"-b", wrong}), testing::StartsWith("--window-size: expected an integer from 1 to 256"));
  }
  EXPECT_EQ(error_of({"--mode", "exact", "--autoregressive"}),
            "--autoregressive: it contradicts --mode exact; give one of them");
}

TEST(SamplingOptionsTest, SamplingAndStops) {
  EXPECT_EQ(params_of({}).max_tokens, 128);
  const SamplingParams params =
      params_of({"-n", "7", "-t", "0.5", "--top-p", "0.25", "--top-k", "3", "--min-p", "0.125", "--seed", "9", "--stop",
                 "a", "--stop", "b", "--stop-token-id", "4", "--ignore-eos"});
  EXPECT_EQ(params.max_tokens, 7);
  EXPECT_EQ(params.temperature, 0.5F);
  EXPECT_EQ(params.filters, (TokenFilters{.top_k = 3, .top_p = 0.25F, .min_p = 0.125F}));
  EXPECT_EQ(params.seed, 9U);
  EXPECT_EQ(params.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(params.stop_token_ids, (std::vector<TokenId>{4}));
  EXPECT_TRUE(params.ignore_eos);
}

TEST(SamplingOptionsTest, WhatIsDoneToLogits) {
  const SamplingParams params =
      params_of({"--filter-order",      "original", "--repetition-penalty",   "1.1", "--presence-penalty", "-0.5",
                 "--frequency-penalty", "0.25",     "--no-repeat-ngram-size", "3",   "--logit-bias",       "7=1.5",
                 "--logit-bias",        "9-4",      "--logit-bias",           "7=2", "--suppress-token",   "4",
                 "--suppress-token",    "5"});
  EXPECT_EQ(params.filters.order, FilterOrder::kOriginal);
  EXPECT_EQ(params.adjustments, (AdjustmentRules{.logit_bias = {{7, 2.0F}, {9, -4.0F}},
                                                 .suppress_tokens = {4, 5},
                                                 .no_repeat_ngram_size = 3,
                                                 .repetition_penalty = 1.1F,
                                                 .frequency_penalty = 0.25F,
                                                 .presence_penalty = -0.5F}))
      << "of a token that is biased twice the last counts";
  EXPECT_THAT(error_of({"--logit-bias", "7"}), testing::StartsWith("--logit-bias: expected a token id and a bias"));
  EXPECT_THAT(error_of({"--logit-bias", "7=1,8=2"}), testing::HasSubstr("got \"7=1,8=2\""));
}

TEST(SamplingOptionsTest, Verification) {
  EXPECT_TRUE(params_of({"--mode", "gated"}).prompt_lookup);
  const SamplingParams params =
      params_of({"--mode", "gated", "--draft-threshold", "0.25", "--no-prompt-lookup", "--gate", "equality",
                 "--gate-epsilon", "0.125", "--gate-delta", "1", "--joint-entropy", "0.75", "--agreement", "0.5"});
  EXPECT_EQ(params.draft_threshold, 0.25F);
  EXPECT_FALSE(params.prompt_lookup);
  EXPECT_EQ(params.gate, Gate::kEquality);
  EXPECT_EQ(params.gate_epsilon, 0.125F);
  EXPECT_EQ(params.gate_delta, 1.0F);
  EXPECT_EQ(params.joint_entropy, 0.75F);
  EXPECT_EQ(params.agreement, 0.5F);
}

TEST(SamplingOptionsTest, BadValuesAreNamedAsTheyWereGiven) {
  EXPECT_EQ(error_of({"--draft-threshold", "1.5"}), "--draft-threshold: expected a number from 0 to 1, got 1.5");
  EXPECT_EQ(error_of({"--gate-epsilon", "0"}), "--gate-epsilon: expected a number above 0 and at most 1, got 0");
  EXPECT_EQ(error_of({"--joint-entropy", "-1"}), "--joint-entropy: expected a number of at least 0, got -1");
  EXPECT_EQ(error_of({"--agreement", "1"}), "--agreement: expected a number between 0 and 1, got 1");
  EXPECT_EQ(error_of({"--gate", "open"}), "--gate: expected one of probability, equality, off, got \"open\"");
  EXPECT_EQ(error_of({"-t", "nan"}), "--temperature: expected a number from 0 to 100, got \"nan\"");
  EXPECT_EQ(error_of({"--stop-token-id", "x"}),
            "--stop-token-id: expected token ids, each an integer from 0 to 2147483647, got \"x\"");
}

TEST(SamplingOptionsTest, EveryOptionOfTheTableIsInTheHelp) {
  CLI::App app;
  SamplingSettings settings(kChatMaxTokens);
  add_sampling_options(app, settings);
  add_decoding_options(app, settings);
  const std::string help = app.help();
  for (const SamplingOption& option : sampling_options()) {
    EXPECT_THAT(help, testing::HasSubstr("--" + std::string(option.name)));
  }
  EXPECT_EQ(app.get_option("--max-tokens")->get_default_str(), "512") << "that of the door";
  EXPECT_EQ(app.get_option("--fallback")->get_type_name(), "argmin|leftmost");
  EXPECT_EQ(app.get_option("--temperature")->get_default_str(), "the model's suggestion, else 0.2");
}

}  // namespace
}  // namespace wedlm::cli
