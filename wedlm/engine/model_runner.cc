#include "wedlm/engine/model_runner.h"

#include <utility>

namespace wedlm {

ModelRunner::ModelRunner(const Transformer& transformer, KvCache& cache, TokenId mask_token_id, std::int64_t max_rows)
    : transformer_(transformer),
      cache_(cache),
      mask_token_id_(mask_token_id),
      activations_(transformer.backend(), transformer.config(), {.rows = max_rows, .predictions = max_rows}) {}

void ModelRunner::launch(const Step& step) {
  batch_.clear();
  prediction_ends_.clear();
  for (const ScheduledSequence& scheduled : step) {
    add_sequence(scheduled);
    prediction_ends_.push_back(batch_.prediction_rows.size());
  }
  launched_ = transformer_.launch(batch_, cache_, activations_);
}

std::vector<std::span<const Prediction>> ModelRunner::read() {
  predictions_.resize(prediction_ends_.back());
  LaunchedForward launched = *std::exchange(launched_, std::nullopt);
  launched.read(predictions_);

  std::vector<std::span<const Prediction>> answers;
  std::size_t first = 0;
  for (const std::size_t end : prediction_ends_) {
    answers.push_back(std::span(predictions_).subspan(first, end - first));
    first = end;
  }
  return answers;
}

void ModelRunner::add_sequence(const ScheduledSequence& scheduled) {
  const Sequence& sequence = *scheduled.sequence;
  const std::vector<BlockId>& blocks = sequence.block_table().blocks;
  const std::int64_t block_size = cache_.block_size();
  batch_.segments.push_back({.first_row = batch_.num_rows(),
                             .num_rows = scheduled.num_rows(),
                             .prefix_length = sequence.num_cached(),
                             .block_table = blocks});

  const auto slot_of = [&](std::int64_t position) {
    const std::int64_t page = blocks[static_cast<std::size_t>(position / block_size)];
    return static_cast<std::int32_t>(page * block_size + position % block_size);
  };
  for (std::int64_t i = 0; i < scheduled.num_known_rows; ++i) {
    const std::int64_t position = sequence.num_cached() + i;
    batch_.token_ids.push_back(sequence.tokens()[static_cast<std::size_t>(position)]);
    batch_.positions.push_back(static_cast<std::int32_t>(position));
    batch_.slots.push_back(slot_of(position));
  }
  if (!scheduled.has_window) return;

  const WindowRows& window = scheduled.window;
  guesses_.clear();
  if (window.predict_after_known) ask(sequence, 0, window.scored_after_known);
  for (std::size_t i = 0; i < window.rows.size(); ++i) {
    const WindowRow& row = window.rows[i];
    const bool is_mask = row.kind == WindowRow::Kind::kMask;
    const bool is_draft = i < static_cast<std::size_t>(window.num_drafts);
    const std::int64_t position = sequence.num_tokens() + row.offset;
    batch_.token_ids.push_back(is_mask ? mask_token_id_ : row.token);
    batch_.positions.push_back(static_cast<std::int32_t>(position));
    batch_.slots.push_back(is_draft ? slot_of(position) : -1);
    if (!is_mask) guesses_.push_back({.token = row.token, .offset = row.offset});
    // A mask predicts its own position, a token the one after it.
    if (row.wants_prediction) ask(sequence, is_mask ? row.offset : row.offset + 1, row.scored);
  }
}

void ModelRunner::ask(const Sequence& sequence, std::int32_t offset, TokenId scored) {
  batch_.prediction_rows.push_back(static_cast<std::int32_t>(batch_.num_rows() - 1));
  batch_.sampling.push_back(sequence.sampling_row(offset, guesses_));
  batch_.sampling.back().scored = scored;
}

}  // namespace wedlm
