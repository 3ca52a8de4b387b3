#include "wedlm/decode/streaming_decoder.h"

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
  WindowRows result;
  asked_slots_.clear();
  const auto slots = window_.slots();
  for (int slot = 0; slot < window_.size(); ++slot) {
    if (const Window::Slot& it = slots[static_cast<std::size_t>(slot)]; it.filled) {
      result.rows.push_back({.kind = WindowRow::Kind::kToken, .token = it.token, .offset = slot});
    }
  }
  for (int slot = 0; slot < window_.size(); ++slot) {
    if (slots[static_cast<std::size_t>(slot)].filled) continue;
    const int first_empty = asked_slots_.empty() ? slot : asked_slots_.front();
    if (!is_worth_computing(slot, first_empty, request.tokens_left)) break;
    result.rows.push_back({.kind = WindowRow::Kind::kMask, .offset = slot, .wants_prediction = true});
    asked_slots_.push_back(slot);
  }
  return result;
}

bool StreamingDecoder::is_worth_computing(int slot, int first_empty, int tokens_left) const {
  // With the argmin fallback any slot may be the one that is filled, and a fill past the last token changes what the
  // rows before it see: the original computes them all, and so its token ids are only had by computing them all.
  if (rule_.fallback == Fallback::kArgmin || slot == first_empty) return true;
  if (slot >= tokens_left) return false;
  const auto limit = unreachable_distance(rule_);
  return !limit || slot - first_empty < *limit;
}

Advance StreamingDecoder::advance(std::span<const Prediction> predictions) {
  if (predictions.size() != asked_slots_.size()) {
    throw InternalError("StreamingDecoder: expected " + std::to_string(asked_slots_.size()) + " predictions, got " +
                        std::to_string(predictions.size()));
  }
  std::vector<Candidate> candidates;
  candidates.reserve(predictions.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    candidates.push_back({.slot = asked_slots_[i], .entropy = predictions[i].entropy});
  }
  for (const int i : select_candidates(candidates, rule_)) {
    const auto index = static_cast<std::size_t>(i);
    window_.fill(candidates[index].slot, predictions[index].sampled);
  }
  asked_slots_.clear();
  return {.tokens = window_.take_leading_run()};
}

}  // namespace wedlm
