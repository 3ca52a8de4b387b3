// What a model is trained on: token ids, and which of them it has to learn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm::train {

/// A view of a sample; both spans have the same size.
struct SampleView {
  std::span<const TokenId> ids{};
  std::span<const std::uint8_t> is_learned{};  // 1 where the token has a loss: it may be masked, and is a next token

  std::size_t size() const { return ids.size(); }
};

struct Sample {
  std::vector<TokenId> ids{};
  std::vector<std::uint8_t> is_learned{};

  SampleView view() const { return {ids, is_learned}; }
  void append(std::span<const TokenId> more, bool learned) {
    ids.insert(ids.end(), more.begin(), more.end());
    is_learned.resize(ids.size(), learned ? 1 : 0);
  }
};

}  // namespace wedlm::train
