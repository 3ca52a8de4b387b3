// One token a forward, from the next-token row of the last known token: the baseline of every speed-up. It has no
// window and no state.
#pragma once

#include "wedlm/decode/decoder.h"

namespace wedlm {

class AutoregressiveDecoder final : public Decoder {
 public:
  WindowRows rows(int tokens_left) override;
  std::vector<TokenId> advance(std::span<const Prediction> predictions) override;
  std::span<const Window::Slot> slots() const override { return {}; }
};

}  // namespace wedlm
