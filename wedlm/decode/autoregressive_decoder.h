// One token a forward, from the next-token row of the last known token: the baseline of every speed-up. It has no
// window and no state.
#pragma once

#include "wedlm/decode/decoder.h"

namespace wedlm {

class AutoregressiveDecoder final : public Decoder {
 public:
  bool predicts_after_known() const override { return true; }
  WindowRows rows(const RowRequest& request) override;
  Advance advance(std::span<const Prediction> predictions) override;
  std::span<const Window::Position> window() const override { return {}; }
};

}  // namespace wedlm
