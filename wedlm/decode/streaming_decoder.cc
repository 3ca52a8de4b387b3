#include "wedlm/decode/streaming_decoder.h"

#include <iterator>
#include <limits>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {

StreamingDecoder::StreamingDecoder(const SamplingParams& params)
    : window_size_(fixed_window(params).value()),
      refill_(params.refill),
      rule_{.entropy_threshold = params.entropy_threshold,
            .position_penalty = params.position_penalty,
            .max_per_step = params.max_per_step,
            .fallback = params.fallback} {}

WindowRows StreamingDecoder::rows(const RowRequest& request) {
  if (refill_ == WindowRefill::kSliding || window_.size() == 0) window_.refill(window_size_);
  scores_.resize(static_cast<std::size_t>(window_.size()));
  entropies_.resize(static_cast<std::size_t>(window_.size()), std::numeric_limits<float>::quiet_NaN());
  WindowRows result;
  asked_.clear();
  const auto positions = window_.positions();
  for (int i = 0; i < window_.size(); ++i) {
    if (const Window::Position& it = positions[static_cast<std::size_t>(i)]; it.filled) {
      result.rows.push_back({.kind = WindowRow::Kind::kToken, .token = it.token, .offset = i});
    }
  }
  for (int i = 0; i < window_.size(); ++i) {
    if (positions[static_cast<std::size_t>(i)].filled) continue;
    if (!is_worth_computing(i, request.tokens_left)) break;
    result.rows.push_back({.kind = WindowRow::Kind::kMask, .offset = i, .wants_prediction = true});
    asked_.push_back(i);
  }
  return result;
}

bool StreamingDecoder::is_worth_computing(int index, int tokens_left) const {
  // With the argmin fallback any position may be the one that is filled, and a fill past the last token changes what
  // the rows before it see: the original computes them all, and so its token ids are only had by computing them all.
  if (rule_.fallback == Fallback::kArgmin) return true;
  if (index >= tokens_left) return false;
  // Counted from the first empty position, which is the window's first: what was filled before it has become text.
  const auto limit = unreachable_distance(rule_);
  return !limit || index < *limit;
}

Advance StreamingDecoder::advance(std::span<const Prediction> predictions) {
  if (predictions.size() != asked_.size()) {
    throw InternalError("StreamingDecoder: expected " + std::to_string(asked_.size()) + " predictions, got " +
                        std::to_string(predictions.size()));
  }
  std::vector<Candidate> candidates;
  candidates.reserve(predictions.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    candidates.push_back({.index = asked_[i], .entropy = predictions[i].entropy});
    entropies_[static_cast<std::size_t>(asked_[i])] = predictions[i].entropy;
  }
  for (const int i : select_candidates(candidates, rule_)) {
    const Prediction& prediction = predictions[static_cast<std::size_t>(i)];
    const int index = asked_[static_cast<std::size_t>(i)];
    window_.fill(index, prediction.sampled);
    scores_[static_cast<std::size_t>(index)] = score_of(prediction, prediction.sampled_log_prob);
  }
  asked_.clear();
  Advance advance{.tokens = window_.take_leading_run()};
  const auto end = scores_.begin() + std::ssize(advance.tokens);
  advance.scores.assign(std::make_move_iterator(scores_.begin()), std::make_move_iterator(end));
  scores_.erase(scores_.begin(), end);
  entropies_.erase(entropies_.begin(), entropies_.begin() + std::ssize(advance.tokens));
  return advance;
}

}  // namespace wedlm
