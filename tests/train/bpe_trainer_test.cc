// What is learned against what Hugging Face's tokenizers learned: tools/record_bpe.py.
#include "wedlm/train/tokenizer/bpe_trainer.h"

#include <gmock/gmock.h>

#include "tests/support/data.h"
#include "wedlm/text/byte_level.h"
#include "wedlm/text/tokenizer.h"
#include "wedlm/train/tokenizer/tokenizer_files.h"

namespace wedlm::train {
namespace {

using testing::ElementsAre;
using testing::Pair;

WordCounts counts_of(const Json& texts) {
  WordCounter words;
  for (const Json& text : texts.as_array()) words.add(text.as_string());
  return words.counts();
}

/// As tokenizer.json has them.
Json merges_of(const BytePairs& pairs) {
  Json::Array merges;
  for (const auto& [left, right] : pairs.merges) {
    merges.emplace_back(Json::Array{byte_level_of_bytes(pairs.tokens[static_cast<std::size_t>(left)]),
                                    byte_level_of_bytes(pairs.tokens[static_cast<std::size_t>(right)])});
  }
  return merges;
}

TEST(BpeTrainerTest, LearnsWhatHuggingFaceLearns) {
  const auto path = test_data("tokenizers/bpe/recorded.json");
  const Json recorded = parse_json(read_text(path), path.string());
  ASSERT_GE(recorded.at("cases").as_array().size(), 40U);
  for (const Json& one : recorded.at("cases").as_array()) {
    SCOPED_TRACE(write_json(one.at("texts")).substr(0, 80));
    const BytePairs pairs = learn_byte_pairs(counts_of(one.at("texts")),
                                             {.num_tokens = static_cast<std::size_t>(one.at("vocab_size").as_integer()),
                                              .min_count = one.at("min_frequency").as_integer()},
                                             {});
    EXPECT_EQ(static_cast<std::int64_t>(pairs.tokens.size()), one.at("num_tokens").as_integer());
    EXPECT_EQ(merges_of(pairs), one.at("merges"));
    const Tokenizer tokenizer = Tokenizer::from_json(tokenizer_json(pairs), "learned");
    for (std::size_t i = 0; i < one.at("texts").as_array().size(); ++i) {
      Json::Array ids;
      for (const TokenId id : tokenizer.encode(one.at("texts").as_array()[i].as_string())) ids.emplace_back(id);
      EXPECT_EQ(Json(ids), one.at("ids").as_array()[i]);
    }
  }
}

TEST(BpeTrainerTest, TheMostFrequentPairComesFirstAndOfEqualsThatOfLowerBytes) {
  const BytePairs pairs = learn_byte_pairs({{"ab", 5}, {"cd", 7}, {"cx", 5}}, {.num_tokens = 300, .min_count = 5}, {});
  const auto id_of = [](char byte) { return static_cast<TokenId>(byte - '!'); };  // '!' is the first
  EXPECT_THAT(pairs.merges,
              ElementsAre(Pair(id_of('c'), id_of('d')), Pair(id_of('a'), id_of('b')), Pair(id_of('c'), id_of('x'))));
  EXPECT_EQ(pairs.tokens.size(), kNumBytes + 3) << "there is no other pair";
  EXPECT_EQ(pairs.num_tokens_of_words, 5 + 7 + 5);
}

TEST(BpeTrainerTest, EndsWhereItIsInterrupted) {
  int num_asked = 0;
  const Watcher watcher{.is_interrupted = [&] { return ++num_asked == 2; }};
  EXPECT_THROW(learn_byte_pairs({{"abcabc", 5}}, {.num_tokens = 300}, watcher), Interrupted);
}

}  // namespace
}  // namespace wedlm::train
