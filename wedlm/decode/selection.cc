#include "wedlm/decode/selection.h"

namespace wedlm {

std::vector<int> select_candidates(std::span<const Candidate> candidates, const SelectionRule& rule) {
  std::vector<int> selected;
  if (candidates.empty()) return selected;
  int best = 0;
  float best_adjusted = 0;
  for (int i = 0; i < static_cast<int>(candidates.size()); ++i) {
    const Candidate& candidate = candidates[static_cast<std::size_t>(i)];
    const auto distance = static_cast<float>(candidate.index - candidates[0].index);
    const float adjusted = candidate.entropy + rule.position_penalty * distance;
    if (i == 0 || adjusted < best_adjusted) {
      best = i;
      best_adjusted = adjusted;
    }
    if (rule.entropy_threshold && adjusted < *rule.entropy_threshold) selected.push_back(i);
  }
  if (selected.empty()) selected.push_back(rule.fallback == Fallback::kArgmin ? best : 0);
  const auto cap = static_cast<std::size_t>(rule.max_per_step);
  if (cap > 0 && selected.size() > cap) selected.resize(cap);
  return selected;
}

std::optional<int> unreachable_distance(const SelectionRule& rule) {
  if (rule.fallback == Fallback::kArgmin) return std::nullopt;
  if (!rule.entropy_threshold) return 1;
  if (rule.position_penalty <= 0) return std::nullopt;
  // Entropies are never negative, so the penalty alone decides. Counted up and not divided, because rounding must not
  // exclude a position that the comparison above would have selected.
  int distance = 1;
  while (distance < kMaxWindowSize && rule.position_penalty * static_cast<float>(distance) < *rule.entropy_threshold) {
    ++distance;
  }
  return distance;
}

}  // namespace wedlm
