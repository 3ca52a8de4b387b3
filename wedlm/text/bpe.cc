#include "wedlm/text/bpe.h"

#include <array>
#include <bit>
#include <queue>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::size_t kShortWordBytes = 64;
constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

bool occurs_in_utf8(int byte) {
  return byte != 0xC0 && byte != 0xC1 && byte < 0xF5;
}

}  // namespace

BpeModel::BpeModel(const Vocabulary& vocabulary, const std::vector<Merge>& merges, WholeWords whole_words)
    : vocabulary_(&vocabulary), whole_words_(whole_words), byte_ids_(256, kNoToken) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::optional<TokenId> id = vocabulary.find({&c, 1});
    if (!id.has_value() && occurs_in_utf8(byte)) {
      throw InvalidInput("the vocabulary has no token for byte " + std::to_string(byte) +
                         "; a byte-level vocabulary has one for each");
    }
    byte_ids_[static_cast<std::size_t>(byte)] = id.value_or(kNoToken);
  }
  const std::size_t num_slots = std::bit_ceil(merges.size() * 3 / 2 + 2);
  rules_.resize(num_slots);
  rule_shift_ = 64 - std::countr_zero(num_slots);
  for (std::size_t rank = 0; rank < merges.size(); ++rank) add_rule(static_cast<std::uint32_t>(rank), merges[rank]);
  reached_ = std::make_unique<std::atomic<unsigned char>[]>(vocabulary.num_ids());
}

const BpeModel::Rule* BpeModel::find_rule(TokenId left, TokenId right) const {
  const std::uint64_t pair = pair_of(left, right);
  std::size_t slot = (pair * 0x9E3779B97F4A7C15U) >> rule_shift_;
  while (rules_[slot].pair != pair) {
    if (rules_[slot].pair == kNoPair) return nullptr;
    slot = (slot + 1) & (rules_.size() - 1);
  }
  return &rules_[slot];
}

void BpeModel::add_rule(std::uint32_t rank, const Merge& merge) {
  const std::uint64_t pair = pair_of(merge.left, merge.right);
  std::size_t slot = (pair * 0x9E3779B97F4A7C15U) >> rule_shift_;
  while (rules_[slot].pair != kNoPair && rules_[slot].pair != pair) slot = (slot + 1) & (rules_.size() - 1);
  rules_[slot] = {pair, rank, merge.merged};
}

void BpeModel::encode(std::string_view word, std::vector<TokenId>* ids) const {
  if (word.size() <= vocabulary_->longest_token_bytes()) {
    if (const std::optional<TokenId> whole = vocabulary_->find(word)) {
      std::atomic<unsigned char>& reached = reached_[static_cast<std::size_t>(*whole)];
      const unsigned char known = reached.load(std::memory_order_relaxed);
      if (known == kYes || (whole_words_ == WholeWords::kFirst && known != kNo)) {
        ids->push_back(*whole);
        return;
      }
      const std::size_t before = ids->size();
      merge_word(word, ids);
      if (known == kUnknown) {
        const bool arrived = ids->size() == before + 1 && ids->back() == *whole;
        reached.store(arrived ? kYes : kNo, std::memory_order_relaxed);
      }
      return;
    }
  }
  merge_word(word, ids);
}

void BpeModel::merge_word(std::string_view word, std::vector<TokenId>* ids) const {
  if (word.size() <= kShortWordBytes) {
    merge_short_word(word, ids);
  } else {
    merge_long_word(word, ids);
  }
}

void BpeModel::merge_short_word(std::string_view word, std::vector<TokenId>* ids) const {
  std::array<TokenId, kShortWordBytes> symbols;
  std::array<std::uint32_t, kShortWordBytes> ranks;  // of the pair (i, i + 1)
  std::array<TokenId, kShortWordBytes> merged;
  std::size_t n = word.size();
  const auto look_up = [&](std::size_t i) {
    const Rule* rule = i + 1 < n ? find_rule(symbols[i], symbols[i + 1]) : nullptr;
    ranks[i] = rule != nullptr ? rule->rank : kNoRank;
    merged[i] = rule != nullptr ? rule->merged : kNoToken;
  };
  for (std::size_t i = 0; i < n; ++i) symbols[i] = byte_ids_[static_cast<unsigned char>(word[i])];
  for (std::size_t i = 0; i < n; ++i) look_up(i);
  while (n > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < n; ++i) {
      if (ranks[i] < ranks[best]) best = i;
    }
    if (ranks[best] == kNoRank) break;
    symbols[best] = merged[best];
    for (std::size_t i = best + 1; i + 1 < n; ++i) {
      symbols[i] = symbols[i + 1];
      ranks[i] = ranks[i + 1];
      merged[i] = merged[i + 1];
    }
    --n;
    look_up(best);
    if (best > 0) look_up(best - 1);
  }
  ids->insert(ids->end(), symbols.begin(), symbols.begin() + static_cast<std::ptrdiff_t>(n));
}

void BpeModel::merge_long_word(std::string_view word, std::vector<TokenId>* ids) const {
  // A doubly linked list of symbols and a heap of the pairs that could be merged. A merge leaves the heap's entries
  // about its neighbours after; they are recognised as stale when they come up, because the pair there is another.
  struct Symbol {
    TokenId id;
    std::uint32_t previous;
    std::uint32_t next;
  };
  struct Candidate {
    std::uint32_t rank;
    std::uint32_t left;
    bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : left > other.left; }
  };
  if (word.size() >= kNoRank) throw InvalidInput("a word of 4 GiB or more cannot be encoded");
  const auto n = static_cast<std::uint32_t>(word.size());
  std::vector<Symbol> symbols(n);
  std::vector<Candidate> storage;
  storage.reserve(n);
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> heap(std::greater<>(), std::move(storage));
  const auto rule_at = [&](std::uint32_t left) -> const Rule* {
    const Symbol& symbol = symbols[left];
    if (symbol.id == kNoToken || symbol.next == n) return nullptr;
    return find_rule(symbol.id, symbols[symbol.next].id);
  };
  const auto consider = [&](std::uint32_t left) {
    if (const Rule* rule = rule_at(left)) heap.push({rule->rank, left});
  };
  for (std::uint32_t i = 0; i < n; ++i) symbols[i] = {byte_ids_[static_cast<unsigned char>(word[i])], i - 1, i + 1};
  for (std::uint32_t i = 0; i < n; ++i) consider(i);
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    const Rule* rule = rule_at(best.left);
    if (rule == nullptr || rule->rank != best.rank) continue;
    Symbol& left = symbols[best.left];
    Symbol& right = symbols[left.next];
    left.id = rule->merged;
    left.next = right.next;
    right.id = kNoToken;
    if (left.next != n) symbols[left.next].previous = best.left;
    consider(best.left);
    if (best.left > 0) consider(left.previous);
  }
  for (std::uint32_t i = 0; i < n; i = symbols[i].next) ids->push_back(symbols[i].id);
}

}  // namespace wedlm
