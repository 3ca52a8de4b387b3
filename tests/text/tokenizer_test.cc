#include "wedlm/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/data.h"
#include "tests/text/random_text.h"
#include "wedlm/text/normalizer.h"

namespace wedlm {
namespace {

using testing::ElementsAre;

std::vector<TokenId> ids_of(const Json& json) {
  std::vector<TokenId> ids;
  for (const Json& id : json.as_array()) ids.push_back(static_cast<TokenId>(id.as_integer()));
  return ids;
}

// Recorded texts and ids on which three other implementations agree.
TEST(TokenizerTest, Qwen2GivesTheRecordedIds) {
  const auto folder = shared_data("tokenizers/qwen2");
  if (!folder) GTEST_SKIP() << "the Qwen2 vocabulary is not here (shared data tokenizers/qwen2)";
  const Tokenizer tokenizer = Tokenizer::load(*folder);
  const auto path = test_data("tokenizers/qwen2/cases.json");
  const Json cases = parse_json(read_text(path), path.string());
  ASSERT_GE(cases.as_array().size(), 464U);
  for (const Json& item : cases.as_array()) {
    const std::string& text = item.at("text").as_string();
    const std::vector<TokenId> ids = ids_of(item.at("ids"));
    EXPECT_EQ(tokenizer.encode(text), ids) << text;
    EXPECT_EQ(tokenizer.decode(ids, SpecialOutput::kShow), to_nfc(text));
  }
}

TEST(TokenizerTest, Qwen2sSpecialTokensComeWithItsVocabulary) {
  const auto folder = shared_data("tokenizers/qwen2");
  if (!folder) GTEST_SKIP() << "the Qwen2 vocabulary is not here (shared data tokenizers/qwen2)";
  const Tokenizer tokenizer = Tokenizer::load(*folder);
  EXPECT_EQ(tokenizer.find("<|endoftext|>"), 151643);
  EXPECT_EQ(tokenizer.find("<|video_pad|>"), 151656);
  EXPECT_EQ(tokenizer.find("<tool_call>"), 151657);
  EXPECT_EQ(tokenizer.find("<|file_sep|>"), 151664);
  EXPECT_EQ(tokenizer.vocab_size(), 151665U);
  EXPECT_TRUE(tokenizer.is_special(151656));
  EXPECT_FALSE(tokenizer.is_special(151657));
  EXPECT_EQ(tokenizer.find("<|mask|>"), std::nullopt);
}

TEST(TokenizerTest, SpecialTokensAreParsedOrText) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  const std::string text = "a<|im_end|>b";
  const std::vector<TokenId> parsed = tokenizer.encode(text);
  const std::vector<TokenId> as_text = tokenizer.encode(text, SpecialTokens::kAsText);
  EXPECT_THAT(parsed, ElementsAre(64 + 0, 2046, 65));
  EXPECT_GT(as_text.size(), 3U);
  for (const TokenId id : as_text) EXPECT_FALSE(tokenizer.is_special(id));
  EXPECT_EQ(tokenizer.decode(parsed), "ab");
  EXPECT_EQ(tokenizer.decode(parsed, SpecialOutput::kShow), text);
  EXPECT_EQ(tokenizer.decode(as_text), text);
}

TEST(TokenizerTest, NamesAndBytes) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  EXPECT_EQ(tokenizer.vocab_size(), 2048U);
  EXPECT_EQ(tokenizer.eos_token(), "<|im_end|>");
  EXPECT_EQ(tokenizer.pad_token(), "<|endoftext|>");
  EXPECT_EQ(tokenizer.bos_token(), "");
  EXPECT_EQ(tokenizer.find("<|mask|>"), 2047);
  EXPECT_EQ(tokenizer.find("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer.token_bytes(tokenizer.find(" ").value()), " ");
  EXPECT_EQ(tokenizer.token_bytes(2047), "<|mask|>");
  EXPECT_TRUE(tokenizer.is_special(2047));
  for (const TokenId unknown : {-1, 2048, 1 << 30}) {
    EXPECT_EQ(tokenizer.token_bytes(unknown), "");
    EXPECT_FALSE(tokenizer.is_special(unknown));
    EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{unknown}), "");
  }
  EXPECT_THAT(tokenizer.encode(""), ElementsAre());
  EXPECT_EQ(tokenizer.decode({}), "");
}

TEST(TokenizerTest, DecodingUndoesEncoding) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  std::mt19937 random(2);
  for (int round = 0; round < 5000; ++round) {
    const std::string text = random_unicode_text(random, 30);
    for (const SpecialTokens specials : {SpecialTokens::kParse, SpecialTokens::kAsText}) {
      const std::vector<TokenId> ids = tokenizer.encode(text, specials);
      const std::string decoded = tokenizer.decode(ids, SpecialOutput::kShow);
      // A special token cuts the text before it is normalised, but no mark of these texts can cross it.
      ASSERT_EQ(to_nfc(decoded), to_nfc(text));
      if (specials == SpecialTokens::kAsText) {
        ASSERT_EQ(decoded, to_nfc(text));
      }
    }
  }
}

TEST(TokenizerTest, IllFormedTextIsRepairedFirst) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  std::mt19937 random(6);
  for (int round = 0; round < 3000; ++round) {
    const std::string bytes = random_bytes(random, 30);
    ASSERT_EQ(tokenizer.encode(bytes), tokenizer.encode(replace_ill_formed_utf8(bytes)));
  }
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("a\xFF\xE2\x82")), "a\uFFFD\uFFFD");
}

TEST(TokenizerTest, ThreadsShareOneTokenizer) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  const Tokenizer reference = Tokenizer::load(nano_model());
  std::mt19937 random(7);
  std::vector<std::string> texts;
  std::vector<std::vector<TokenId>> expected;
  for (int i = 0; i < 200; ++i) {
    texts.push_back(random_unicode_text(random, 50) + " counting from one to " + std::to_string(i));
    expected.push_back(reference.encode(texts.back()));
  }
  std::vector<std::thread> threads;
  std::vector<int> num_wrong(4);
  for (int& wrong : num_wrong) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < texts.size(); ++i) wrong += tokenizer.encode(texts[i]) != expected[i] ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(num_wrong, ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace wedlm
