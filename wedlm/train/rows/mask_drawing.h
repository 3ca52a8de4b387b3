// Which tokens of a sample are masked: for each block a ratio drawn from U(0, 1), and so many of its learned tokens
// (WeDLM, section 4.2; the released fine-tuning code's masking). Free of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wedlm/train/data/sample.h"
#include "wedlm/train/draws.h"

namespace wedlm::train {

enum class MaskPattern {
  kRandom,  // any of a block's learned tokens
  kSuffix,  // the last ones, as a window has them that fills from the left
  kMixed,   // one or the other, for each block with even chances
  kWindow,  // any, but the i-th learned token with weight i + 1: streaming fills a window's first places first
};

struct MaskOptions {
  int block_size = 32;
  MaskPattern pattern = MaskPattern::kRandom;
  bool has_random_offset = false;  // the first block of a sample has a random length, so that blocks begin anywhere
  bool is_complementary = false;   // a second view of each block masks what the first one shows
};

/// A block of a sample, its tokens [begin, end), with those of them that are masked.
struct MaskedBlock {
  std::size_t begin = 0;
  std::size_t end = 0;
  double ratio = 0;                   // that was drawn; at least 1e-8
  std::vector<std::size_t> masked{};  // positions in the sample, ascending
};

/// The blocks of a sample in order; some may have no masked token. Of n learned tokens the ratio r masks round(n r),
/// halves to even.
std::vector<MaskedBlock> draw_masks(const SampleView& sample, const MaskOptions& options, Draws& draws);

/// Without those blocks that have no masked token: no row of theirs has a loss, and no other row sees them.
std::vector<MaskedBlock> without_idle(std::vector<MaskedBlock> blocks);

}  // namespace wedlm::train
