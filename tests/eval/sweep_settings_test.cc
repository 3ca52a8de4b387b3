#include "wedlm/eval/sweep_settings.h"

#include <gtest/gtest.h>

#include <set>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

TEST(SweepSettingsTest, OptionsAreThoseOfTheCommandLineWithoutDashes) {
  SamplingSettings common;
  common.give(*find_json_option("max_tokens"), 32);
  common.give(*find_json_option("temperature"), 0);
  common.give(*find_json_option("seed"), 5);
  const NamedSettings setting =
      parse_setting("  streaming entropy-threshold=0.25  pos-penalty=0.1 b=8 block-wise ", common);
  const SamplingParams params = setting.settings.params({});
  EXPECT_EQ(params.mode, DecodeMode::kStreaming);
  EXPECT_EQ(params.entropy_threshold, 0.25F);
  EXPECT_EQ(params.position_penalty, 0.1F);
  EXPECT_EQ(params.window_size, 8);
  EXPECT_EQ(params.refill, WindowRefill::kBlock);
  EXPECT_EQ(params.max_tokens, 32);
  EXPECT_EQ(params.temperature, 0);
  EXPECT_EQ(params.seed, 5U);
  EXPECT_EQ(setting.name.text, "streaming entropy-threshold=0.25 pos-penalty=0.1 b=8 block-wise");
  EXPECT_EQ(setting.name.mode, "streaming");
  EXPECT_EQ(setting.name.short_text, "τ 0.25, λ 0.1, b 8, block-wise");
}

TEST(SweepSettingsTest, ShortNamesSayWhatDiffers) {
  EXPECT_EQ(parse_setting("exact", {}).name.short_text, "exact");
  EXPECT_EQ(parse_setting("exact window-size=auto", {}).name.short_text, "b auto");
  EXPECT_EQ(parse_setting("streaming preset=fast", {}).name.short_text, "fast");
  EXPECT_EQ(parse_setting("gated agreement=0.95", {}).name.short_text, "agreement 0.95");
  EXPECT_EQ(parse_setting("exact draft-threshold=0.35", {}).settings.params({}).draft_threshold, 0.35F);
}

TEST(SweepSettingsTest, AutoregressiveComesFirstAndOnce) {
  const std::vector<NamedSettings> settings = sweep_settings({"exact", "autoregressive", "gated"}, {});
  ASSERT_EQ(settings.size(), 3U);
  EXPECT_EQ(settings[0].name.text, "autoregressive");
  EXPECT_EQ(settings[0].settings.params({}).mode, DecodeMode::kAutoregressive);
  EXPECT_EQ(settings[1].name.text, "exact");
  EXPECT_EQ(settings[2].name.text, "gated");
}

TEST(SweepSettingsTest, WithoutSettingsEveryModeIsThere) {
  std::set<std::string> modes;
  for (const NamedSettings& setting : sweep_settings({}, {})) modes.insert(setting.name.mode);
  EXPECT_EQ(modes, (std::set<std::string>{"autoregressive", "exact", "gated", "streaming"}));
}

TEST(SweepSettingsTest, WhatIsWrongIsRefused) {
  for (const char* text :
       {"", "faster", "exact foo", "streaming entropy-threshold", "streaming entropy-threshold=0",
        "exact autoregressive", "streaming temperature=1", "streaming seed=2", "streaming b", "streaming block-wise=3",
        "streaming --block-wise", "streaming =3", "streaming top-p=0.5", "streaming window_size=8"}) {
    EXPECT_THROW(parse_setting(text, {}), InvalidInput) << text;
  }
}

TEST(SweepSettingsTest, MessagesQuoteTheSettingAndNameTheWord) {
  const auto error_of = [](const char* text) {
    try {
      parse_setting(text, {});
    } catch (const InvalidInput& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(error_of("streaming block-wise=3"),
            "setting \"streaming block-wise=3\": block-wise: expected no value, got \"3\"");
  EXPECT_EQ(error_of("exact b=0"), "setting \"exact b=0\": b: expected an integer from 1 to 256, or auto, got 0");
  EXPECT_EQ(error_of("exact b"), "setting \"exact b\": b: expected a value after an equals sign");
  EXPECT_NE(error_of("exact entropy-treshold=1").find("(did you mean entropy-threshold?); known after the mode are"),
            std::string::npos);
}

}  // namespace
}  // namespace wedlm
