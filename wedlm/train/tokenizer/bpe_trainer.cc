#include "wedlm/train/tokenizer/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "wedlm/text/byte_level.h"

namespace wedlm::train {
namespace {

using Pair = std::uint64_t;  // left id << 32 | right id, so that pairs compare as their ids do

Pair pair_of(TokenId left, TokenId right) {
  return static_cast<Pair>(left) << 32 | static_cast<Pair>(right);
}

TokenId left_of(Pair pair) {
  return static_cast<TokenId>(pair >> 32);
}

TokenId right_of(Pair pair) {
  return static_cast<TokenId>(pair & 0xFFFFFFFF);
}

using Places = std::vector<std::uint32_t>;  // words, rising

void add_place(Places& places, std::uint32_t word) {
  if (places.empty() || places.back() != word) places.push_back(word);
}

/// A pair with the words in which it came to be, and its count at that time.
struct Candidate {
  std::int64_t count = 0;
  Pair pair = 0;
  Places places{};
};

/// Whether `a` comes after `b`.
bool comes_later(const Candidate& a, const Candidate& b) {
  return a.count != b.count ? a.count < b.count : a.pair > b.pair;
}

class Learner {
 public:
  Learner(const WordCounts& words, const BpeOptions& options) : options_(options) {
    std::array<TokenId, kNumBytes> id_of{};
    for (std::size_t i = 0; i < kNumBytes; ++i) {
      const char byte = byte_level_byte(i);
      id_of[static_cast<unsigned char>(byte)] = static_cast<TokenId>(i);
      result_.tokens.emplace_back(1, byte);
    }
    // In order, so that nothing depends on how a table of hashes is laid out.
    std::vector<const WordCounts::value_type*> sorted;
    sorted.reserve(words.size());
    for (const auto& word : words) sorted.push_back(&word);
    std::ranges::sort(sorted, {}, [](const auto* word) -> const std::string& { return word->first; });
    for (const auto* word : sorted) {
      auto& ids = words_.emplace_back();
      for (const char byte : word->first) ids.push_back(id_of[static_cast<unsigned char>(byte)]);
      counts_.push_back(word->second);
    }
  }

  BytePairs learn(const Watcher& watcher) {
    count_pairs();
    while (result_.tokens.size() < options_.num_tokens && !queue_.empty()) {
      if (watcher.is_interrupted()) throw Interrupted();
      Candidate next = pop();
      // Other merges may have taken some of its places since. There are never more: a new place has a new token.
      const std::int64_t count = pair_counts_.at(next.pair);
      if (count != next.count) {
        next.count = count;
        push(std::move(next));
        continue;
      }
      if (count < std::max<std::int64_t>(1, options_.min_count)) break;
      merge(next);
      watcher.progress({.title = "Learning tokens", .done = result_.tokens.size(), .total = options_.num_tokens});
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
      result_.num_tokens_of_words += counts_[i] * static_cast<std::int64_t>(words_[i].size());
    }
    return std::move(result_);
  }

 private:
  void count_pairs() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const auto& word = words_[i];
      for (std::size_t j = 0; j + 1 < word.size(); ++j) form(pair_of(word[j], word[j + 1]), i);
    }
    push_formed();
  }

  void form(Pair pair, std::size_t word) {
    pair_counts_[pair] += counts_[word];
    add_place(formed_[pair], static_cast<std::uint32_t>(word));
  }

  void push_formed() {
    for (auto& [pair, places] : formed_) {
      push({.count = pair_counts_.at(pair), .pair = pair, .places = std::move(places)});
    }
    formed_.clear();
  }

  void push(Candidate candidate) {
    queue_.push_back(std::move(candidate));
    std::ranges::push_heap(queue_, comes_later);
  }

  Candidate pop() {
    std::ranges::pop_heap(queue_, comes_later);
    Candidate first = std::move(queue_.back());
    queue_.pop_back();
    return first;
  }

  void merge(const Candidate& chosen) {
    const TokenId left = left_of(chosen.pair), right = right_of(chosen.pair);
    // These bytes are no token yet: between two borders of tokens the same bytes are cut alike in every word.
    const auto merged = static_cast<TokenId>(result_.tokens.size());
    result_.tokens.push_back(result_.tokens[static_cast<std::size_t>(left)] +
                             result_.tokens[static_cast<std::size_t>(right)]);
    result_.merges.emplace_back(left, right);
    for (const std::uint32_t word : chosen.places) merge_in(word, left, right, merged);
    push_formed();
  }

  /// Neighbours before it are merged already, and those after it are not. The count of the pair itself stays.
  void merge_in(std::size_t place, TokenId left, TokenId right, TokenId merged) {
    auto& word = words_[place];
    std::size_t length = 0;
    for (std::size_t i = 0; i < word.size();) {
      if (i + 1 == word.size() || word[i] != left || word[i + 1] != right) {
        word[length++] = word[i++];
        continue;
      }
      if (length > 0) {
        pair_counts_[pair_of(word[length - 1], left)] -= counts_[place];
        form(pair_of(word[length - 1], merged), place);
      }
      if (i + 2 < word.size()) {
        pair_counts_[pair_of(right, word[i + 2])] -= counts_[place];
        form(pair_of(merged, word[i + 2]), place);
      }
      word[length++] = merged;
      i += 2;
    }
    word.resize(length);
  }

  BpeOptions options_;
  BytePairs result_;
  std::vector<std::vector<TokenId>> words_;
  std::vector<std::int64_t> counts_;  // of each word
  std::unordered_map<Pair, std::int64_t> pair_counts_;
  std::unordered_map<Pair, Places> formed_;  // since candidates were last queued
  std::vector<Candidate> queue_;             // a heap
};

}  // namespace

BytePairs learn_byte_pairs(const WordCounts& words, const BpeOptions& options, const Watcher& watcher) {
  return Learner(words, options).learn(watcher);
}

}  // namespace wedlm::train
