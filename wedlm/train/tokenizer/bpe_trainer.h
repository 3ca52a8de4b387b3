// Learns byte-pair encoding (Sennrich et al. 2016) over bytes from words and how often they occur: again and again the
// two tokens that most often stand side by side become one. It does so as BpeTrainer of Hugging Face's tokenizers,
// merge for merge; of pairs that are equally frequent that of the lower ids comes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "wedlm/base/token_id.h"
#include "wedlm/base/watcher.h"
#include "wedlm/train/tokenizer/word_counts.h"

namespace wedlm::train {

constexpr std::size_t kNumBytes = 256;

struct BpeOptions {
  std::size_t num_tokens = 32'768;  // at least kNumBytes, with which the vocabulary begins
  std::int64_t min_count = 2;       // of a pair that becomes a token
};

struct BytePairs {
  std::vector<std::string> tokens{};                  // as bytes, by id; the first ones in order of byte_level_byte()
  std::vector<std::pair<TokenId, TokenId>> merges{};  // by rank
  std::int64_t num_tokens_of_words = 0;               // that all words came to
};

/// Fewer tokens than asked for where no pair is frequent enough. Throws Interrupted.
BytePairs learn_byte_pairs(const WordCounts& words, const BpeOptions& options, const Watcher& watcher);

}  // namespace wedlm::train
