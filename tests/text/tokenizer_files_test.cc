#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/data.h"
#include "tests/text/byte_alphabet.h"
#include "tests/text/random_text.h"
#include "wedlm/base/error.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A whole tokenizer.json with 256 bytes, two merges and one special token.
std::string small_json() {
  return R"({"added_tokens":[{"id":258,"content":"<|x|>","special":true,"normalized":false}],)"
         R"("normalizer":{"type":"NFC"},)"
         R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[)"
         R"({"type":"Split","pattern":{"Regex":"\\p{L}+"},"behavior":"Isolated","invert":false},)"
         R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},)"
         R"("post_processor":null,"decoder":{"type":"ByteLevel"},)"
         R"("model":{"type":"BPE","vocab":{)" +
         byte_vocabulary_members() + R"(,"ab":256,"abc":257},"merges":["a b","ab c"]}})";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

Tokenizer small_tokenizer(std::string_view from, std::string_view to) {
  return Tokenizer::from_json(parse_json(replaced(small_json(), from, to), "x"), "x");
}

std::string error_of_folder(const std::filesystem::path& folder) {
  try {
    Tokenizer::load(folder);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "no error";
}

struct Malformed {
  std::string_view from;
  std::string_view to;
  std::string_view message;
};

TEST(TokenizerFilesTest, MalformedTokenizerJsonIsOneClearError) {
  const Malformed cases[] = {
      {R"({"added)", R"([{"added)", "not valid JSON"},
      {R"("model":{)", R"("other":{)", "missing key"},
      {R"("model":{"type":"BPE")", R"("model":{"type":"Unigram")", R"(model: type "Unigram" is not supported)"},
      {R"("model":{"type":"BPE")", R"("model":{"type":7)", "model: expected a string, got an integer"},
      {R"("vocab":{)", R"("vocab":7,"other":{)", "model.vocab: expected an object, got an integer"},
      {R"("vocab":{)", R"("vocab":{},"other":{)", "model.vocab: the vocabulary is empty"},
      {R"("ab":256)", R"("ab":"256")", R"(token "ab": expected an integer as its id, got a string)"},
      {R"("ab":256)", R"("ab":1.5)", R"(token "ab": expected an integer as its id, got a number)"},
      {R"("ab":256)", R"("ab":-1)", R"(token "ab" has id -1; expected 0 to)"},
      {R"("ab":256)", R"("ab":2147483648)", R"(token "ab" has id 2147483648; expected 0 to)"},
      {R"("ab":256)", R"("ab":2000000000)", R"(token "ab" has id 2000000000; expected 0 to)"},
      {R"("ab":256)", R"("ab":99999999999999999999)", R"(token "ab": expected an integer)"},
      {R"("ab":256)", R"("ab":257)", "token id 257 stands twice"},
      {R"("ab":256)", R"("abc":256)", R"(key "abc" stands twice)"},
      {R"("\"":34,)", "", "no token for byte 34"},
      {R"(["a b","ab c"])", R"({"a":"b"})", "model.merges: expected an array, got an object"},
      {R"("a b")", R"("ab")", R"(model.merges: merge "ab"; expected two tokens)"},
      {R"("a b")", R"("a b c")", R"(model.merges: merge "a b c"; expected two tokens)"},
      {R"("a b")", R"(" b")", R"(model.merges: merge " b"; expected two tokens)"},
      {R"("a b")", R"(["a","b","c"])", "model.merges: a merge of 3 parts"},
      {R"("a b")", R"(["a",1])", "model.merges: expected a string, got an integer"},
      {R"("a b")", R"("a qq")", R"(merge "a qq" needs token "qq", which is not in the vocabulary)"},
      {R"("a b")", R"("b b")", R"(merge "b b" needs token "bb")"},
      {R"("a b")", R"("a 漢")", R"(merge "a 漢" needs token "漢")"},
      {R"("type":"BPE")", R"("type":"BPE","byte_fallback":true)", "byte_fallback is not supported"},
      {R"("type":"BPE")", R"("type":"BPE","dropout":0.1)", "dropout is not supported"},
      {R"("type":"BPE")", R"("type":"BPE","end_of_word_suffix":"</w>")", "end_of_word_suffix is not supported"},
      {R"({"type":"NFC"})", R"({"type":"Lowercase"})", R"(normalizer: type "Lowercase" is not supported)"},
      {R"({"type":"NFC"})", R"("NFC")", "normalizer: type: expected an object, got a string"},
      {R"(\\p{L}+)", "(a", R"(bad regular expression "(a")"},
      {R"("Regex")", R"("String")", "pre_tokenizer: a Split pattern other than a Regex"},
      {R"("Isolated")", R"("MergedWithNext")", R"(Split behavior "MergedWithNext" is not supported)"},
      {R"({"type":"Split")", R"({"type":"Whitespace")", R"(pre_tokenizer: type "Whitespace" is not supported)"},
      {R"({"type":"ByteLevel","add)", R"({"type":"Metaspace","add)",
       R"(type "Metaspace" is not supported at its place)"},
      {R"("pre_tokenizer":{)", R"("pre":{)", "pre_tokenizer: there is none"},
      {R"("post_processor":null)", R"("post_processor":{"type":"TemplateProcessing"})",
       "post_processor: missing key 'single'"},
      {R"("post_processor":null)", R"("post_processor":{"type":"Other"})", R"(post_processor: type "Other" is not)"},
      {R"("post_processor":null)", R"("post_processor":{})", "post_processor: type: missing key 'type'"},
      {R"("post_processor":null)",
       R"("post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<b>"}}],"special_tokens":{}})",
       R"(post_processor: the template has "<b>", which is not in special_tokens)"},
      {R"("post_processor":null)",
       R"("post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}],"special_tokens":{}})",
       R"(post_processor: the template has a place for text "B", and there is none)"},
      {R"("post_processor":null)", R"("post_processor":{"type":"BertProcessing","sep":["x"],"cls":["y",1]})",
       "post_processor: sep: expected a token and its id"},
      {R"("decoder":{"type":"ByteLevel"})", R"("decoder":{"type":"WordPiece"})", R"(decoder: type "WordPiece")"},
      {R"("id":258)", R"("id":257)", R"(token id 257 is "abc" in the vocabulary and "<|x|>" among the added)"},
      {R"("id":258)", R"("id":2000000000)", R"(added_tokens: token "<|x|>" has id 2000000000)"},
      {R"("id":258)", R"("id":null)", "added_tokens: expected an integer, got null"},
      {R"("<|x|>")", R"("")", "added token 258 has no content"},
      {R"("<|x|>")", R"("ab")", R"(token "ab" has id 256 in the vocabulary and id 258)"},
      {R"("special":true)", R"("special":1)", "special: expected a boolean, got an integer"},
      {R"([{"id":258)", R"([{"id":259,"content":"<|x|>"},{"id":258)", R"(added token "<|x|>" stands twice)"},
      {R"([{"id":258)", R"([{"id":258,"content":"<|y|>"},{"id":258)", "two added tokens have id 258"},
  };
  const TemporaryFolder folder;
  for (const Malformed& item : cases) {
    write(folder.path() / "tokenizer.json", replaced(small_json(), item.from, item.to));
    const std::string error = error_of_folder(folder.path());
    EXPECT_THAT(error, AllOf(StartsWith((folder.path() / "tokenizer.json").string() + ": "),
                             HasSubstr(std::string(item.message))))
        << item.from << " -> " << item.to;
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
  const std::string longest(5000, 'x');
  EXPECT_THROW(small_tokenizer("<|x|>", longest), InvalidInput);
}

TEST(TokenizerFilesTest, WhatTheOptionsOfTokenizerJsonMean) {
  EXPECT_THAT(small_tokenizer("\"a b\"", "\"a b\"").encode("abcab<|x|>"), ElementsAre(257, 256, 258));
  EXPECT_THAT(small_tokenizer(R"("a b","ab c")", R"(["a","b"],["ab","c"])").encode("abcab"), ElementsAre(257, 256));
  EXPECT_THAT(small_tokenizer(R"(,"ab c")", "").encode("abc"), ElementsAre(256, 'c'));
  EXPECT_THAT(small_tokenizer(R"("merges":["a b","ab c"])", R"("merges":[],"ignore_merges":true)").encode("abc"),
              ElementsAre(257));
  const std::string e_acute = "e\u0301";
  EXPECT_EQ(small_tokenizer("\"NFC\"", "\"NFC\"").encode(e_acute).size(), 2U);
  EXPECT_EQ(small_tokenizer(R"({"type":"NFC"})", "null").encode(e_acute).size(), 3U);
  EXPECT_EQ(small_tokenizer(R"({"type":"NFC"})", R"({"type":"Sequence","normalizers":[{"type":"NFC"}]})")
                .encode(e_acute)
                .size(),
            2U);
  EXPECT_THAT(small_tokenizer(R"("add_prefix_space":false)", R"("add_prefix_space":true)").encode("ab"),
              ElementsAre(' ', 256));
  // A token of the vocabulary that no text can spell decodes to its own text.
  const Tokenizer odd = small_tokenizer(R"("abc":257)", R"("abc":257,"漢 字":300)");
  EXPECT_EQ(odd.decode(std::vector<TokenId>{300, 299}), "漢 字");
  EXPECT_EQ(odd.vocab_size(), 301U);
}

TEST(TokenizerFilesTest, NormalizedTokensAreLookedForInTheNormalisedText) {
  const std::string token = R"("content":"\u00e9t\u00e9")";
  const std::string decomposed = "e\u0301te\u0301";
  const Tokenizer after = small_tokenizer(R"("content":"<|x|>","special":true,"normalized":false)", token);
  EXPECT_THAT(after.encode(decomposed), ElementsAre(258));
  const Tokenizer before = small_tokenizer(R"("content":"<|x|>")", token);
  EXPECT_EQ(before.encode(decomposed).size(), 5U);
}

TEST(TokenizerFilesTest, AnAddedTokenThatSpellsAByteStaysThatByte) {
  const Tokenizer byte =
      small_tokenizer(R"("id":258,"content":"<|x|>","special":true)", R"("id":233,"content":"\u00e9")");
  EXPECT_THAT(byte.encode("\u00e9"), ElementsAre(233));
  EXPECT_THAT(byte.encode("\u9fff"), ElementsAre(233, 191, 191));
  EXPECT_EQ(byte.decode(byte.encode("\u9fff")), "\u9fff");
  EXPECT_EQ(byte.decode(std::vector<TokenId>{233}), "\uFFFD") << "as Hugging Face decodes it";
  const Tokenizer own = small_tokenizer("<|x|>", "\u00e9t\u00e9");
  EXPECT_EQ(own.decode(own.encode("\u00e9t\u00e9"), SpecialOutput::kShow), "\u00e9t\u00e9");
}

TEST(TokenizerFilesTest, AFolderWithoutATokenizerSaysWhatWasLookedFor) {
  const TemporaryFolder folder;
  const std::string looked_for = "looked for tokenizer.json, and for vocab.json with merges.txt";
  EXPECT_THAT(error_of_folder(folder.path()), HasSubstr(looked_for));
  EXPECT_THAT(error_of_folder(folder.path() / "absent"), HasSubstr(looked_for));
  write(folder.path() / "vocab.json", "{" + byte_vocabulary_members() + "}");
  EXPECT_THAT(error_of_folder(folder.path()), HasSubstr(looked_for));
}

/// nano's tokenizer.json taken apart into vocab.json and merges.txt.
void write_nano_files(const std::filesystem::path& folder) {
  const Json json = parse_json(read_text(nano_model() / "tokenizer.json"), "tokenizer.json");
  write(folder / "vocab.json", write_json(json.at("model").at("vocab")));
  std::string merges = "#version: 0.2\n";
  for (const Json& merge : json.at("model").at("merges").as_array()) merges += merge.as_string() + "\n";
  write(folder / "merges.txt", merges);
}

TEST(TokenizerFilesTest, BothFormsAgree) {
  const TemporaryFolder folder;
  write_nano_files(folder.path());
  std::filesystem::copy(nano_model() / "tokenizer_config.json", folder.path());
  const Tokenizer from_json = Tokenizer::load(nano_model());
  const Tokenizer from_files = Tokenizer::load(folder.path());
  EXPECT_EQ(from_files.vocab_size(), from_json.vocab_size());
  EXPECT_EQ(from_files.eos_token(), from_json.eos_token());
  std::mt19937 random(8);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = random_unicode_text(random, 40) + "<|im_start|>user";
    ASSERT_EQ(from_files.encode(text), from_json.encode(text));
    ASSERT_EQ(from_files.encode(text, SpecialTokens::kAsText), from_json.encode(text, SpecialTokens::kAsText));
  }
}

TEST(TokenizerFilesTest, AddedTokensJsonIsReadWhereTheConfigDescribesNone) {
  const TemporaryFolder folder;
  write_nano_files(folder.path());
  EXPECT_EQ(Tokenizer::load(folder.path()).find("<|im_end|>"), std::nullopt);
  write(folder.path() / "added_tokens.json", R"({"<|im_end|>": 2044, "<mine>": 2050, "<plain>": 2051})");
  write(folder.path() / "tokenizer_config.json",
        R"({"eos_token": {"content": "<|im_end|>"}, "additional_special_tokens": ["<mine>"], "pad_token": null})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_THAT(tokenizer.encode("<|im_end|><mine><plain>"), ElementsAre(2044, 2050, 2051));
  EXPECT_EQ(tokenizer.decode(std::vector<TokenId>{2044, 2050, 2051, 2049}), "<plain>");
  EXPECT_EQ(tokenizer.eos_token(), "<|im_end|>");
  EXPECT_EQ(tokenizer.pad_token(), "");
}

TEST(TokenizerFilesTest, FilesThatContradictEachOtherAreNamed) {
  using Files = std::vector<std::pair<std::string, std::string>>;
  const std::string config = "tokenizer_config.json", map = "special_tokens_map.json", added = "added_tokens.json";
  const std::vector<std::tuple<Files, std::string, std::string>> cases = {
      {{{config, R"({"added_tokens_decoder":{"259":{"content":"<|x|>"}}})"}},
       config + ": added_tokens_decoder: \"259\": token \"<|x|>\" has id 259; expected what ",
       "tokenizer.json says, where \"<|x|>\" has id 258"},
      {{{config, R"({"added_tokens_decoder":{"258":{"content":"<y>"}}})"}},
       config + ": added_tokens_decoder: \"258\": token \"<y>\" has id 258",
       "tokenizer.json says, where \"<|x|>\" has id 258"},
      {{{config, R"({"added_tokens_decoder":{"256":{"content":"<y>"}}})"}}, config, "where \"ab\" has id 256"},
      {{{config, R"({"added_tokens_decoder":{"300":{"content":"ab"}}})"}}, config, "where \"ab\" has id 256"},
      {{{added, R"({"<y>":258})"}}, added + ": token \"<y>\" has id 258", "where \"<|x|>\" has id 258"},
      {{{added, R"({"<y>":259})"}, {config, R"({"added_tokens_decoder":{"259":{"content":"<z>"}}})"}},
       added + ": token \"<y>\" has id 259",
       "where \"<z>\" has id 259"},
      {{{map, R"({"eos_token":"<e>"})"}, {config, R"({"eos_token":"<f>"})"}},
       map + ": eos_token: expected \"<f>\" as in ",
       "got \"<e>\""},
      {{{map, R"({"additional_special_tokens":["<e>"]})"}, {config, R"({"additional_special_tokens":["<f>"]})"}},
       map + ": additional_special_tokens: \"<e>\" is not in the other list",
       ""},
      {{{config, R"({"additional_special_tokens":["<e>"],"extra_special_tokens":["<f>"]})"}},
       config + ": additional_special_tokens: \"<e>\" is not in the other list",
       ""},
      {{{config, R"({"mask_token":7})"}}, config + ": mask_token: expected a string, got an integer", ""},
      {{{map, "[]"}}, map + ": expected an object, got an array", ""},
      {{{config, R"({"extra_special_tokens":[7]})"}}, config + ": extra_special_tokens: expected a string", ""},
      {{{config, R"({"extra_special_tokens":{"a":7}})"}}, config + ": extra_special_tokens: a: expected a string", ""},
  };
  for (const auto& [files, first, second] : cases) {
    const TemporaryFolder folder;
    write(folder.path() / "tokenizer.json", small_json());
    for (const auto& [name, text] : files) write(folder.path() / name, text);
    EXPECT_THAT(error_of_folder(folder.path()), AllOf(StartsWith((folder.path() / first).string()), HasSubstr(second)))
        << files.front().second;
  }
}

TEST(TokenizerFilesTest, MalformedFilesOfTheOtherFormNameTheFile) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"vocab.json", "[]", "expected an object, got an array"},
      {"vocab.json", "{", "not valid JSON"},
      {"vocab.json", "{}", "the vocabulary is empty"},
      {"vocab.json", "{\"a\":1}", "which is not in the vocabulary"},
      {"merges.txt", "a b\nc\n", R"(line 2: merge "c"; expected two tokens)"},
      {"merges.txt", "\xFF \xFE\n", "which is not in the vocabulary"},
      {"added_tokens.json", "{\"a b\":-3}", R"(token "a b" has id -3)"},
      {"added_tokens.json", "[1]", "expected an object, got an array"},
      {"tokenizer_config.json", R"({"added_tokens_decoder":{"x":{"content":"y"}}})", R"("x" is not a token id)"},
      {"tokenizer_config.json", R"({"added_tokens_decoder":{"3000":{}}})", R"("3000": missing key)"},
      {"tokenizer_config.json", R"({"eos_token":7})", "eos_token: expected a string, got an integer"},
      {"tokenizer_config.json", "7", "expected an object, got an integer"},
  };
  for (const auto& [file, text, message] : cases) {
    const TemporaryFolder folder;
    write_nano_files(folder.path());
    write(folder.path() / file, text);
    const bool by_both = message == "which is not in the vocabulary";
    const std::string expected_file = by_both ? "vocab.json with merges.txt" : file;
    EXPECT_THAT(error_of_folder(folder.path()), AllOf(HasSubstr(expected_file), HasSubstr(message))) << text;
  }
}

}  // namespace
}  // namespace wedlm
