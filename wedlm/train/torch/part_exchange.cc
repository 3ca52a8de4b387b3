#include "wedlm/train/torch/part_exchange.h"

#include <torch/torch.h>

#include "wedlm/train/ranks/buckets.h"

namespace wedlm::train {
namespace {

using at::Tensor;

constexpr std::int64_t kBucketElements = 25 * 1024 * 1024 / 4;  // 25 MiB of float32, as PyTorch's DDP has them

/// A bucket as it goes: a row for each rank, the pieces one after the other.
class BucketRows {
 public:
  BucketRows(const Bucket& bucket, const std::vector<std::int64_t>& sizes, const Ranks& ranks, at::ScalarType type)
      : bucket_(bucket), sizes_(sizes), num_ranks_(ranks.size()), rows_(at::zeros({num_ranks_, bucket.count}, type)) {}

  const Tensor& rows() const { return rows_; }

  /// Calls `visit(weight, range of the weight, row's piece)` for what a rank has of each weight.
  template <class Visit>
  void for_each_piece(int rank, const Visit& visit) const {
    std::int64_t begin = 0;
    for (const PartPiece& piece : bucket_.pieces) {
      const ElementRange range = piece.of(rank, num_ranks_, sizes_[piece.weight]);
      visit(piece.weight, range, rows_[rank].narrow(0, begin, range.count));
      begin += piece.count;
    }
  }

 private:
  const Bucket& bucket_;
  const std::vector<std::int64_t>& sizes_;
  int num_ranks_;
  Tensor rows_;
};

Tensor elements(const Tensor& weight, const ElementRange& range) {
  return weight.reshape(-1).narrow(0, range.begin, range.count);
}

/// The same elements of a rank's own part.
Tensor elements_of_part(const Tensor& part, const ElementRange& range, std::int64_t size, const Ranks& ranks) {
  return part.narrow(0, range.begin - part_of(size, ranks.rank(), ranks.size()).begin, range.count);
}

}  // namespace

std::vector<Tensor> sum_to_parts(std::vector<Tensor> gradients, const std::vector<std::int64_t>& sizes, Ranks& ranks) {
  std::vector<Tensor> sums(sizes.size());
  for (const Bucket& bucket : make_buckets(sizes, ranks.size(), kBucketElements)) {
    const BucketRows rows(bucket, sizes, ranks, at::kFloat);
    for (int rank = 0; rank < ranks.size(); ++rank) {
      rows.for_each_piece(rank, [&](std::size_t i, const ElementRange& range, const Tensor& piece) {
        if (gradients[i].defined()) piece.copy_(elements(gradients[i], range));
      });
    }
    ranks.reduce_scatter(rows.rows());
    rows.for_each_piece(ranks.rank(), [&](std::size_t i, const ElementRange& range, const Tensor& piece) {
      if (!sums[i].defined()) sums[i] = at::empty({part_of(sizes[i], ranks.rank(), ranks.size()).count}, at::kFloat);
      elements_of_part(sums[i], range, sizes[i], ranks).copy_(piece);
    });
    for (const PartPiece& piece : bucket.pieces) {
      const bool is_last = piece.offset + piece.count == part_of(sizes[piece.weight], 0, ranks.size()).count;
      if (is_last) gradients[piece.weight].reset();
    }
  }
  return sums;
}

void share_parts(const std::vector<Tensor>& parts, const std::vector<Tensor>& weights, Ranks& ranks) {
  if (weights.empty()) return;
  std::vector<std::int64_t> sizes;
  for (const Tensor& weight : weights) sizes.push_back(weight.numel());
  for (const Bucket& bucket : make_buckets(sizes, ranks.size(), kBucketElements)) {
    const BucketRows rows(bucket, sizes, ranks, weights[0].scalar_type());
    rows.for_each_piece(ranks.rank(), [&](std::size_t i, const ElementRange& range, const Tensor& piece) {
      piece.copy_(elements_of_part(parts[i], range, sizes[i], ranks));
    });
    ranks.all_gather(rows.rows());
    for (int rank = 0; rank < ranks.size(); ++rank) {
      rows.for_each_piece(rank, [&](std::size_t i, const ElementRange& range, const Tensor& piece) {
        elements(weights[i], range).copy_(piece);
      });
    }
  }
}

Tensor joined_parts(const Tensor& part, std::int64_t size, Ranks& ranks) {
  const Tensor rows = at::zeros({ranks.size(), part_of(size, 0, ranks.size()).count}, part.options());
  rows[ranks.rank()].narrow(0, 0, part.numel()).copy_(part);
  ranks.all_gather(rows);
  return rows.view(-1).narrow(0, 0, size);
}

}  // namespace wedlm::train
