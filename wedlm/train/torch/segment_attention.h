// Attention of training: each segment of rows sees all of its prefix and itself causally. Scores exist for a tile of
// rows at a time and are computed again for the gradient, so that memory grows with the rows and not with their square
// (Dao et al. 2022, "FlashAttention", without its fusing).
#pragma once

#include <vector>

#include "wedlm/train/rows/dual_stream.h"

namespace at {
class Tensor;
}  // namespace at

namespace wedlm::train {

/// The rows of one tile: consecutive ones whose prefixes begin at the same row.
struct AttentionTile {
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t first_prefix_row = 0;
  std::int64_t num_prefix_rows = 0;              // of the row that sees most of it
  std::vector<std::int64_t> prefix_rows_of{};    // [num_rows] of the prefix, how many each row sees
  std::vector<std::int64_t> first_own_row_of{};  // [num_rows] from which row of the tile on each sees its own

  bool operator==(const AttentionTile&) const = default;
};

/// Tiles of up to `max_rows` rows that cover the segments. A segment that is longer is cut: its later rows have the
/// earlier ones as a prefix.
std::vector<AttentionTile> attention_tiles(const std::vector<RowSegment>& segments, std::int64_t max_rows);

/// softmax(q k^T scale) v over what each row sees.  // q: [rows, heads, d], k and v: [rows, kv_heads, d] -> as q
/// Any floating type; sums of bfloat16 are float32. Differentiable once; the tiles have to live until then.
at::Tensor segment_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const std::vector<AttentionTile>& tiles, double scale);

}  // namespace wedlm::train
