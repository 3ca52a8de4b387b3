// What verification has taught about drafts: how often a guess of this certainty was the model's own choice, and how
// far a run of guesses is kept. The first is calibration (a mask's probability is not that of being right), the second
// says what one more row is worth. One object serves all sequences of an engine; each sequence also follows itself.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

/// The longest run of drafts, and the most rows that an automatic window takes.
inline constexpr int kMaxDrafts = 64;
inline constexpr int kMaxAutoWindow = kMaxDrafts;

/// A guess for one position after the known tokens, and what speaks for it.
struct Draft {
  enum class Source : std::uint8_t {
    kMask,    // predicted by a mask
    kLookup,  // what followed when the same tokens occurred before
  };
  TokenId token = kNoToken;
  Source source = Source::kMask;
  int depth = 1;           // the first draft after the known tokens has 1
  float entropy = 0;       // nats, of the row that predicted it
  float probability = 0;   // of the token in that row
  int match_length = 0;    // kLookup: tokens before it that occurred before, too
  float keep_chance = 0;   // calibrated: that it is accepted if all before it are
  float agree_chance = 0;  // calibrated: that it is the next-token row's own choice if all before it are
};

/// Verified and accepted drafts by depth; index 0 is depth 1. Behind a refused draft none is verified.
struct DraftCounts {
  std::vector<std::int64_t> verified;
  std::vector<std::int64_t> accepted;
  std::int64_t num_computed = 0;  // that had a row, also those behind a refused one

  void add(int depth, bool is_accepted);
  void add(const DraftCounts& more);
  std::int64_t num_verified() const;
  std::int64_t num_accepted() const;
};

/// Frequencies of acceptance in cells of (source, entropy or match length, depth), each beginning as if a few drafts
/// had been seen that were right as often as their row said.
class DraftCalibration {
 public:
  /// Sets the chances of the draft.
  void judge(Draft& draft) const;
  /// The draft was verified after known tokens only.
  void observe(const Draft& draft, bool is_accepted, bool agrees);

 private:
  struct Cell {
    float num_seen = 0, num_accepted = 0, num_agreed = 0;
  };
  static constexpr std::size_t kNumSources = 2, kNumEntropyBins = 12, kNumDepthBins = 8;
  static std::size_t cell_of(const Draft& draft);

  std::array<Cell, kNumSources * kNumEntropyBins * kNumDepthBins> cells_{};
};

/// How a window's masks pay off, by depth: moving averages.
class AcceptanceProfile {
 public:
  explicit AcceptanceProfile(float rate) : rate_(rate) {}

  /// How fast it follows what it sees: the weight of one window.
  void set_rate(float rate) { rate_ = rate; }

  /// Drafts expected to be accepted at this depth and to be proposed at it, each as a share of windows with so many
  /// masks; neither increases with depth.
  float accepted(int depth) const { return product(accepted_, depth); }
  float proposed(int depth) const { return product(proposed_, depth); }

  /// No window was looked at: what was learned fades, so that windows are tried again.
  void forget();
  /// A window of `num_masks` masks that could propose, of which the first `num_proposed` did.
  void observe_proposed(int num_proposed, int num_masks);
  /// Of its drafts the first `num_accepted` were accepted and `num_verified` were looked at; where all proposed ones
  /// were accepted and `num_masks` is larger, the next one is a failure: the mask did not propose.
  void observe_accepted(int num_accepted, int num_verified, int num_proposed, int num_masks);

 private:
  // Chances given that the depth before succeeded.
  using Chances = std::array<float, kMaxDrafts>;
  static Chances initial();
  static float product(const Chances& chances, int depth);
  void observe(Chances& chances, int num_successes, int num_seen);

  float rate_;
  Chances accepted_ = initial();
  Chances proposed_ = initial();
};

struct DraftStatistics {
  DraftCalibration calibration;
  AcceptanceProfile profile{0.02F};
};

}  // namespace wedlm
