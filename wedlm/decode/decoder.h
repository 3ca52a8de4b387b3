// One sequence's decoding algorithm: which rows it adds to a forward behind its known tokens, and what it makes of the
// answers. It knows no tensor, no cache and no batch; the engine computes the rows and stores what may be stored.
//
//   rows of one sequence in a forward:   [known tokens not yet cached] [rows() of the decoder]
//
// The known tokens that are not cached yet are the prompt's remainder, or the tokens committed by the step before. That
// is why a prompt, a decode step and a sequence that lost its pages are one and the same thing to the engine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wedlm/base/prediction.h"
#include "wedlm/decode/sampling_params.h"
#include "wedlm/decode/window.h"

namespace wedlm {

struct WindowRow {
  enum class Kind : std::uint8_t {
    kToken,  // a guess that later rows look at
    kMask,   // an empty slot: it predicts its own position
  };
  Kind kind = Kind::kMask;
  TokenId token = kNoToken;  // of a kToken row
  std::int32_t offset = 0;   // its position is the number of known tokens plus this
  bool wants_prediction = false;
};

struct WindowRows {
  bool predict_after_known = false;  // the last known token's row is asked for the token that follows it
  std::vector<WindowRow> rows;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// The rows of the next forward. `tokens_left` (>= 1) more tokens may be committed: rows past them are of no use.
  /// Calling it again without advance() gives the same rows.
  virtual WindowRows rows(int tokens_left) = 0;

  /// Takes the answers to the rows() given last, in their order (the last known row's first, if it was asked), and
  /// returns the tokens that became known, in order; possibly none.
  virtual std::vector<TokenId> advance(std::span<const Prediction> predictions) = 0;

  /// The window as it stands, to be shown; empty for a mode without one.
  virtual std::span<const Window::Slot> slots() const = 0;
};

/// The most rows that rows() can give under these parameters, and the most tokens that advance() can return.
int max_window_rows(const SamplingParams& params);
int max_committed_per_step(const SamplingParams& params);

std::unique_ptr<Decoder> make_decoder(const SamplingParams& params);

}  // namespace wedlm
