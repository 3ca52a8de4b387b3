#include "wedlm/decode/draft_statistics.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <numeric>

namespace wedlm {
namespace {

// Upper ends of the bins; what is larger than all belongs to the last.
constexpr std::array kEntropyBins = {0.003F, 0.01F, 0.03F, 0.08F, 0.2F, 0.4F, 0.7F, 1.0F, 1.5F, 2.2F, 3.5F};
constexpr std::array kMatchBins = {2, 3, 4, 5, 6, 8, 10, 13, 17, 25, 50};
constexpr std::array kDepthBins = {1, 2, 3, 5, 8, 12, 20};

// A new cell weighs like so many drafts that were seen, and an old one forgets, so that it follows the text.
constexpr float kPriorWeight = 4;
constexpr float kMostSeen = 400;

// n tokens that occurred before are expected to go on as they did with n / (n + this).
constexpr float kMatchScale = 4;

constexpr float kInitialChance = 0.8F;
constexpr float kForgetting = 0.2F;  // of the rate at which it learns

template <class Value, std::size_t kSize>
std::size_t bin_of(Value value, const std::array<Value, kSize>& upper_ends) {
  return static_cast<std::size_t>(
      std::distance(upper_ends.begin(), std::lower_bound(upper_ends.begin(), upper_ends.end(), value)));
}

float prior_of(const Draft& draft) {
  if (draft.source == Draft::Source::kMask) return draft.probability;
  const auto length = static_cast<float>(draft.match_length);
  return length / (length + kMatchScale);
}

}  // namespace

void DraftCounts::add(int depth, bool is_accepted) {
  const auto index = static_cast<std::size_t>(depth - 1);
  if (verified.size() <= index) {
    verified.resize(index + 1);
    accepted.resize(index + 1);
  }
  ++verified[index];
  accepted[index] += is_accepted ? 1 : 0;
}

void DraftCounts::add(const DraftCounts& more) {
  const auto add_each = [](std::vector<std::int64_t>& counts, const std::vector<std::int64_t>& added) {
    counts.resize(std::max(counts.size(), added.size()));
    std::ranges::transform(added, counts, counts.begin(), std::plus{});
  };
  add_each(verified, more.verified);
  add_each(accepted, more.accepted);
  num_computed += more.num_computed;
}

std::int64_t DraftCounts::num_verified() const {
  return std::accumulate(verified.begin(), verified.end(), std::int64_t{0});
}

std::int64_t DraftCounts::num_accepted() const {
  return std::accumulate(accepted.begin(), accepted.end(), std::int64_t{0});
}

std::size_t DraftCalibration::cell_of(const Draft& draft) {
  static_assert(kEntropyBins.size() + 1 == kNumEntropyBins && kMatchBins.size() + 1 == kNumEntropyBins);
  static_assert(kDepthBins.size() + 1 == kNumDepthBins);
  const std::size_t certainty = draft.source == Draft::Source::kLookup ? bin_of(draft.match_length, kMatchBins)
                                                                       : bin_of(draft.entropy, kEntropyBins);
  return (static_cast<std::size_t>(draft.source) * kNumEntropyBins + certainty) * kNumDepthBins +
         bin_of(draft.depth, kDepthBins);
}

void DraftCalibration::judge(Draft& draft) const {
  const Cell& cell = cells_[cell_of(draft)];
  const float prior = kPriorWeight * prior_of(draft);
  draft.keep_chance = (cell.num_accepted + prior) / (cell.num_seen + kPriorWeight);
  draft.agree_chance = (cell.num_agreed + prior) / (cell.num_seen + kPriorWeight);
}

void DraftCalibration::observe(const Draft& draft, bool is_accepted, bool agrees) {
  Cell& cell = cells_[cell_of(draft)];
  if (cell.num_seen >= kMostSeen) {
    cell.num_seen /= 2;
    cell.num_accepted /= 2;
    cell.num_agreed /= 2;
  }
  cell.num_seen += 1;
  cell.num_accepted += is_accepted ? 1 : 0;
  cell.num_agreed += agrees ? 1 : 0;
}

AcceptanceProfile::Chances AcceptanceProfile::initial() {
  Chances chances;
  chances.fill(kInitialChance);
  return chances;
}

float AcceptanceProfile::product(const Chances& chances, int depth) {
  float chance = 1;
  for (int i = 0; i < std::min(depth, kMaxDrafts); ++i) chance *= chances[static_cast<std::size_t>(i)];
  return chance;
}

void AcceptanceProfile::observe(Chances& chances, int num_successes, int num_seen) {
  const int end = std::min(num_seen, kMaxDrafts);
  for (int i = 0; i < std::min(num_successes + 1, end); ++i) {
    float& chance = chances[static_cast<std::size_t>(i)];
    chance += rate_ * ((i < num_successes ? 1.0F : 0.0F) - chance);
  }
  // Depths that no row has looked at cannot fail: they are believed to be like the last one that was.
  if (num_successes < end || end == 0) return;
  for (int i = end; i < kMaxDrafts; ++i) {
    float& chance = chances[static_cast<std::size_t>(i)];
    chance += rate_ * (chances[static_cast<std::size_t>(end - 1)] - chance);
  }
}

void AcceptanceProfile::forget() {
  for (Chances* chances : {&accepted_, &proposed_}) {
    for (float& chance : *chances) chance += rate_ * kForgetting * (kInitialChance - chance);
  }
}

void AcceptanceProfile::observe_proposed(int num_proposed, int num_masks) {
  observe(proposed_, num_proposed, num_masks);
}

void AcceptanceProfile::observe_accepted(int num_accepted, int num_verified, int num_proposed, int num_masks) {
  // Drafts that were proposed and not looked at say nothing about their depth.
  const int num_seen = num_verified < num_proposed ? num_verified : num_masks;
  observe(accepted_, num_accepted, num_seen);
}

}  // namespace wedlm
