#include "wedlm/train/torch/segment_attention.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <vector>

#include "wedlm/train/kernels/row_kernels.h"

namespace wedlm::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kRowsOfAPart = 64;  // of scores, the least that a thread takes

/// float32 for bfloat16, else the type itself.
at::ScalarType sum_type(const Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 ? at::kFloat : tensor.scalar_type();
}

/// What one tile looks at.
class TileView {
 public:
  /// Of q, k and v as segment_attention() takes them.
  TileView(const AttentionTile& tile, const Tensor& q, const Tensor& k, const Tensor& v)
      : tile_(tile), num_groups_(q.size(1) / k.size(1)) {
    q_ = grouped(q);
    k_ = keys(k);
    v_ = keys(v);
  }

  /// [rows, heads, d] -> [kv_heads, groups * tile rows, d]
  Tensor grouped(const Tensor& all) const {
    const Tensor rows = all.narrow(0, tile_.first_row, tile_.num_rows);
    const std::int64_t kv_heads = rows.size(1) / num_groups_;
    return rows.view({tile_.num_rows, kv_heads, num_groups_, rows.size(2)})
        .permute({1, 2, 0, 3})
        .reshape({kv_heads, num_groups_ * tile_.num_rows, rows.size(2)});
  }
  /// The inverse of grouped().
  Tensor ungrouped(const Tensor& tile) const {
    return tile.view({tile.size(0), num_groups_, tile_.num_rows, tile.size(2)})
        .permute({2, 0, 1, 3})
        .reshape({tile_.num_rows, tile.size(0) * num_groups_, tile.size(2)});
  }

  /// Of each row and key, as they are.  // [kv_heads, groups * tile rows, keys]
  Tensor scores() const { return at::bmm(q_, k_.transpose(1, 2)).to(sum_type(q_)); }

  /// Runs `each` for the scores of each row, which are one after the other, with what the row sees.
  template <class Each>
  void over_rows(const Each& each) const {
    const std::int64_t heads = q_.size(0) * num_groups_, rows = tile_.num_rows;
    at::parallel_for(0, heads * rows, kRowsOfAPart, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t own = row % rows;
        const auto place = static_cast<std::size_t>(own);
        each(row, SeenKeys{.num_prefix = tile_.prefix_rows_of[place],
                           .first_own = tile_.num_prefix_rows + tile_.first_own_row_of[place],
                           .end_own = tile_.num_prefix_rows + own + 1});
      }
    });
  }
  const Tensor& q() const { return q_; }
  const Tensor& k() const { return k_; }
  const Tensor& v() const { return v_; }

  /// Adds the gradient of this tile's keys to that of all.  // [kv_heads, keys, d] to [rows, kv_heads, d]
  void add_to_keys(const Tensor& gradient, Tensor& all) const {
    const Tensor by_row = gradient.transpose(0, 1);
    if (tile_.num_prefix_rows > 0) {
      all.narrow(0, tile_.first_prefix_row, tile_.num_prefix_rows).add_(by_row.narrow(0, 0, tile_.num_prefix_rows));
    }
    all.narrow(0, tile_.first_row, tile_.num_rows).add_(by_row.narrow(0, tile_.num_prefix_rows, tile_.num_rows));
  }

 private:
  /// [kv_heads, prefix and own rows, d]
  Tensor keys(const Tensor& all) const {
    const Tensor own = all.narrow(0, tile_.first_row, tile_.num_rows);
    if (tile_.num_prefix_rows == 0) return own.transpose(0, 1);
    return at::cat({all.narrow(0, tile_.first_prefix_row, tile_.num_prefix_rows), own}).transpose(0, 1);
  }

  const AttentionTile& tile_;
  std::int64_t num_groups_;
  Tensor q_, k_, v_;
};

/// The weights of a tile in place of its scores, and the logarithm of each row's sum of exponentials.
template <class T>
void softmax(const TileView& view, double scale, const Tensor& scores, const Tensor& log_sum) {
  const std::int64_t keys = scores.size(2);
  T *first = scores.data_ptr<T>(), *sums = log_sum.data_ptr<T>();
  view.over_rows([&](std::int64_t row, const SeenKeys& seen) {
    row_kernels<T>().softmax(first + row * keys, static_cast<T>(scale), seen, keys, sums + row);
  });
}

/// The weights in place of scores, and the scores' gradient in place of the weights'.
template <class T>
void softmax_gradient(const TileView& view, double scale, const Tensor& scores, const Tensor& of_weights,
                      const Tensor& log_sum, const Tensor& inner) {
  const std::int64_t keys = scores.size(2);
  T *first = scores.data_ptr<T>(), *gradient = of_weights.data_ptr<T>();
  const T *sums = log_sum.data_ptr<T>(), *inners = inner.data_ptr<T>();
  view.over_rows([&](std::int64_t row, const SeenKeys& seen) {
    row_kernels<T>().softmax_gradient(first + row * keys, gradient + row * keys, static_cast<T>(scale), sums[row],
                                      inners[row], seen, keys);
  });
}

class SegmentAttention : public torch::autograd::Function<SegmentAttention> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const std::vector<AttentionTile>* tiles, double scale) {
    Tensor out = at::empty_like(q);
    Tensor log_sums = at::empty({q.size(1), q.size(0)}, q.options().dtype(sum_type(q)));  // of exponentials
    for (const AttentionTile& tile : *tiles) {
      const TileView view(tile, q, k, v);
      const Tensor weights = view.scores();
      const Tensor log_sum = at::empty({weights.size(0), weights.size(1)}, weights.options());
      (weights.scalar_type() == at::kDouble ? softmax<double> : softmax<float>)(view, scale, weights, log_sum);
      out.narrow(0, tile.first_row, tile.num_rows)
          .copy_(view.ungrouped(at::bmm(weights.to(v.scalar_type()), view.v())));
      log_sums.narrow(1, tile.first_row, tile.num_rows).copy_(log_sum.view({q.size(1), tile.num_rows}));
    }
    context->save_for_backward({q, k, v, out, log_sums});
    context->saved_data["tiles"] = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(tiles));
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3], &log_sums = saved[4];
    const auto* tiles = reinterpret_cast<const std::vector<AttentionTile>*>(
        static_cast<std::intptr_t>(context->saved_data["tiles"].toInt()));
    const double scale = context->saved_data["scale"].toDouble();
    const auto sums = sum_type(q);
    const Tensor gradient = gradients[0].to(q.scalar_type()).contiguous();
    const Tensor inner = (gradient.to(sums) * out.to(sums)).sum(-1, true);  // [rows, heads, 1]
    Tensor of_q = at::empty_like(q);
    Tensor of_k = at::zeros_like(k, k.options().dtype(sums)), of_v = at::zeros_like(v, v.options().dtype(sums));
    for (const AttentionTile& tile : *tiles) {
      const TileView view(tile, q, k, v);
      const Tensor weights = view.scores(), of_out = view.grouped(gradient);
      const Tensor changes = at::bmm(of_out, view.v().transpose(1, 2)).to(sums);  // of weights, then of scores
      (sums == at::kDouble ? softmax_gradient<double>
                           : softmax_gradient<float>)(view, scale, weights, changes,
                                                      log_sums.narrow(1, tile.first_row, tile.num_rows).contiguous(),
                                                      view.grouped(inner).contiguous());
      view.add_to_keys(at::bmm(weights.to(v.scalar_type()).transpose(1, 2), of_out), of_v);
      const Tensor of_scores = changes.to(q.scalar_type());
      of_q.narrow(0, tile.first_row, tile.num_rows).copy_(view.ungrouped(at::bmm(of_scores, view.k())));
      view.add_to_keys(at::bmm(of_scores.transpose(1, 2), view.q()), of_k);
    }
    return {of_q, of_k.to(k.scalar_type()), of_v.to(v.scalar_type()), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor segment_attention(const Tensor& q, const Tensor& k, const Tensor& v, const std::vector<AttentionTile>& tiles,
                         double scale) {
  return SegmentAttention::apply(q, k, v, &tiles, scale);
}

}  // namespace wedlm::train
