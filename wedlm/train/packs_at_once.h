// How many packs of a step are computed side by side: free of LibTorch, so that a dry run knows what they take.
#pragma once

#include <algorithm>
#include <cstdint>

namespace wedlm::train {

/// One for each thread where the model is small: products of few features have too little work for several threads,
/// while a copy of the gradients, which each pack after the first needs, is small too. All copies together have at most
/// 64 million numbers of 4 bytes.
constexpr int packs_at_once(std::int64_t num_learned, int num_threads) {
  constexpr std::int64_t kMaxCopied = 64 << 20;
  return static_cast<int>(
      std::clamp<std::int64_t>(1 + kMaxCopied / std::max<std::int64_t>(num_learned, 1), 1, num_threads));
}

}  // namespace wedlm::train
