// generation_config.json as transformers writes and reads it.
#include "wedlm/model/generation_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

GenerationDefaults generation(const std::string& text) {
  const Json json = parse_json(text, "generation_config.json");
  return parse_generation_config(&json, 100);
}

TEST(GenerationConfigTest, NothingIsSaidWithoutAFile) {
  for (const GenerationDefaults& defaults : {parse_generation_config(nullptr), generation("{}"),
                                             generation(R"({"temperature": null, "do_sample": null})")}) {
    EXPECT_EQ(defaults.temperature, std::nullopt);
    EXPECT_EQ(defaults.filters, TokenFilters{});
    EXPECT_THAT(defaults.eos_token_ids, IsEmpty());
  }
}

TEST(GenerationConfigTest, ReadsWhatQwenShips) {
  const GenerationDefaults defaults = generation(R"({"bos_token_id": 10, "do_sample": true, "eos_token_id": [12, 10],
    "pad_token_id": 10, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.05, "transformers_version": "4.51.0"})");
  EXPECT_EQ(defaults.temperature, 0.6F);
  EXPECT_EQ(defaults.filters.top_p, 0.95F);
  EXPECT_EQ(defaults.filters.top_k, 20);
  EXPECT_EQ(defaults.filters.min_p, 0.05F);
  EXPECT_THAT(defaults.eos_token_ids, ElementsAre(12, 10));
  EXPECT_THAT(generation(R"({"eos_token_id": 7})").eos_token_ids, ElementsAre(7));
}

TEST(GenerationConfigTest, ReadsWhatIsDoneToLogits) {
  const GenerationDefaults defaults =
      generation(R"({"repetition_penalty": 1.05, "no_repeat_ngram_size": 3, "suppress_tokens": [4, 99]})");
  EXPECT_EQ(defaults.repetition_penalty, 1.05F);
  EXPECT_EQ(defaults.no_repeat_ngram_size, 3);
  EXPECT_THAT(defaults.suppress_tokens, ElementsAre(4, 99));
  EXPECT_THAT(defaults.unused, IsEmpty());
}

TEST(GenerationConfigTest, NotToSampleIsGreedyWhateverTheTemperature) {
  EXPECT_EQ(generation(R"({"do_sample": false})").temperature, 0.0F);
  EXPECT_EQ(generation(R"({"do_sample": false, "temperature": 0.7})").temperature, 0.0F);
  EXPECT_EQ(generation(R"({"do_sample": true})").temperature, std::nullopt);
  EXPECT_EQ(generation(R"({"do_sample": true, "temperature": 0.7})").temperature, 0.7F);
  EXPECT_EQ(generation(R"({"temperature": 0.0})").temperature, 0.0F);
}

TEST(GenerationConfigTest, MinusOneIsNone) {
  const GenerationDefaults defaults =
      generation(R"({"top_k": -1, "eos_token_id": -1, "suppress_tokens": [-1, 7, -1], "no_repeat_ngram_size": -1})");
  EXPECT_EQ(defaults.filters.top_k, 0);
  EXPECT_THAT(defaults.eos_token_ids, IsEmpty());
  EXPECT_THAT(defaults.suppress_tokens, ElementsAre(7));
  EXPECT_EQ(defaults.no_repeat_ngram_size, 0);
  EXPECT_THAT(generation(R"({"eos_token_id": [-1, 5]})").eos_token_ids, ElementsAre(5));
}

TEST(GenerationConfigTest, WhatIsWrongIsNamed) {
  for (const auto& [text, words] : {std::pair{R"({"top_k": -2})", "top_k: expected an integer from -1"},
                                    {R"({"eos_token_id": [-2]})", "eos_token_id: expected token ids"},
                                    {R"({"suppress_tokens": [100]})", "suppress_tokens: expected token ids"},
                                    {R"({"repetition_penalty": 0})", "repetition_penalty: expected a number above 0"},
                                    {R"({"no_repeat_ngram_size": 1.5})", "no_repeat_ngram_size: expected an integer"},
                                    {R"({"do_sample": 1})", "do_sample: expected true or false"}}) {
    try {
      generation(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const InvalidInput& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
      EXPECT_THAT(error.what(), testing::StartsWith("generation_config.json: "));
    }
  }
}

TEST(GenerationConfigTest, WhatNothingHereDoesIsListedWhereItSaysSomething) {
  EXPECT_THAT(
      generation(R"({"typical_p": 0.9, "num_beams": 4, "bad_words_ids": [[5]], "guidance_scale": 1.5,
                             "sequence_bias": [[[1], 2.0]], "forced_eos_token_id": 3})")
          .unused,
      ElementsAre("bad_words_ids", "forced_eos_token_id", "guidance_scale", "num_beams", "sequence_bias", "typical_p"));
  EXPECT_THAT(generation(R"({"typical_p": 1.0, "num_beams": 1, "bad_words_ids": null, "guidance_scale": 1,
                             "sequence_bias": [], "max_new_tokens": 2048, "pad_token_id": 0, "epsilon_cutoff": 0.0})")
                  .unused,
              IsEmpty());
}

}  // namespace
}  // namespace wedlm
