// A text whose keys and values are kept, and what the model says about it and about rows after it: for whoever compares
// or adds up numbers, without an engine. Pages are float32, as others keep keys and values in the precision they
// compute in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wedlm/engine/loaded_model.h"
#include "wedlm/model/batch.h"
#include "wedlm/model/kv_cache.h"

namespace wedlm {

enum class TextRows { kAll, kLast };

class CachedText {
 public:
  /// Runs the text, which sees itself from left to right, and keeps the logits of all of its rows or of the last. At
  /// most `room` rows follow it. Throws InvalidInput for a text that is empty, longer than the model's context, or has
  /// ids outside the vocabulary.
  CachedText(const LoadedModel& model, const std::vector<TokenId>& token_ids, TextRows rows, std::int64_t room = 0);

  std::int64_t num_tokens() const { return num_tokens_; }
  const std::vector<float>& logits() const { return logits_; }  // [rows, vocab_size]
  std::vector<float> take_logits() { return std::move(logits_); }

  /// The logits of rows that follow the text and are not kept: each sees the text and the rows before it.
  ///                                                                       [token_ids, vocab_size]
  std::vector<float> logits_after(const std::vector<TokenId>& token_ids, const std::vector<std::int32_t>& positions);
  /// Those of several continuations in one forward, which do not see each other, each at the positions after the text.
  ///                                                                       [tokens of all, vocab_size]
  std::vector<float> logits_after(std::span<const std::vector<TokenId>> continuations);

 private:
  const LoadedModel& model_;
  std::int64_t num_tokens_;
  KvCache cache_;  // one page
  std::vector<float> logits_;
};

}  // namespace wedlm
