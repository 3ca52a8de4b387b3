// Checkpoints whose rotation is stretched, and those without a mask token, through the front door.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/cli/run_wedlm.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A copy of a checkpoint whose configuration a test changes.
class ConfigRunTest : public testing::Test {
 protected:
  /// `changes` win over the configuration's own members.
  void copy(const fs::path& from, const Json::Object& changes) {
    fs::remove_all(folder_);
    fs::copy(from, folder_);
    Json config = parse_json(read_text(from / "config.json"), "config.json");
    Json::Object members = config.as_object();
    for (const JsonMember& change : changes) {
      std::erase_if(members, [&](const JsonMember& member) { return member.key == change.key; });
      members.push_back(change);
    }
    std::ofstream(folder_ / "config.json") << write_json(members);
  }
  Finished generate(std::vector<std::string> more) const {
    more.insert(more.begin(), {"generate", "-m", folder_.string(), "-p", "Count from 1 to 20", "-t", "0", "-n", "40"});
    return run_wedlm(more);
  }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "model";
};

TEST_F(ConfigRunTest, LogitsAreThoseOfAStretchedRotation) {
  const Json records = parse_json(read_text(test_data("rope/logits.json")), "logits.json");
  ASSERT_EQ(records.as_array().size(), 6U);
  const fs::path original = test_data("checkpoints") / "qwen3-tied-f32-headdim32";
  const fs::path logits = temporary_.path() / "logits.json";
  for (const Json& record : records.as_array()) {
    const Json& scaling = record.at("rope_scaling");
    copy(original, {{"rope_scaling", scaling}});
    std::ofstream(logits) << write_json(Json::Array{record.at("logits")});
    for (const char* backend : {"cpu", "reference"}) {
      const Finished run = run_wedlm(
          {"verify", folder_.string(), "--logits", logits.string(), "--tolerance", "0.0002", "--backend", backend});
      EXPECT_EQ(run.exit_code, 0) << write_json(scaling) << ": " << run.err;
    }
    // The plain rotation gives other logits, but where a sequence is no longer than the positions of training.
    const Finished plain =
        run_wedlm({"verify", "-q", original.string(), "--logits", logits.string(), "--tolerance", "0.0002"});
    const bool is_short_dynamic = scaling.at("rope_type") == Json("dynamic") && record.at("logits").find("window_ids");
    EXPECT_EQ(plain.exit_code, is_short_dynamic ? 0 : 2) << write_json(scaling);
  }
}

TEST_F(ConfigRunTest, AStretchedModelAnswersAndHasItsLongerContext) {
  const Json yarn = Json::object({{"rope_type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", 2048}});
  copy(nano_model(), {{"rope_scaling", yarn}});
  const Finished streaming = generate({"-q", "--max-model-len", "8192"});
  const Finished slow = generate({"-q", "--autoregressive"});
  EXPECT_EQ(streaming.exit_code, 0) << streaming.err;
  EXPECT_NE(slow.out, "");
  EXPECT_EQ(generate({"-q", "--mode", "exact"}).out, slow.out);
  EXPECT_NE(generate({"-q", "--max-model-len", "8193"}).exit_code, 0);
  const Finished info = run_wedlm({"info", folder_.string()});
  EXPECT_THAT(info.out, AllOf(HasSubstr("8192"), HasSubstr("yarn, factor 4")));
}

TEST_F(ConfigRunTest, WithoutAMaskTokenDecodingIsAutoregressiveAndSaysSoOnce) {
  copy(nano_model(), {{"model_type", "qwen3"}, {"mask_token_id", nullptr}});
  const Finished run = generate({});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, AllOf(HasSubstr("qwen3"), HasSubstr("no mask token"), HasSubstr("--mask-token-id")));
  EXPECT_EQ(run.err.find("no mask token"), run.err.rfind("no mask token"));
  const Finished asked = generate({"--autoregressive"});
  EXPECT_EQ(asked.out, run.out);
  EXPECT_THAT(asked.err, Not(HasSubstr("mask token")));
  EXPECT_EQ(generate({"--preset", "fast", "-q"}).out, run.out);
  for (const char* mode : {"streaming", "exact", "gated"}) {
    const Finished refused = generate({"--mode", mode, "-q"});
    EXPECT_EQ(refused.exit_code, 2) << mode;
    EXPECT_THAT(refused.err, AllOf(HasSubstr(mode), HasSubstr("--mask-token-id ID")));
    EXPECT_EQ(generate({"--mode", mode, "-q", "--mask-token-id", "2047"}).exit_code, 0) << mode;
  }
  const Finished named = generate({"--mask-token-id", "2047"});
  EXPECT_EQ(named.out, run_wedlm({"generate", "-p", "Count from 1 to 20", "-t", "0", "-n", "40", "-q"}).out);
  EXPECT_THAT(named.err, Not(HasSubstr("mask token")));
  const Finished benchmark = run_wedlm({"benchmark", "-m", folder_.string(), "-q", "-n", "4"});
  EXPECT_EQ(benchmark.exit_code, 2);
  EXPECT_THAT(benchmark.err, HasSubstr("--mask-token-id ID"));
  EXPECT_THAT(run_wedlm({"info", folder_.string()}).out, HasSubstr("Mask token          none"));
  EXPECT_EQ(run_wedlm({"verify", folder_.string()}).exit_code, 0);
}

TEST_F(ConfigRunTest, WhoNamedTheMaskTokenIsInTheDescription) {
  const auto mask_of = [&] {
    return run_wedlm({"info", folder_.string(), "--json"}).json_lines().at(0).at("mask_token");
  };
  copy(nano_model(), {});
  EXPECT_EQ(mask_of().at("source").as_string(), "config.json");
  EXPECT_THAT(run_wedlm({"info", folder_.string()}).out, Not(HasSubstr("assumed")));
  // A vocabulary that has the usual id: info looks at no weights.
  copy(nano_model(), {{"mask_token_id", nullptr}, {"vocab_size", 152064}});
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) fs::remove(folder_ / name);
  EXPECT_EQ(mask_of().at("id").as_integer(), 151665);
  EXPECT_EQ(mask_of().at("source").as_string(), "assumed");
  EXPECT_THAT(run_wedlm({"info", folder_.string()}).out, HasSubstr("151665 (assumed"));
}

}  // namespace
}  // namespace wedlm
