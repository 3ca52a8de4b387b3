#include <algorithm>

#include "wedlm/train/torch/segment_attention.h"

namespace wedlm::train {
namespace {

/// A segment in pieces of up to `max_rows`. A piece of a memory stream has what precedes it as its prefix.
std::vector<RowSegment> pieces(const RowSegment& segment, std::int64_t max_rows) {
  if (segment.num_prefix_rows > 0 || segment.num_rows <= max_rows) return {segment};
  std::vector<RowSegment> cut;
  for (std::int64_t done = 0; done < segment.num_rows; done += max_rows) {
    cut.push_back({.first_row = segment.first_row + done,
                   .num_rows = std::min(max_rows, segment.num_rows - done),
                   .first_prefix_row = segment.first_row,
                   .num_prefix_rows = done});
  }
  return cut;
}

/// Whether a piece may stand in the same tile: a row without a prefix does not care where one begins.
bool joins(const AttentionTile& tile, const RowSegment& piece, std::int64_t max_rows) {
  if (tile.num_rows + piece.num_rows > max_rows) return false;
  return tile.num_prefix_rows == 0 || piece.num_prefix_rows == 0 || tile.first_prefix_row == piece.first_prefix_row;
}

}  // namespace

std::vector<AttentionTile> attention_tiles(const std::vector<RowSegment>& segments, std::int64_t max_rows) {
  std::vector<AttentionTile> tiles;
  for (const RowSegment& segment : segments) {
    for (const RowSegment& piece : pieces(segment, max_rows)) {
      if (tiles.empty() || !joins(tiles.back(), piece, max_rows)) tiles.push_back({.first_row = piece.first_row});
      AttentionTile& tile = tiles.back();
      if (piece.num_prefix_rows > 0) tile.first_prefix_row = piece.first_prefix_row;
      tile.num_prefix_rows = std::max(tile.num_prefix_rows, piece.num_prefix_rows);
      const auto rows = static_cast<std::size_t>(piece.num_rows);
      tile.prefix_rows_of.insert(tile.prefix_rows_of.end(), rows, piece.num_prefix_rows);
      tile.first_own_row_of.insert(tile.first_own_row_of.end(), rows, tile.num_rows);
      tile.num_rows += piece.num_rows;
    }
  }
  return tiles;
}

}  // namespace wedlm::train
