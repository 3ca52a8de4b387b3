#include "wedlm/frontend/sampling_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"
#include "wedlm/decode/option_values.h"

namespace wedlm {
namespace {

struct Word {
  std::string_view name;
  std::string_view text = "";
};

SamplingSettings settings_of(std::initializer_list<Word> words) {
  SamplingSettings settings(kGenerateMaxTokens);
  for (const Word& word : words) settings.give_text(*find_command_line_option(word.name), word.text);
  return settings;
}

SamplingParams params_of(std::initializer_list<Word> words, const GenerationDefaults& suggestions = {}) {
  return settings_of(words).params(suggestions);
}

constexpr float kSuggestedTemperature = 0.7F;
GenerationDefaults suggestions() {
  return {.temperature = kSuggestedTemperature, .filters = {.top_k = 20, .top_p = 0.8F}};
}

TEST(SamplingSettingsTest, WhereNothingIsGivenTheModelDecidesAndElseWe) {
  const SamplingParams ours = params_of({});
  EXPECT_EQ(ours.temperature, 0.2F);
  EXPECT_EQ(ours.filters, TokenFilters{});
  EXPECT_EQ(ours.max_tokens, 128);
  EXPECT_EQ(ours.window_size, std::nullopt);
  EXPECT_EQ(fixed_window(ours), 16);
  EXPECT_EQ(ours.entropy_threshold, 0.4F);
  EXPECT_EQ(ours.mode, DecodeMode::kStreaming);
  EXPECT_FALSE(ours.seed.has_value());
  const SamplingParams models = params_of({}, suggestions());
  EXPECT_EQ(models.temperature, kSuggestedTemperature);
  EXPECT_EQ(models.filters, suggestions().filters);
  EXPECT_EQ(SamplingSettings().params({}).max_tokens, 64) << "a library's";
}

TEST(SamplingSettingsTest, WhatIsGivenWinsOverTheModel) {
  const SamplingParams params = params_of({{"t", "0"}, {"top-p", "0.5"}, {"top-k", "3"}}, suggestions());
  EXPECT_EQ(params.temperature, 0.0F);
  EXPECT_EQ(params.filters.top_p, 0.5F);
  EXPECT_EQ(params.filters.top_k, 3);
  EXPECT_EQ(params_of({{"top-p", "0.5"}}, suggestions()).filters.top_k, 20) << "each by itself";
}

TEST(SamplingSettingsTest, TheModelMaySuggestPenalties) {
  const GenerationDefaults suggestions{
      .repetition_penalty = 1.05F, .no_repeat_ngram_size = 4, .suppress_tokens = {3, 5}};
  EXPECT_EQ(params_of({}, suggestions).adjustments,
            (AdjustmentRules{.suppress_tokens = {3, 5}, .no_repeat_ngram_size = 4, .repetition_penalty = 1.05F}));
  EXPECT_EQ(
      params_of({{"repetition-penalty", "1"}, {"no-repeat-ngram-size", "0"}, {"suppress-token", "9"}}, suggestions)
          .adjustments,
      (AdjustmentRules{.suppress_tokens = {9}}));
}

TEST(SamplingSettingsTest, WhatIsGivenWinsOverThePresetInAnyOrder) {
  EXPECT_EQ(params_of({{"preset", "balanced"}}).max_per_step, 8);
  for (const auto& words : {std::initializer_list<Word>{{"preset", "balanced"}, {"b", "5"}},
                            std::initializer_list<Word>{{"b", "5"}, {"preset", "balanced"}}}) {
    const SamplingParams params = params_of(words);
    EXPECT_EQ(params.window_size, 5);
    EXPECT_EQ(params.position_penalty, 0.05F);
  }
  EXPECT_EQ(params_of({{"preset", "fast"}, {"b", "auto"}}).window_size, std::nullopt);
  EXPECT_EQ(params_of({{"preset", "fast"}, {"entropy-threshold", "none"}}).entropy_threshold, std::nullopt);
}

TEST(SamplingSettingsTest, TheLastCountsAndStopsAddUp) {
  EXPECT_EQ(params_of({{"b", "auto"}, {"window", "3"}}).window_size, 3);
  EXPECT_EQ(params_of({{"stop", "a"}, {"stop", "b"}}).stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(params_of({{"stop-token-id", "1"}, {"stop-token-id", "2"}}).stop_token_ids, (std::vector<TokenId>{1, 2}));
  SamplingSettings settings;
  settings.give(*find_json_option("stop"), "a");
  settings.give_text(*find_json_option("stop"), "b");
  EXPECT_EQ(settings.params({}).stop, (std::vector<std::string>{"a", "b"}));
}

TEST(SamplingSettingsTest, SwitchesMeanWhatTheyAreCalled) {
  const SamplingParams params = params_of({{"block-wise"}, {"no-prompt-lookup"}, {"ignore-eos"}});
  EXPECT_EQ(params.refill, WindowRefill::kBlock);
  EXPECT_FALSE(params.prompt_lookup);
  EXPECT_TRUE(params.ignore_eos);
}

TEST(SamplingSettingsTest, ModesThatContradictAreRefused) {
  EXPECT_EQ(params_of({{"autoregressive"}}).mode, DecodeMode::kAutoregressive);
  EXPECT_EQ(params_of({{"mode", "autoregressive"}, {"autoregressive"}}).mode, DecodeMode::kAutoregressive);
  EXPECT_THROW(params_of({{"mode", "streaming"}, {"autoregressive"}}), InvalidInput);
  try {
    params_of({{"autoregressive"}, {"mode", "exact"}});
    FAIL() << "taken";
  } catch (const InvalidInput& error) {
    EXPECT_STREQ(error.what(), "it contradicts --autoregressive; give one of them");
  }
}

TEST(SamplingSettingsTest, ARequestMayHaveAnotherModeThanASwitch) {
  SamplingSettings settings = settings_of({{"autoregressive"}});
  settings.give(*find_json_option("mode"), "exact");
  EXPECT_EQ(settings.params({}).mode, DecodeMode::kExact);
  EXPECT_EQ(write_json(settings.json()), R"({"mode":"exact"})");
}

TEST(SamplingSettingsTest, WhatDoesNotFitIsRefusedAtOnce) {
  EXPECT_THROW(settings_of({{"temperature", "hot"}}), InvalidInput);
  EXPECT_THROW(settings_of({{"max-tokens", "0"}}), InvalidInput);
  EXPECT_THROW(settings_of({{"stop", ""}}), InvalidInput);
}

TEST(SamplingSettingsTest, SaysWhatIsGivenByTheNamesOfJson) {
  EXPECT_EQ(settings_of({}).json(), Json::object({}));
  EXPECT_EQ(
      write_json(settings_of({{"b", "8"}, {"no-prompt-lookup"}, {"pos-penalty", "0.1"}, {"preset", "fast"}}).json()),
      R"({"window_size":8,"prompt_lookup":false,"position_penalty":0.1,"preset":"fast"})");
}

TEST(SamplingSettingsTest, WithoutAMaskTokenTheModeIsAutoregressiveUnlessOneIsNamed) {
  const GenerationDefaults without{.has_mask_token = false};
  SamplingSettings settings;
  settings.give(*find_json_option("preset"), "fast");
  EXPECT_FALSE(settings.names_mode());
  EXPECT_EQ(settings.params(without).mode, DecodeMode::kAutoregressive);
  EXPECT_EQ(settings.params({}).mode, DecodeMode::kStreaming);
  settings.give(*find_json_option("mode"), "exact");
  EXPECT_TRUE(settings.names_mode());
  EXPECT_EQ(settings.params(without).mode, DecodeMode::kExact);
}

}  // namespace
}  // namespace wedlm
