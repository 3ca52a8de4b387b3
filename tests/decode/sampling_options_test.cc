#include "wedlm/decode/sampling_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "wedlm/base/error.h"
#include "wedlm/decode/option_values.h"

namespace wedlm {
namespace {

/// All that is set, by the names of JSON.
Json params_json(const SamplingParams& params) {
  Json json = Json::object({});
  for (const SamplingOption& option : sampling_options()) {
    const Json value = option_value(option, params);
    if (!value.is_null() && json.find(option.json_name) == nullptr) json.set(std::string(option.json_name), value);
  }
  return json;
}

const SamplingOption& option(std::string_view name) {
  const SamplingOption* found = find_json_option(name);
  if (found == nullptr) found = find_command_line_option(name);
  if (found == nullptr) throw InternalError("no option " + std::string(name));
  return *found;
}

SamplingParams params_of(std::string_view name, const Json& value) {
  SamplingParams params;
  set_option(option(name), value, params);
  return params;
}

std::string error_of(std::string_view name, const Json& value) {
  try {
    check_value(option(name), value);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(SamplingOptionsTest, EachDoorHasItsNames) {
  const SamplingOption* window = find_json_option("window_size");
  ASSERT_NE(window, nullptr);
  EXPECT_EQ(find_json_option("wedlm_window_size"), window);
  for (const char* name : {"window-size", "b", "window", "block-size"}) {
    EXPECT_EQ(find_command_line_option(name), window) << name;
    EXPECT_EQ(find_json_option(name), nullptr) << name;
  }
  EXPECT_EQ(&option("wedlm_entropy_threshold"), &option("entropy-threshold"));
  EXPECT_EQ(&option("wedlm_pos_penalty_factor"), &option("pos-penalty"));
  EXPECT_EQ(&option("stop_token_ids"), &option("stop-token-id"));
  EXPECT_EQ(find_json_option("mode"), find_command_line_option("mode")) << "and not the switch that sets the same";
  EXPECT_EQ(find_json_option("n"), nullptr) << "that is the number of answers, where other servers know it";
  for (const char* name : {"", "windo", "-b", "--seed", "block"}) {
    EXPECT_EQ(find_command_line_option(name), nullptr) << name;
    EXPECT_EQ(find_json_option(name), nullptr) << name;
  }
}

TEST(SamplingOptionsTest, NoNameStandsForTwo) {
  std::set<std::string_view> names, json_names;
  for (const SamplingOption& one : sampling_options()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_EQ(find_command_line_option(one.name), &one) << one.name;
    if (!one.original_name.empty()) {
      EXPECT_TRUE(json_names.insert(one.original_name).second) << one.original_name;
      EXPECT_EQ(find_json_option(one.original_name), &one) << one.original_name;
    }
    EXPECT_FALSE(one.help.empty()) << one.name;
    json_names.insert(one.json_name);
    if (one.is_switch()) {
      EXPECT_NO_THROW(check_value(one, value_of_text(one, one.switch_value))) << one.name;
    }
  }
  EXPECT_EQ(json_names.size(), names.size() - 1 + 3)
      << "mode has two names on the command line, three have the original's";
}

TEST(SamplingOptionsTest, EachValueReachesItsMember) {
  EXPECT_EQ(params_of("max_tokens", 7).max_tokens, 7);
  EXPECT_EQ(params_of("temperature", 0.5).temperature, 0.5F);
  EXPECT_EQ(params_of("temperature", 1).temperature, 1.0F);
  EXPECT_EQ(params_of("top_p", 0.25).filters.top_p, 0.25F);
  EXPECT_EQ(params_of("top_k", 9).filters.top_k, 9);
  EXPECT_EQ(params_of("min_p", 0.125).filters.min_p, 0.125F);
  EXPECT_EQ(params_of("filter_order", "original").filters.order, FilterOrder::kOriginal);
  EXPECT_EQ(params_of("filter_order", "temperature-first").filters.order, FilterOrder::kTemperatureFirst);
  EXPECT_EQ(params_of("repetition_penalty", 1.25).adjustments.repetition_penalty, 1.25F);
  EXPECT_EQ(params_of("presence_penalty", -2).adjustments.presence_penalty, -2.0F);
  EXPECT_EQ(params_of("frequency_penalty", 0.5).adjustments.frequency_penalty, 0.5F);
  EXPECT_EQ(params_of("no_repeat_ngram_size", 3).adjustments.no_repeat_ngram_size, 3);
  EXPECT_EQ(params_of("suppress_tokens", Json::Array{5, 6}).adjustments.suppress_tokens, (std::vector<TokenId>{5, 6}));
  EXPECT_EQ(params_of("logit_bias", parse_json(R"({"15043": -2.5, "7": 100})", "")).adjustments.logit_bias,
            (std::map<TokenId, float>{{7, 100.0F}, {15043, -2.5F}}));
  EXPECT_TRUE(params_of("logit_bias", Json::object({})).adjustments.logit_bias.empty());
  EXPECT_EQ(params_of("seed", std::int64_t{1} << 53).seed, std::uint64_t{1} << 53);
  EXPECT_EQ(params_of("stop", "end").stop, std::vector<std::string>{"end"});
  EXPECT_EQ(params_of("stop", Json::Array{"a", "b"}).stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(params_of("stop_token_ids", Json::Array{3, 4}).stop_token_ids, (std::vector<TokenId>{3, 4}));
  EXPECT_TRUE(params_of("ignore_eos", true).ignore_eos);
  EXPECT_EQ(params_of("mode", "gated").mode, DecodeMode::kGated);
  EXPECT_EQ(params_of("preset", "fast").max_per_step, 6);
  EXPECT_EQ(params_of("window_size", 8).window_size, 8);
  EXPECT_EQ(params_of("window_size", "auto").window_size, std::nullopt);
  EXPECT_EQ(params_of("entropy_threshold", 0.125).entropy_threshold, 0.125F);
  EXPECT_EQ(params_of("entropy_threshold", "none").entropy_threshold, std::nullopt);
  EXPECT_EQ(params_of("position_penalty", 0.5).position_penalty, 0.5F);
  EXPECT_EQ(params_of("max_per_step", 3).max_per_step, 3);
  EXPECT_EQ(params_of("fallback", "leftmost").fallback, Fallback::kLeftmost);
  EXPECT_EQ(params_of("refill", "block").refill, WindowRefill::kBlock);
  EXPECT_EQ(params_of("draft_threshold", 0.75).draft_threshold, 0.75F);
  EXPECT_FALSE(params_of("prompt_lookup", false).prompt_lookup);
  EXPECT_EQ(params_of("gate", "equality").gate, Gate::kEquality);
  EXPECT_EQ(params_of("gate_epsilon", 0.5).gate_epsilon, 0.5F);
  EXPECT_EQ(params_of("gate_delta", 0.25).gate_delta, 0.25F);
  EXPECT_EQ(params_of("joint_entropy", 2).joint_entropy, 2.0F);
  EXPECT_EQ(params_of("agreement", 0.95).agreement, 0.95F);
}

TEST(SamplingOptionsTest, WhatIsOfAnotherKindOrOutOfRangeIsSaid) {
  EXPECT_EQ(error_of("top_p", 1.5), "expected a number above 0 and at most 1, got 1.5");
  EXPECT_EQ(error_of("top_p", "much"), "expected a number above 0 and at most 1, got \"much\"");
  EXPECT_EQ(error_of("top_p", 1e-60), "expected a number above 0 and at most 1, got 1e-60") << "no float";
  EXPECT_EQ(error_of("max_tokens", 2.0), "expected an integer from 1 to 2147483647, got 2");
  EXPECT_EQ(error_of("max_tokens", std::int64_t{1} << 31), "expected an integer from 1 to 2147483647, got 2147483648");
  EXPECT_EQ(error_of("window_size", 0), "expected an integer from 1 to 256, or auto, got 0");
  EXPECT_EQ(error_of("window_size", "none"), "expected an integer from 1 to 256, or auto, got \"none\"");
  EXPECT_EQ(error_of("gate", "open"), "expected one of probability, equality, off, got \"open\"");
  EXPECT_EQ(error_of("ignore_eos", 1), "expected true or false, got 1");
  EXPECT_EQ(error_of("seed", -1), "expected an integer from 0 to 9007199254740992, got -1");
  EXPECT_EQ(error_of("stop", Json::Array{"a", ""}), "expected UTF-8 text that is not empty, got [\"a\",\"\"]");
  EXPECT_EQ(error_of("stop", 1), "expected UTF-8 text that is not empty, got 1");
  EXPECT_EQ(error_of("stop_token_ids", Json::Array{-1}),
            "expected token ids, each an integer from 0 to 2147483647, got [-1]");
  EXPECT_NE(error_of("temperature", Json()), "") << "null is no value";
  EXPECT_EQ(error_of("filter_order", "temperature"),
            "expected one of temperature-first, original, got \"temperature\"");
  EXPECT_EQ(error_of("repetition_penalty", 0), "expected a number above 0 and at most 100, got 0");
  EXPECT_EQ(error_of("presence_penalty", 2.5), "expected a number from -2 to 2, got 2.5");
  EXPECT_EQ(error_of("no_repeat_ngram_size", -1), "expected an integer from 0 to 2147483647, got -1");
  const std::string bias =
      "expected a token id and a bias, such as 15043=-2.5 (in JSON {\"15043\": -2.5}), the bias a number from -100 to "
      "100, got ";
  for (const char* wrong : {R"({"5":101})", R"({"5":"1"})", R"({"five":1})", R"({"-5":1})", R"({"5.0":1})",
                            R"({"3000000000":1})", R"({"":1})", R"([5,1])", R"(5)", R"("5")"}) {
    EXPECT_EQ(error_of("logit_bias", parse_json(wrong, "")), bias + wrong);
  }
}

TEST(SamplingOptionsTest, TextIsTakenAsWhatTheOptionTakes) {
  EXPECT_EQ(value_of_text(option("seed"), "12"), Json(12));
  EXPECT_EQ(value_of_text(option("temperature"), "1e-3"), Json(0.001));
  EXPECT_EQ(value_of_text(option("temperature"), "nan"), Json("nan"));
  EXPECT_EQ(value_of_text(option("temperature"), "1x"), Json("1x"));
  EXPECT_EQ(value_of_text(option("stop"), "12"), Json("12")) << "a text of digits";
  EXPECT_EQ(value_of_text(option("stop-token-id"), "12"), Json(12));
  EXPECT_EQ(value_of_text(option("no-prompt-lookup"), "false"), Json(false));
  const auto bias = [](const char* text) { return write_json(value_of_text(option("logit-bias"), text)); };
  EXPECT_EQ(bias("15043=-2.5"), R"({"15043":-2.5})");
  EXPECT_EQ(bias("15043-2.5"), R"({"15043":-2.5})");
  EXPECT_EQ(bias("15043+1"), R"({"15043":1.0})");
  EXPECT_EQ(bias("15043=+1"), R"({"15043":1.0})");
  EXPECT_EQ(bias("15043=1e1"), R"({"15043":10.0})");
  for (const char* wrong : {"15043", "=1", "x=1", "15043=", "15043=x", "15043+-1", "15043=nan", "15043-inf", "-5=1"}) {
    EXPECT_EQ(value_of_text(option("logit-bias"), wrong), Json(wrong)) << "no bias";
  }
}

TEST(SamplingOptionsTest, DefaultsAreThoseOfTheParameters) {
  EXPECT_EQ(default_text(option("entropy-threshold")), "0.4");
  EXPECT_EQ(default_text(option("pos-penalty")), "0.02");
  EXPECT_EQ(default_text(option("top-p")), "the model's suggestion, else 1");
  EXPECT_EQ(default_text(option("mode")), "streaming");
  EXPECT_EQ(default_text(option("max-per-step")), "0");
  for (const char* name : {"agreement", "stop", "ignore-eos", "block-wise", "preset", "logit-bias"}) {
    EXPECT_EQ(default_text(option(name)), "") << name;
  }
}

TEST(SamplingOptionsTest, ParametersGoThroughJsonAndBack) {
  SamplingParams params{.mode = DecodeMode::kExact,
                        .temperature = 0.7F,
                        .filters = {.top_k = 4, .top_p = 0.9F, .min_p = 0.05F, .order = FilterOrder::kOriginal},
                        .adjustments = {.logit_bias = {{7, -0.1F}, {15043, 2.0F}},
                                        .suppress_tokens = {8},
                                        .no_repeat_ngram_size = 3,
                                        .repetition_penalty = 1.1F,
                                        .frequency_penalty = 0.2F,
                                        .presence_penalty = -0.3F},
                        .seed = 11,
                        .max_tokens = 5,
                        .stop = {"x", "y"},
                        .stop_token_ids = {9},
                        .ignore_eos = true,
                        .window_size = 3,
                        .entropy_threshold = std::nullopt,
                        .position_penalty = 0.3F,
                        .prompt_lookup = false,
                        .agreement = 0.5F};
  const Json json = params_json(params);
  EXPECT_EQ(write_json(json.at("temperature")), "0.7") << "in the digits that a person wrote";
  EXPECT_EQ(json.at("entropy_threshold"), Json("none"));
  SamplingParams back;
  for (const JsonMember& member : json.as_object()) set_option(option(member.key), member.value, back);
  EXPECT_EQ(params_json(back), json);
  EXPECT_EQ(back.temperature, 0.7F);
  EXPECT_EQ(back.filters, params.filters);
  EXPECT_EQ(back.adjustments, params.adjustments);
  EXPECT_EQ(back.entropy_threshold, std::nullopt);
  EXPECT_EQ(params_json(SamplingParams()).find("seed"), nullptr);
}

}  // namespace
}  // namespace wedlm
