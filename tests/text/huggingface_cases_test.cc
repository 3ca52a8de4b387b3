// Small tokenizers against what Hugging Face's libraries made of them: tests/data/tokenizers/huggingface/make_cases.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

const Json& cases(std::string_view group) {
  static const Json all = [] {
    const auto path = test_data("tokenizers/huggingface/cases.json");
    return parse_json(read_text(path), path.string());
  }();
  return all.at(group);
}

/// The base with the members of a case instead of its own.
Json tokenizer_json(const Json& members) {
  Json json = Json::object({});
  for (const JsonMember& member : cases("base").as_object()) {
    const Json* other = members.find(member.key);
    json.set(member.key, other != nullptr ? *other : member.value);
  }
  return json;
}

std::vector<TokenId> ids_of(const Json& json) {
  std::vector<TokenId> ids;
  for (const Json& id : json.as_array()) ids.push_back(static_cast<TokenId>(id.as_integer()));
  return ids;
}

void expect_encodings(const Tokenizer& tokenizer, const Json& item, const std::string& what) {
  for (const Json& encoding : item.at("encodings").as_array()) {
    const std::string& text = encoding.at("text").as_string();
    const Json* whole = encoding.find("whole");
    EXPECT_EQ(tokenizer.encode(text), ids_of(encoding.at("ids"))) << what << ": " << text;
    EXPECT_EQ(tokenizer.encode_whole(text), ids_of(whole != nullptr ? *whole : encoding.at("ids")))
        << what << ": " << text;
  }
}

TEST(HuggingFaceCasesTest, AddedTokensOfAnyScriptAreFoundAsTheirFlagsSay) {
  const Json::Array& all = cases("added_tokens").as_array();
  ASSERT_GE(all.size(), 80U);
  for (const Json& item : all) {
    const Tokenizer tokenizer = Tokenizer::from_json(tokenizer_json(item.at("tokenizer")), "case");
    expect_encodings(tokenizer, item, write_json(item.at("tokenizer")));
  }
}

TEST(HuggingFaceCasesTest, PostProcessorsAddTheirTokensToAWholeText) {
  const Json::Array& all = cases("post_processors").as_array();
  ASSERT_GE(all.size(), 24U);
  for (const Json& item : all) {
    const Tokenizer tokenizer = Tokenizer::from_json(tokenizer_json(item.at("tokenizer")), "case");
    expect_encodings(tokenizer, item, write_json(item.at("tokenizer")));
  }
}

/// tokenizer.json, or vocab.json with merges.txt; and the other files of a case.
void write_case(const std::filesystem::path& folder, const Json& item) {
  const auto write = [&](const std::string& name, std::string_view text) { std::ofstream(folder / name) << text; };
  const Json json = tokenizer_json(item.at("tokenizer"));
  if (item.at("form") == Json("json")) {
    write("tokenizer.json", write_json(json));
  } else {
    write("vocab.json", write_json(json.at("model").at("vocab")));
    write("merges.txt", "#version: 0.2\na b\nab c\n");
  }
  for (const JsonMember& file : item.at("files").as_object()) write(file.key, write_json(file.value));
}

TEST(HuggingFaceCasesTest, TokensOfTheSmallFilesAreThoseOfAutoTokenizer) {
  const Json::Array& all = cases("folders").as_array();
  ASSERT_GE(all.size(), 80U);
  for (const Json& item : all) {
    const TemporaryFolder folder;
    write_case(folder.path(), item);
    const std::string what = item.at("form").as_string() + ": " + write_json(item.at("files"));
    const Tokenizer tokenizer = Tokenizer::load(folder.path());
    expect_encodings(tokenizer, item, what);
    EXPECT_EQ(tokenizer.bos_token(), item.at("names").at("bos_token").as_string()) << what;
    EXPECT_EQ(tokenizer.eos_token(), item.at("names").at("eos_token").as_string()) << what;
    EXPECT_EQ(tokenizer.pad_token(), item.at("names").at("pad_token").as_string()) << what;
    EXPECT_EQ(tokenizer.mask_token(), item.at("names").at("mask_token").as_string()) << what;
    std::vector<TokenId> special;
    for (TokenId id = 0; id < static_cast<TokenId>(tokenizer.vocab_size()); ++id) {
      if (tokenizer.is_special(id)) special.push_back(id);
    }
    EXPECT_EQ(special, ids_of(item.at("special"))) << what;
  }
}

}  // namespace
}  // namespace wedlm
