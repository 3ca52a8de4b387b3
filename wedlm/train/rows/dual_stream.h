// The rows of a forward of training: for each sample its memory stream, the tokens as they are, and after it the
// prediction blocks, each a copy of some of its tokens with masks, observed tokens first (WeDLM, section 4.2, figure
// 5). Free of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wedlm/train/data/sample.h"
#include "wedlm/train/rows/mask_drawing.h"

namespace wedlm::train {

/// Consecutive rows that see all of a prefix of rows, and each other causally.
struct RowSegment {
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t first_prefix_row = 0;
  std::int64_t num_prefix_rows = 0;

  bool operator==(const RowSegment&) const = default;
};

enum class LossKind { kMasked, kNextToken };

/// A row whose prediction is judged.
struct LossRow {
  std::int64_t row = 0;
  TokenId target = kNoToken;  // of a mask: the token that it hides; else the one that follows
  LossKind kind = LossKind::kMasked;
  double ratio = 0;                      // of a mask: that of its block
  std::optional<std::size_t> teacher{};  // of a mask: which of the losses is of the memory's row that predicts the same
};

struct DualStream {
  std::vector<TokenId> ids{};             // [rows]
  std::vector<TokenId> tokens{};          // [rows] what stands there in the sample
  std::vector<std::int32_t> positions{};  // [rows] in the sample
  std::vector<RowSegment> segments{};     // they tile the rows
  std::vector<LossRow> losses{};          // masks first, each kind by row

  std::int64_t num_tokens = 0;  // of the samples
  std::uint64_t place = 0;      // in the run, of this batch alone: for what is drawn while it is computed

  std::int64_t num_rows() const { return static_cast<std::int64_t>(ids.size()); }
};

/// `blocks` has those of each sample. The last row of a sample predicts nothing: what follows it is another sample.
DualStream dual_stream(std::span<const SampleView> samples, std::span<const std::vector<MaskedBlock>> blocks,
                       TokenId mask_token_id);

enum class LossWeighting {
  kWeighted,  // each mask by 1 / (ratio + 1e-8): equation 6's weight, so that blocks count alike
  kUniform,
};

/// The weight of each of `losses` in the loss of the whole: sum over rows of weight x cross entropy. Within a kind they
/// add up to 1, and the kinds are mixed as (masked + next_token_weight x next token) / (1 + next_token_weight).
std::vector<float> loss_weights(std::span<const LossRow> losses, LossWeighting weighting, double next_token_weight);

}  // namespace wedlm::train
