#include "wedlm/eval/cached_text.h"

#include <string>
#include <string_view>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/model/logits.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

/// The length of a text that the model can read.
std::int64_t checked_length(const ModelConfig& config, const std::vector<TokenId>& token_ids) {
  const std::int64_t length = std::ssize(token_ids);
  if (length == 0) throw InvalidInput("the text is empty: give at least one token");
  if (length > config.max_length()) {
    throw InvalidInput("the text has " + std::to_string(length) + " tokens; the model's context has " +
                       std::to_string(config.max_length()));
  }
  return length;
}

constexpr std::string_view kToken = "the text's token";

void append(Batch& batch, const Batch& next) {
  const auto first_row = static_cast<std::int32_t>(batch.num_rows());
  const auto add = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  add(batch.token_ids, next.token_ids);
  add(batch.positions, next.positions);
  add(batch.slots, next.slots);
  add(batch.sampling, next.sampling);
  for (const std::int32_t row : next.prediction_rows) batch.prediction_rows.push_back(first_row + row);
  for (Segment segment : next.segments) {
    segment.first_row += first_row;
    batch.segments.push_back(std::move(segment));
  }
}

}  // namespace

CachedText::CachedText(const LoadedModel& model, const std::vector<TokenId>& token_ids, TextRows rows,
                       std::int64_t room)
    : model_(model),
      num_tokens_(checked_length(model.config(), token_ids)),
      cache_(model.backend(), model.config(), 1, num_tokens_, DType::kF32, num_tokens_ + room) {
  model.config().check_vocabulary(kToken, token_ids);
  Batch batch = window_batch(token_ids, 0, num_tokens_);
  batch.slots = batch.positions;
  if (rows == TextRows::kLast) {
    batch.prediction_rows = {static_cast<std::int32_t>(num_tokens_ - 1)};
    batch.sampling.resize(1);
  }
  logits_ = compute_logits(model.transformer(), batch, cache_).logits;
}

std::vector<float> CachedText::logits_after(const std::vector<TokenId>& token_ids,
                                            const std::vector<std::int32_t>& positions) {
  model_.config().check_vocabulary(kToken, token_ids);
  Batch batch = window_batch(token_ids, num_tokens_, num_tokens_);
  batch.positions = positions;
  return compute_logits(model_.transformer(), batch, cache_).logits;
}

std::vector<float> CachedText::logits_after(std::span<const std::vector<TokenId>> continuations) {
  Batch batch;
  for (const std::vector<TokenId>& continuation : continuations) {
    if (continuation.empty()) continue;
    model_.config().check_vocabulary(kToken, continuation);
    append(batch, window_batch(continuation, num_tokens_, num_tokens_));
  }
  if (batch.num_rows() == 0) return {};
  return compute_logits(model_.transformer(), batch, cache_).logits;
}

}  // namespace wedlm
