#include "wedlm/train/rows/dual_stream.h"

#include <algorithm>

namespace wedlm::train {
namespace {

constexpr double kEpsilon = 1e-8;  // of the released code: a ratio of 0 has a weight too

class Layout {
 public:
  explicit Layout(TokenId mask_token_id) : mask_token_id_(mask_token_id) {}

  void add(const SampleView& sample, std::span<const MaskedBlock> blocks) {
    const std::int64_t memory = stream_.num_rows();
    teachers_.assign(sample.size(), std::nullopt);
    for (std::size_t i = 0; i < sample.size(); ++i) {
      if (i + 1 < sample.size() && sample.is_learned[i + 1] != 0) {
        teachers_[i + 1] = next_.size();
        next_.push_back({.row = stream_.num_rows(), .target = sample.ids[i + 1], .kind = LossKind::kNextToken});
      }
      add_row(sample, i, sample.ids[i]);
    }
    stream_.segments.push_back({.first_row = memory, .num_rows = stream_.num_rows() - memory});
    stream_.num_tokens += std::ssize(sample.ids);
    for (const MaskedBlock& block : blocks) add_block(sample, block, memory);
  }

  DualStream take() {
    for (LossRow& loss : stream_.losses) {
      if (loss.teacher) *loss.teacher += stream_.losses.size();
    }
    stream_.losses.insert(stream_.losses.end(), next_.begin(), next_.end());
    return std::move(stream_);
  }

 private:
  void add_row(const SampleView& sample, std::size_t position, TokenId id) {
    stream_.ids.push_back(id);
    stream_.tokens.push_back(sample.ids[position]);
    stream_.positions.push_back(static_cast<std::int32_t>(position));
  }

  void add_block(const SampleView& sample, const MaskedBlock& block, std::int64_t memory) {
    const std::int64_t first = stream_.num_rows();
    for (std::size_t i = block.begin; i < block.end; ++i) {
      if (!std::ranges::binary_search(block.masked, i)) add_row(sample, i, sample.ids[i]);
    }
    for (const std::size_t i : block.masked) {
      stream_.losses.push_back({.row = stream_.num_rows(),
                                .target = sample.ids[i],
                                .kind = LossKind::kMasked,
                                .ratio = block.ratio,
                                .teacher = teachers_[i]});
      add_row(sample, i, mask_token_id_);
    }
    stream_.segments.push_back({.first_row = first,
                                .num_rows = stream_.num_rows() - first,
                                .first_prefix_row = memory,
                                .num_prefix_rows = static_cast<std::int64_t>(block.begin)});
  }

  TokenId mask_token_id_;
  DualStream stream_;
  std::vector<LossRow> next_;
  std::vector<std::optional<std::size_t>> teachers_;  // of each token of the current sample, in next_
};

}  // namespace

DualStream dual_stream(std::span<const SampleView> samples, std::span<const std::vector<MaskedBlock>> blocks,
                       TokenId mask_token_id) {
  Layout layout(mask_token_id);
  for (std::size_t i = 0; i < samples.size(); ++i) layout.add(samples[i], blocks[i]);
  return layout.take();
}

std::vector<float> loss_weights(std::span<const LossRow> losses, LossWeighting weighting, double next_token_weight) {
  const auto raw = [weighting](const LossRow& loss) {
    const bool by_ratio = loss.kind == LossKind::kMasked && weighting == LossWeighting::kWeighted;
    return by_ratio ? 1 / (loss.ratio + kEpsilon) : 1.0;
  };
  double masked = 0, next = 0;
  for (const LossRow& loss : losses) (loss.kind == LossKind::kMasked ? masked : next) += raw(loss);
  std::vector<float> weights;
  weights.reserve(losses.size());
  for (const LossRow& loss : losses) {
    const double share = loss.kind == LossKind::kMasked ? 1 / masked : next_token_weight / next;
    weights.push_back(static_cast<float>(raw(loss) * share / (1 + next_token_weight)));
  }
  return weights;
}

}  // namespace wedlm::train
