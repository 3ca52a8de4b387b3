// What the model says about a whole text at once, for whoever checks what the engine said step by step.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/model/kv_cache.h"
#include "wedlm/model/logits.h"

namespace wedlm {

/// One row for each of `tokens`, with all before it in view.
inline std::vector<std::vector<float>> text_logits(LoadedModel& model, const std::vector<TokenId>& tokens) {
  const auto rows = static_cast<std::int64_t>(tokens.size());
  const std::int64_t vocab_size = model.config().vocab_size;
  Batch batch{.token_ids = tokens};
  batch.positions.resize(tokens.size());
  std::iota(batch.positions.begin(), batch.positions.end(), 0);
  batch.prediction_rows = batch.positions;
  batch.slots.assign(tokens.size(), -1);
  batch.segments = {{.first_row = 0, .num_rows = rows, .prefix_length = 0, .block_table = {}}};
  batch.sampling.resize(tokens.size());
  KvCache cache(model.backend(), model.config(), 1, 1, EngineOptions().kv_cache_type);
  const std::vector<float> logits = compute_logits(model.transformer(), batch, cache).logits;
  std::vector<std::vector<float>> result;
  for (auto row = logits.begin(); row != logits.end(); row += vocab_size) result.emplace_back(row, row + vocab_size);
  return result;
}

/// The natural logarithms of the probabilities that they are.
inline std::vector<double> log_softmax(const std::vector<float>& logits) {
  std::vector<double> log_probs(logits.begin(), logits.end());
  const double max = *std::ranges::max_element(log_probs);
  double sum = 0;
  for (const double logit : log_probs) sum += std::exp(logit - max);
  for (double& logit : log_probs) logit -= max + std::log(sum);
  return log_probs;
}

}  // namespace wedlm
