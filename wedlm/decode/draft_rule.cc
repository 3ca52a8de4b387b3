#include "wedlm/decode/draft_rule.h"

#include <algorithm>
#include <cmath>

namespace wedlm {

DraftRule::DraftRule(const SamplingParams& params) : params_(params) {}

float DraftRule::chance_of(const Draft& draft) const {
  return params_.mode == DecodeMode::kGated ? draft.keep_chance : draft.agree_chance;
}

bool DraftRule::is_certain(const Draft& draft) const {
  const bool is_likely = chance_ * chance_of(draft) > params_.draft_threshold;
  if (params_.mode == DecodeMode::kExact || draft.source != Draft::Source::kMask) return is_likely;
  if (params_.agreement) return draft.agree_chance >= *params_.agreement;
  if (is_likely || !params_.entropy_threshold) return is_likely;
  const float adjusted = draft.entropy + params_.position_penalty * static_cast<float>(draft.depth);
  const float beside_largest = entropy_sum_ + draft.entropy - std::max(entropy_max_, draft.entropy);
  return adjusted < *params_.entropy_threshold && beside_largest <= params_.joint_entropy;
}

bool DraftRule::try_extend(const Draft& draft) {
  // The token that the next-token row chooses is one of those that a step fills.
  const bool is_capped = params_.max_per_step > 0 && num_drafts_ + 1 >= params_.max_per_step;
  if (is_capped || num_drafts_ >= kMaxDrafts || !is_certain(draft)) return false;
  ++num_drafts_;
  chance_ *= chance_of(draft);
  entropy_sum_ += draft.entropy;
  entropy_max_ = std::max(entropy_max_, draft.entropy);
  return true;
}

bool passes_gate(const Draft& draft, const Prediction& prediction, const SamplingParams& params) {
  if (prediction.sampled == draft.token) return true;
  const bool demands_equality = params.mode == DecodeMode::kExact || params.gate == Gate::kEquality;
  if (demands_equality || draft.source != Draft::Source::kMask) return false;
  const float least = std::min(params.gate_epsilon, params.gate_delta * std::exp(-prediction.drawn_entropy));
  return std::exp(prediction.drawn_log_prob) >= least;
}

}  // namespace wedlm
