#include "wedlm/train/rows/mask_drawing.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace wedlm::train {
namespace {

constexpr double kLeastRatio = 1e-8;

std::vector<std::size_t> learned_of(const SampleView& sample, std::size_t begin, std::size_t end) {
  std::vector<std::size_t> learned;
  for (std::size_t i = begin; i < end; ++i) {
    if (sample.is_learned[i] != 0) learned.push_back(i);
  }
  return learned;
}

/// Draws an order whose last tokens are masked, however many.
void draw_order(std::vector<std::size_t>& learned, MaskPattern pattern, Draws& draws) {
  if (pattern == MaskPattern::kMixed) pattern = draws.uniform() < 0.5 ? MaskPattern::kSuffix : MaskPattern::kRandom;
  if (pattern == MaskPattern::kRandom) draws.shuffle(std::span(learned));
  if (pattern != MaskPattern::kWindow) return;
  // Each as often as its weight says: the largest u^(1 / weight) are drawn (Efraimidis and Spirakis 2006).
  std::vector<std::pair<double, std::size_t>> keys;
  for (std::size_t i = 0; i < learned.size(); ++i) {
    keys.emplace_back(std::pow(draws.uniform(), 1 / static_cast<double>(i + 1)), learned[i]);
  }
  std::ranges::sort(keys);
  std::ranges::transform(keys, learned.begin(), &std::pair<double, std::size_t>::second);
}

/// What the block masks of `learned`, and what the complementary one would.
std::pair<MaskedBlock, MaskedBlock> draw_block(std::vector<std::size_t> learned, const MaskOptions& options,
                                               Draws& draws) {
  const double ratio = std::max(draws.uniform(), kLeastRatio);
  const auto count = static_cast<std::size_t>(std::nearbyint(static_cast<double>(learned.size()) * ratio));
  draw_order(learned, options.pattern, draws);
  const auto middle = learned.end() - static_cast<std::ptrdiff_t>(count);
  std::sort(learned.begin(), middle);
  std::sort(middle, learned.end());
  return {{.ratio = ratio, .masked = {middle, learned.end()}},
          {.ratio = std::max(1 - ratio, kLeastRatio), .masked = {learned.begin(), middle}}};
}

}  // namespace

std::vector<MaskedBlock> draw_masks(const SampleView& sample, const MaskOptions& options, Draws& draws) {
  const auto block_size = static_cast<std::size_t>(options.block_size);
  std::vector<MaskedBlock> blocks;
  std::size_t end = options.has_random_offset ? draws.below(block_size) + 1 : block_size;
  for (std::size_t begin = 0; begin < sample.size(); begin = end, end += block_size) {
    end = std::min(end, sample.size());
    auto [block, complement] = draw_block(learned_of(sample, begin, end), options, draws);
    block.begin = complement.begin = begin;
    block.end = complement.end = end;
    blocks.push_back(std::move(block));
    if (options.is_complementary) blocks.push_back(std::move(complement));
  }
  return blocks;
}

std::vector<MaskedBlock> without_idle(std::vector<MaskedBlock> blocks) {
  std::erase_if(blocks, [](const MaskedBlock& block) { return block.masked.empty(); });
  return blocks;
}

}  // namespace wedlm::train
