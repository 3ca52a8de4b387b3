#include "wedlm/text/tokenizer_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/text/byte_level.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

using testing::HasSubstr;

TEST(TokenizerTablesTest, TextsAreThoseOfTheTokenizer) {
  const TokenizerTables tables = load_tokenizer_tables(nano_model());
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  ASSERT_EQ(tables.texts.size(), tokenizer.vocab_size());
  ASSERT_EQ(tables.kinds.size(), tokenizer.vocab_size());
  for (std::size_t i = 0; i < tables.texts.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const bool is_text = tables.kinds[i] == TokenKind::kText;
    EXPECT_EQ(tables.kinds[i] == TokenKind::kSpecial, tokenizer.is_special(id)) << i;
    EXPECT_EQ(is_text ? bytes_of_byte_level(tables.texts[i]) : tables.texts[i], tokenizer.token_bytes(id)) << i;
  }
  EXPECT_EQ(tables.eos, tokenizer.find("<|im_end|>"));
  EXPECT_EQ(tables.pad, tokenizer.find("<|endoftext|>"));
  EXPECT_EQ(tables.bos, std::nullopt);
  EXPECT_EQ(tables.begin, std::nullopt);
  const Json json = parse_json(read_text(nano_model() / "tokenizer.json"), "tokenizer.json");
  EXPECT_EQ(tables.merges.size(), json.at("model").at("merges").as_array().size());
}

class ChangedTokenizerTest : public testing::Test {
 protected:
  ChangedTokenizerTest() {
    std::filesystem::copy(nano_model() / "tokenizer.json", folder_.path());
    std::filesystem::copy(nano_model() / "tokenizer_config.json", folder_.path());
  }
  void change(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = read_text(folder_.path() / file);
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    std::ofstream(folder_.path() / file) << text.replace(at, from.size(), to);
  }
  std::string refusal() const {
    try {
      load_tokenizer_tables(folder_.path());
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "none";
  }
  TemporaryFolder folder_;
};

TEST_F(ChangedTokenizerTest, WordsThatAreCutOtherwiseAreRefused) {
  EXPECT_EQ(refusal(), "none");
  change("tokenizer.json", R"(|\\p{N}|)", R"(|\\p{N}{1,3}|)");
  EXPECT_THAT(refusal(), HasSubstr("pre_tokenizer"));
}

TEST_F(ChangedTokenizerTest, AnIdWithoutATokenIsUnused) {
  change("tokenizer_config.json", R"("2047": {)", R"("2049": {)");
  change("tokenizer.json", R"("id": 2047)", R"("id": 2049)");
  const TokenizerTables tables = load_tokenizer_tables(folder_.path());
  ASSERT_EQ(tables.texts.size(), 2050U);
  EXPECT_EQ(tables.kinds[2047], TokenKind::kUnused);
  EXPECT_EQ(tables.kinds[2049], TokenKind::kSpecial);
}

}  // namespace
}  // namespace wedlm
