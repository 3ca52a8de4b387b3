// Which empty positions are certain enough to be filled (WeDLM, the entropy rule with a penalty for distance).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "wedlm/decode/sampling_params.h"

namespace wedlm {

/// An empty position that was computed, in ascending order of `index`.
struct Candidate {
  int index = 0;      // in the window
  float entropy = 0;  // nats, before temperature and filters
};

struct SelectionRule {
  std::optional<float> entropy_threshold;
  float position_penalty = 0;
  int max_per_step = 0;  // 0: no cap
  Fallback fallback = Fallback::kArgmin;
};

/// Indices into `candidates`, ascending. The adjusted entropy of a candidate is its entropy plus the penalty for each
/// position of distance from the first candidate, which is the leftmost empty one; all below the threshold are
/// selected, of these the leftmost up to the cap. Where none is, or without a threshold, the fallback selects one.
/// Empty for no candidates.
std::vector<int> select_candidates(std::span<const Candidate> candidates, const SelectionRule& rule);

/// Positions at this distance from the leftmost empty one, or further, cannot be selected whatever their entropy,
/// except by the argmin fallback; nullopt where there is no such distance.
std::optional<int> unreachable_distance(const SelectionRule& rule);

}  // namespace wedlm
