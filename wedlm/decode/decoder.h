// One sequence's decoding algorithm: which rows it adds to a forward after its known tokens, and what it makes of the
// answers. It knows no tensor, no cache and no batch; the engine computes the rows and stores what may be stored.
//
//   rows of one sequence in a forward:   [known tokens not yet cached] [rows() of the decoder]
//
// The known tokens that are not cached yet are the prompt's remainder, or the tokens committed by the step before. That
// is why a prompt, a decode step and a sequence that lost its pages are one and the same thing to the engine.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "wedlm/base/prediction.h"
#include "wedlm/decode/draft_statistics.h"
#include "wedlm/decode/sampling_params.h"
#include "wedlm/decode/token_score.h"
#include "wedlm/decode/window.h"

namespace wedlm {

struct WindowRow {
  enum class Kind : std::uint8_t {
    kToken,  // a guess that later rows look at
    kMask,   // an empty position: it predicts its own position
  };
  Kind kind = Kind::kMask;
  TokenId token = kNoToken;  // of a kToken row
  std::int32_t offset = 0;   // its position is the number of known tokens plus this
  bool wants_prediction = false;
  TokenId scored = kNoToken;  // the token whose probability the prediction is to tell
};

struct WindowRows {
  bool predict_after_known = false;       // the last known token's row is asked for the token that follows it ...
  TokenId scored_after_known = kNoToken;  // ... and for the probability of this one
  /// So many leading rows continue the known tokens one after the other. Their K/V is stored: it is final where the
  /// guess is accepted, and written over where not.
  int num_drafts = 0;
  std::vector<WindowRow> rows;
};

/// What the rows of the next forward are to respect.
struct RowRequest {
  std::span<const TokenId> known;                  // prompt and committed tokens
  int tokens_left = 1;                             // >= 1; so many more may be committed: rows past them are of no use
  int max_rows = std::numeric_limits<int>::max();  // of a decoder with row_values(); others have the rows they need
};

/// What a forward has decided.
struct Advance {
  std::vector<TokenId> tokens;     // that became known, in order
  std::vector<TokenScore> scores;  // one for each, by the row that decided: the mask that it was filled from, or the
                                   // next-token row that chose or verified it
  int num_cached = 0;              // the leading tokens whose K/V the forward has stored: accepted drafts
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Whether rows() ask the last known token's row for its successor. Such a row must be computed, cached or not.
  virtual bool predicts_after_known() const = 0;

  /// For a decoder that takes as many rows as pay: what the first, second, ... of them is expected to bring, in tokens;
  /// never increasing. Empty for a decoder whose rows are given.
  virtual std::span<const float> row_values(const RowRequest& /*request*/) { return {}; }

  /// The rows of the next forward. Calling it again without advance() gives the same rows for the same request.
  virtual WindowRows rows(const RowRequest& request) = 0;

  /// Takes the answers to the rows() given last, in their order (the last known row's first, if it was asked).
  virtual Advance advance(std::span<const Prediction> predictions) = 0;

  /// The window as it stands, to be shown; empty for a mode without one.
  virtual std::span<const Window::Position> window() const = 0;

  /// For each position of window() the entropy, in nats, that the forward found which looked at it last; NaN where none
  /// has, as of a draft that was looked up. To be shown.
  virtual std::span<const float> entropies() const { return {}; }

  /// The drafts that the last advance() refused, to be shown.
  virtual std::span<const TokenId> rejected() const { return {}; }
  /// Verified and accepted drafts by depth; nullptr for a mode without drafts.
  virtual const DraftCounts* draft_counts() const { return nullptr; }
};

/// The most rows that rows() can give under these parameters, and the fewest that the engine can bring it to.
int max_window_rows(const SamplingParams& params);
int min_window_rows(const SamplingParams& params);
/// The most tokens of one advance() that are not cached.
int max_pending_per_step(const SamplingParams& params);

/// `statistics` is what the sequences of an engine learn together; it must outlive the decoder. A request that
/// learns_alone() neither reads it nor adds to it.
std::unique_ptr<Decoder> make_decoder(const SamplingParams& params, DraftStatistics& statistics);

}  // namespace wedlm
