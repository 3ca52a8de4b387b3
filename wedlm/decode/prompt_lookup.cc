#include "wedlm/decode/prompt_lookup.h"

#include <algorithm>

namespace wedlm {
namespace {

constexpr int kMaxOccurrences = 8;
constexpr int kMaxMatch = 64;

std::uint64_t hash_of(TokenId a, TokenId b, TokenId c) {
  std::uint64_t hash = 0;
  for (const TokenId token : {a, b, c}) hash = (hash ^ static_cast<std::uint32_t>(token)) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 29);
}

}  // namespace

void PromptLookup::index(std::span<const TokenId> known) {
  for (std::size_t end = std::max<std::size_t>(previous_.size(), kMinMatch); end <= known.size(); ++end) {
    previous_.resize(end + 1, -1);
    const auto [it, is_new] =
        latest_.try_emplace(hash_of(known[end - 3], known[end - 2], known[end - 1]), static_cast<std::int64_t>(end));
    if (!is_new) {
      previous_[end] = it->second;
      it->second = static_cast<std::int64_t>(end);
    }
  }
}

PromptLookup::Continuation PromptLookup::find(std::span<const TokenId> known, std::span<const TokenId> drafts,
                                              int max_tokens) {
  index(known);
  const auto num_known = static_cast<std::int64_t>(known.size());
  const std::int64_t size = num_known + static_cast<std::int64_t>(drafts.size());
  const auto at = [&](std::int64_t i) {
    return i < num_known ? known[static_cast<std::size_t>(i)] : drafts[static_cast<std::size_t>(i - num_known)];
  };
  if (size < kMinMatch || max_tokens <= 0) return {};
  const auto found = latest_.find(hash_of(at(size - 3), at(size - 2), at(size - 1)));
  if (found == latest_.end()) return {};

  std::int64_t best_end = -1;
  int best_length = kMinMatch - 1;
  std::int64_t end = found->second;
  for (int i = 0; i < kMaxOccurrences && end >= 0; ++i, end = previous_[static_cast<std::size_t>(end)]) {
    if (end >= size) continue;  // the end itself
    int length = 0;
    while (length < kMaxMatch && end - length > 0 && at(end - 1 - length) == at(size - 1 - length)) ++length;
    if (length > best_length) {
      best_length = length;
      best_end = end;
    }
  }
  if (best_end < 0) return {};
  Continuation continuation{.match_length = best_length, .tokens = {}};
  for (int i = 0; i < max_tokens; ++i) {
    // A match that overlaps the end goes on into what it has itself made: a repeated pattern.
    const std::int64_t from = best_end + i;
    continuation.tokens.push_back(from < size ? at(from) : continuation.tokens[static_cast<std::size_t>(from - size)]);
  }
  return continuation;
}

}  // namespace wedlm
