#include "wedlm/eval/continuation_scores.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/eval/cached_text.h"

namespace wedlm {
namespace {

constexpr std::int64_t kMaxRows = 512;  // of continuations in one forward, unless one alone has more

using Continuation = std::vector<TokenId>;

void check(const LoadedModel& model, std::int64_t prompt_length, const Continuation& continuation) {
  const ModelConfig& config = model.config();
  if (continuation.empty()) throw InvalidInput("a continuation is empty: give at least one token");
  const std::int64_t length = prompt_length + std::ssize(continuation);
  if (length > config.max_length()) {
    throw InvalidInput("prompt and continuation have " + std::to_string(length) +
                       " tokens together; the model's context has " + std::to_string(config.max_length()));
  }
  config.check_vocabulary("the continuation's token", continuation);
}

/// `row` says what follows it.                                                                     row [vocab_size]
void add_token(std::span<const float> row, TokenId token, ContinuationScore& score) {
  const float max = *std::ranges::max_element(row);
  double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<double>(logit) - static_cast<double>(max));
  const float logit = row[static_cast<std::size_t>(token)];
  score.log_probs.push_back(static_cast<float>(static_cast<double>(logit) - static_cast<double>(max) - std::log(sum)));
  score.is_greedy = score.is_greedy && logit == max;
}

/// All of a continuation but its last token: nobody asks what follows that.
Continuation rows_of(const Continuation& continuation) {
  return {continuation.begin(), continuation.end() - 1};
}

}  // namespace

std::vector<ContinuationScore> score_continuations(const LoadedModel& model, const std::vector<TokenId>& prompt,
                                                   const std::vector<Continuation>& continuations) {
  const auto vocab_size = static_cast<std::size_t>(model.config().vocab_size);
  std::int64_t room = 0;
  for (const Continuation& continuation : continuations) {
    check(model, std::ssize(prompt), continuation);
    room = std::max<std::int64_t>(room, std::ssize(continuation));
  }
  if (continuations.empty()) return {};
  CachedText text(model, prompt, TextRows::kLast, room);
  std::vector<ContinuationScore> scores(continuations.size());
  for (std::size_t first = 0; first < continuations.size();) {
    std::vector<Continuation> rows;
    std::int64_t num_rows = 0;
    std::size_t end = first;
    while (end < continuations.size() && (end == first || num_rows + std::ssize(continuations[end]) <= kMaxRows)) {
      rows.push_back(rows_of(continuations[end]));
      num_rows += std::ssize(rows.back());
      ++end;
    }
    const std::vector<float> logits = text.logits_after(rows);
    std::span<const float> left(logits);
    for (; first < end; ++first) {
      add_token(text.logits(), continuations[first][0], scores[first]);
      for (std::size_t i = 1; i < continuations[first].size(); ++i) {
        add_token(left.first(vocab_size), continuations[first][i], scores[first]);
        left = left.subspan(vocab_size);
      }
    }
  }
  return scores;
}

}  // namespace wedlm
