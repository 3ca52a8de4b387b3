#include "wedlm/decode/logit_adjuster.h"

#include <algorithm>
#include <limits>

namespace wedlm {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

LogitAdjuster::LogitAdjuster(const AdjustmentRules& rules, std::span<const TokenId> prompt) : rules_(rules) {
  for (const auto& [token, bias] : rules_.logit_bias) entry_of(token, entries_).bias = bias;
  for (const TokenId token : rules_.suppress_tokens) entry_of(token, entries_).bias = kNever;
  if (!rules_.look_at_text()) return;
  for (const TokenId token : prompt) entry_of(token, entries_).is_in_text = true;
}

void LogitAdjuster::add(TokenId token) {
  if (!rules_.look_at_text()) return;
  Entry& entry = entry_of(token, entries_);
  entry.is_in_text = true;
  ++entry.count;
}

std::vector<LogitAdjustment> LogitAdjuster::of_row(std::span<const TokenId> known, std::span<const SeenGuess> guesses,
                                                   std::int32_t offset) const {
  if (!rules_.look_at_text()) return listed(entries_);
  Entries entries = entries_;
  for (const SeenGuess& guess : guesses) {
    Entry& entry = entry_of(guess.token, entries);
    entry.is_in_text = true;
    ++entry.count;
  }
  if (rules_.no_repeat_ngram_size > 0) ban_repeats(known, guesses, offset, entries);
  return listed(entries);
}

void LogitAdjuster::ban_repeats(std::span<const TokenId> known, std::span<const SeenGuess> guesses, std::int32_t offset,
                                Entries& entries) const {
  std::vector<TokenId> text(known.begin(), known.end());
  text.resize(known.size() + static_cast<std::size_t>(offset), kNoToken);
  for (const SeenGuess& guess : guesses) {
    if (guess.offset < offset) text[known.size() + static_cast<std::size_t>(guess.offset)] = guess.token;
  }
  const auto before = static_cast<std::ptrdiff_t>(rules_.no_repeat_ngram_size) - 1;
  if (std::ssize(text) < before) return;
  const std::span<const TokenId> last = std::span(text).last(static_cast<std::size_t>(before));
  if (std::ranges::find(last, kNoToken) != last.end()) return;  // nobody knows yet what would be repeated
  for (auto run = text.begin(); text.end() - run > before; ++run) {
    const TokenId next = run[before];
    if (next != kNoToken && std::equal(last.begin(), last.end(), run)) entry_of(next, entries).bias = kNever;
  }
}

std::vector<LogitAdjustment> LogitAdjuster::listed(const Entries& entries) const {
  std::vector<LogitAdjustment> adjustments;
  for (const Entry& entry : entries) {
    LogitAdjustment one{.token = entry.token, .bias = entry.bias};
    if (entry.is_in_text) one.divisor = rules_.repetition_penalty;
    if (entry.count > 0) {
      one.penalty = static_cast<float>(entry.count) * rules_.frequency_penalty + rules_.presence_penalty;
    }
    if (one != LogitAdjustment{.token = entry.token}) adjustments.push_back(one);
  }
  return adjustments;
}

LogitAdjuster::Entry& LogitAdjuster::entry_of(TokenId token, Entries& entries) {
  const auto found = std::ranges::lower_bound(entries, token, {}, &Entry::token);
  if (found != entries.end() && found->token == token) return *found;
  return *entries.insert(found, {.token = token});
}

}  // namespace wedlm
