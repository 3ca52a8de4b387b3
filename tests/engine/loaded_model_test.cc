#include "wedlm/engine/loaded_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/engine/engine_fixtures.h"
#include "wedlm/engine/engine.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The model that ships, in a folder of its own whose small files may be changed.
void write_nano(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(nano_model())) {
    const std::filesystem::path copy = folder / entry.path().filename();
    if (entry.path().extension() == ".safetensors") {
      std::filesystem::create_symlink(entry.path(), copy);
    } else {
      std::filesystem::copy(entry.path(), copy);
    }
  }
}

/// Writes the file of nano's again with another member.
void change(const std::filesystem::path& file, std::string_view key, const Json& value) {
  const Json json = parse_json(read_text(file), file.string());
  Json changed = Json::object({{std::string(key), value}});
  for (const JsonMember& member : json.as_object()) {
    if (member.key != key) changed.set(member.key, member.value);
  }
  std::ofstream(file) << write_json(changed);
}

Tokenizer tokenizer_with(std::string_view name, const Json& token) {
  const TemporaryFolder folder;
  write_nano(folder.path());
  change(folder.path() / "tokenizer_config.json", name, token);
  return Tokenizer::load(folder.path());
}

TEST(LoadedModelTest, EndTokensAreThoseOfTheConfigurationAndTheTokenizers) {
  const ModelConfig config{.vocab_size = 2048, .eos_token_ids = {2044}};
  const Tokenizer tokenizer = tokenizer_with("eos_token", "<|im_end|>");
  EXPECT_THAT(end_token_ids(config, {}, nullptr), ElementsAre(2044));
  EXPECT_THAT(end_token_ids(config, {}, &tokenizer), ElementsAre(2044, 2046));
  EXPECT_THAT(end_token_ids(config, {.eos_token_ids = {7, 2046}}, &tokenizer), ElementsAre(7, 2046));
  EXPECT_THAT(end_token_ids({.vocab_size = 2048}, {}, &tokenizer), ElementsAre(2046));
  EXPECT_THAT(end_token_ids({.vocab_size = 2046}, {}, &tokenizer), IsEmpty()) << "the model never says it";
  for (const Json& none : {Json(), Json("")}) {
    const Tokenizer without = tokenizer_with("eos_token", none);
    EXPECT_THAT(end_token_ids(config, {}, &without), ElementsAre(2044));
  }
}

TEST(LoadedModelTest, TheTokenizerNamesTheMaskWhereTheConfigurationDoesNot) {
  const auto mask = [](MaskSource source, const Tokenizer* tokenizer) {
    ModelConfig config{.vocab_size = 2048};
    name_mask_token(config, source, 9);
    name_mask_token(config, tokenizer);
    return config.mask_token_id;
  };
  const Tokenizer tokenizer = tokenizer_with("mask_token", "<|mask|>");
  EXPECT_EQ(mask(MaskSource::kConfig, &tokenizer), 9);
  EXPECT_EQ(mask(MaskSource::kCaller, &tokenizer), 9);
  EXPECT_EQ(mask(MaskSource::kAssumed, &tokenizer), 2047);
  EXPECT_EQ(mask(MaskSource::kAssumed, nullptr), 9);
  const Tokenizer outside = tokenizer_with("mask_token", "<one more>"), without = tokenizer_with("mask_token", nullptr);
  EXPECT_EQ(mask(MaskSource::kAssumed, &outside), 9) << "the model has no such row";
  EXPECT_EQ(mask(MaskSource::kAssumed, &without), 9);
}

TEST(LoadedModelTest, TheMaskOfTheTokenizerIsUsed) {
  const TemporaryFolder folder;
  write_nano(folder.path());
  change(folder.path() / "config.json", "mask_token_id", nullptr);
  const auto load = [&] { return LoadedModel::load(folder.path(), {.backend = {.cpu = {.num_threads = 1}}}); };
  EXPECT_EQ(load()->config().mask_token_id, kNoToken);
  change(folder.path() / "tokenizer_config.json", "mask_token", "<|mask|>");
  EXPECT_EQ(load()->config().mask_token_id, 2047);
}

TEST(LoadedModelTest, AnAnswerEndsAtTheTokenizersEndToken) {
  const TemporaryFolder folder;
  write_nano(folder.path());
  const TokenId other = nano().tokenizer()->find("<|endoftext|>").value();
  change(folder.path() / "config.json", "eos_token_id", other);
  change(folder.path() / "generation_config.json", "eos_token_id", other);
  const auto model = LoadedModel::load(folder.path(), {.backend = {.cpu = {.num_threads = 1}}});
  Engine engine(*model, {});
  SamplingParams params = greedy(300);
  const auto ids = question_with_an_end(engine, params);
  params.ignore_eos = false;
  const Result answer = engine.submit({.prompt = ids, .params = params})->wait();
  EXPECT_EQ(answer.finish_reason, FinishReason::kStop);
  EXPECT_EQ(answer.token_ids.back(), nano().tokenizer()->find("<|im_end|>"));
  params.ignore_eos = true;
  EXPECT_EQ(engine.submit({.prompt = ids, .params = params})->wait().finish_reason, FinishReason::kLength);
}

}  // namespace
}  // namespace wedlm
