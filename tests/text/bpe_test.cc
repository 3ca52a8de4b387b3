#include "wedlm/text/bpe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/data.h"
#include "tests/text/byte_alphabet.h"
#include "tests/text/random_text.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {
namespace {

/// Byte-pair encoding as its definition says it: look at every pair, merge the first of the lowest rank, start again.
/// It reads the file by itself and works on strings, so it shares nothing with what it checks.
class NaiveBpe {
 public:
  explicit NaiveBpe(const std::filesystem::path& tokenizer_json) {
    const Json json = parse_json(read_text(tokenizer_json), tokenizer_json.string());
    for (const auto& [token, id] : json.at("model").at("vocab").as_object()) {
      ids_[token] = static_cast<TokenId>(id.as_integer());
    }
    int rank = 0;
    for (const Json& merge : json.at("model").at("merges").as_array()) ranks_[merge.as_string()] = rank++;
  }

  std::vector<TokenId> encode(std::string_view word) const {
    std::vector<std::string> symbols;
    for (const char c : word) symbols.push_back(byte_level_text({&c, 1}));
    while (true) {
      int best_rank = -1;
      std::size_t best = 0;
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        const auto found = ranks_.find(symbols[i] + " " + symbols[i + 1]);
        if (found != ranks_.end() && (best_rank < 0 || found->second < best_rank)) {
          best_rank = found->second;
          best = i;
        }
      }
      if (best_rank < 0) break;
      symbols[best] += symbols[best + 1];
      symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    std::vector<TokenId> ids;
    for (const std::string& symbol : symbols) ids.push_back(ids_.at(symbol));
    return ids;
  }

 private:
  std::map<std::string, TokenId> ids_;
  std::map<std::string, int> ranks_;
};

/// Letters only, so that the pre-tokenizer leaves it whole.
std::string random_word(std::mt19937& random, int num_parts) {
  static const std::vector<std::string> kParts = {"a",  "e", "t",   "th",  "ing",  "er", "an", "ou",
                                                  "st", "s", "mul", "ply", "tion", "é",  "ж",  "漢",
                                                  "o",  "n", "Q",   "z",   "l",    "ll", "c",  "ount"};
  std::string word;
  for (int i = 0; i < num_parts; ++i) word += kParts[random() % kParts.size()];
  return word;
}

TEST(BpeTest, AgreesWithItsDefinition) {
  const NaiveBpe naive(nano_model() / "tokenizer.json");
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  std::mt19937 random(3);
  for (int round = 0; round < 4000; ++round) {
    const std::string word = random_word(random, 1 + static_cast<int>(random() % (round % 20 == 0 ? 200 : 12)));
    ASSERT_EQ(tokenizer.encode(word), naive.encode(word)) << word;
  }
}

TEST(BpeTest, EveryTokenOfTheVocabularyIsWhatItsOwnBytesBecome) {
  const NaiveBpe naive(nano_model() / "tokenizer.json");
  const Json json = parse_json(read_text(nano_model() / "tokenizer.json"), "tokenizer.json");
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  for (const auto& [token, id] : json.at("model").at("vocab").as_object()) {
    const std::string bytes(tokenizer.token_bytes(static_cast<TokenId>(id.as_integer())));
    ASSERT_EQ(byte_level_text(bytes), token);
    if (bytes.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos) continue;
    ASSERT_EQ(tokenizer.encode(bytes), naive.encode(bytes)) << bytes;
    ASSERT_EQ(tokenizer.encode(bytes), naive.encode(bytes)) << bytes << ", remembered";
  }
}

/// The 256 bytes and a few tokens more.
Vocabulary small_vocabulary(const std::vector<std::string>& more) {
  std::vector<Vocabulary::Entry> entries;
  for (int byte = 0; byte < 256; ++byte) entries.push_back({byte, std::string(1, static_cast<char>(byte))});
  for (const std::string& token : more) entries.push_back({static_cast<TokenId>(entries.size()), token});
  return Vocabulary(entries);
}

std::vector<TokenId> encode(const BpeModel& model, std::string_view word) {
  std::vector<TokenId> ids;
  model.encode(word, &ids);
  return ids;
}

TEST(BpeTest, LowestRankFirstThenLeftmost) {
  const Vocabulary vocabulary = small_vocabulary({"ab", "bc", "aa", "abc"});  // 256 to 259
  const BpeModel model(vocabulary, {{'b', 'c', 257}, {'a', 'b', 256}, {'a', 'a', 258}},
                       BpeModel::WholeWords::kByMerges);
  EXPECT_THAT(encode(model, "abc"), testing::ElementsAre('a', 257));
  EXPECT_THAT(encode(model, "aaa"), testing::ElementsAre(258, 'a'));
  EXPECT_THAT(encode(model, "ab"), testing::ElementsAre(256));
  EXPECT_THAT(encode(model, std::string(101, 'a')).size(), 51U);
  EXPECT_THAT(encode(model, std::string(101, 'a')).back(), 'a');
}

TEST(BpeTest, WholeWordsMayGoBeforeMerges) {
  const Vocabulary vocabulary = small_vocabulary({"ab", "bc", "abc", "<s>"});
  const std::vector<BpeModel::Merge> merges = {{'b', 'c', 257}, {'a', 'b', 256}};
  BpeModel model(vocabulary, merges, BpeModel::WholeWords::kFirst);
  EXPECT_THAT(encode(model, "abc"), testing::ElementsAre(258));
  EXPECT_THAT(encode(model, "<s>"), testing::ElementsAre(259));
  model.never_whole(259);
  EXPECT_THAT(encode(model, "<s>"), testing::ElementsAre('<', 's', '>'));
  EXPECT_THAT(encode(BpeModel(vocabulary, merges, BpeModel::WholeWords::kByMerges), "abc"),
              testing::ElementsAre('a', 257));
}

TEST(BpeTest, AVocabularyWithoutAByteIsRefused) {
  std::vector<Vocabulary::Entry> entries;
  for (int byte = 0; byte < 256; ++byte) {
    if (byte != 'x') entries.push_back({byte, std::string(1, static_cast<char>(byte))});
  }
  const Vocabulary vocabulary(entries);
  EXPECT_THROW(BpeModel(vocabulary, {}, BpeModel::WholeWords::kByMerges), InvalidInput);
}

TEST(BpeTest, AWordOfAMillionCharactersTakesNoSquareOfTheTime) {
  const Tokenizer tokenizer = Tokenizer::load(nano_model());
  std::mt19937 random(4);
  std::string letters;
  while (letters.size() < 1'000'000) letters += random_word(random, 1000);
  for (const std::string& word :
       {letters, std::string(1'000'000, 'a'), std::string(1'000'000, ' '), std::string(1'000'000, '\n'),
        std::string(1'000'000, '<'), std::string(1'000'000, '7')}) {
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(word)), word);
  }
}

}  // namespace
}  // namespace wedlm
