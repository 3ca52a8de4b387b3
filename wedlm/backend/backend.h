// What hardware can do: one op contract, at the granularity of the equations of a transformer. The model calls nothing
// else. reference/ is the definition of correct; every other backend is compared with it, op by op.
//
// Activations are float32 matrices of rows. Rows are independent of each other in every op but attention, and the order
// in which a sum over features or keys is taken depends neither on the number of rows nor on where a prefix ends and a
// segment begins: a token's hidden state has the same bits whichever batch, chunk or window it was computed in.
//
// Arguments are checked by the caller's construction; an op throws InternalError where shapes do not fit together.
// One thread calls ops at a time. Ops may be asynchronous; download() waits for what was issued before it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/base/prediction.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/base/token_id.h"
#include "wedlm/tensor/tensor.h"
#include "wedlm/tensor/weight_format.h"

namespace wedlm {

/// The weight of a linear layer in the layout that one backend multiplies with.
class PackedWeight {
 public:
  PackedWeight(std::int64_t out_features, std::int64_t in_features, const WeightFormat& format)
      : out_features_(out_features), in_features_(in_features), format_(format) {}
  virtual ~PackedWeight() = default;
  PackedWeight(const PackedWeight&) = delete;
  PackedWeight& operator=(const PackedWeight&) = delete;

  std::int64_t out_features() const { return out_features_; }
  std::int64_t in_features() const { return in_features_; }
  const WeightFormat& format() const { return format_; }
  /// Memory that multiplying by it reads.
  virtual std::size_t bytes() const = 0;

 private:
  std::int64_t out_features_;
  std::int64_t in_features_;
  WeightFormat format_;
};

/// The K/V pages of one layer, both kF32, kBF16 or kI8. Slot s is entry s % block_size of page s / block_size. In a
/// page a head's slices lie one entry behind the other, so that attention reads memory in long stretches. A slice of
/// kI8 is head_dim bytes and a scale: a number is float(byte) * scale, in float32. The scale is the largest magnitude
/// of the slice divided by 127 and a byte the nearest integer to number / scale, ties to even. In a slice with no
/// magnitude above 1e-30 all are 0, and so is the scale; where a number is not finite the scale is NaN.
struct KvPages {
  Tensor keys;                  // [num_pages, num_kv_heads, block_size * slice_elements(type, head_dim)], contiguous
  Tensor values;                // the same
  std::int64_t block_size = 0;  // slots in a page

  std::int64_t num_slots() const { return keys.rows() * block_size; }
  std::int64_t slice_size() const { return keys.shape()[2] / block_size; }
  /// The element of keys or of values with which a head's slice in a slot begins.
  std::int64_t slice_at(std::int64_t slot, std::int64_t head) const {
    return slice_at(slot / block_size, slot % block_size, head);
  }
  std::int64_t slice_at(std::int64_t page, std::int64_t entry, std::int64_t head) const {
    return page * keys.row_stride() + head * keys.shape()[2] + entry * slice_size();
  }
};

/// Consecutive rows that attend fully to a prefix in pages and causally to each other: row r of the segment sees the
/// prefix and the segment's rows 0 to r.
struct AttentionSegment {
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t prefix_length = 0;             // tokens in pages
  const std::int32_t* block_table = nullptr;  // [ceil(prefix_length / block_size)] pages of the prefix, in order
};

struct AttentionArgs {
  ConstTensor queries;  // [rows, num_heads, head_dim]
  ConstTensor keys;     // [rows, num_kv_heads, head_dim] float32 of the batch's own rows, as store_kv() left them
  ConstTensor values;   // [rows, num_kv_heads, head_dim]
  KvPages pages;
  std::span<const AttentionSegment> segments;  // they tile the rows
  float scale = 0;                             // of the scores: 1 / sqrt(head_dim)
  Tensor out;                                  // [rows, num_heads, head_dim]
};

struct RotateHeadsArgs {
  Tensor queries;          // [rows, num_heads, head_dim]
  Tensor keys;             // [rows, num_kv_heads, head_dim]
  ConstTensor query_norm;  // [head_dim] each, or empty in models without these norms
  ConstTensor key_norm;
  float eps = 0;
  ConstTensor angles;  // [rows, head_dim]
};

struct PredictArgs {
  ConstTensor hidden;                     // [rows, hidden_size] after the final norm
  const PackedWeight* head = nullptr;     // [vocab_size, hidden_size]
  std::span<const SamplingRow> sampling;  // [rows]
  std::span<Prediction> predictions;      // [rows], written on the host
  Tensor logits;                          // [rows, vocab_size] on the host, or empty where nobody asked for them
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  /// For people: "cpu (avx512, 2 threads)".
  virtual std::string description() const = 0;

  /// Memory that ops can write, not initialised. Throws ResourceError naming the size.
  virtual Buffer allocate(std::size_t bytes) = 0;
  /// A tensor where ops can read it: the same view where host memory will do. The backend keeps any copy for its own
  /// lifetime; the host memory must live as long.
  virtual ConstTensor place(const ConstTensor& host) = 0;
  /// Copies a contiguous tensor from or to the host, same shape and type.
  virtual void upload(const ConstTensor& host, const Tensor& to) = 0;
  virtual void download(const ConstTensor& from, const Tensor& host) = 0;

  /// One weight of several [out_features_i, in_features] matrices of any one dtype, stacked along the outputs: a fused
  /// q, k, v projection is one weight. The parts are copied. It multiplies by the weights that `format` stands for
  /// (weight_format.h), which are the same in every backend. Throws InvalidInput where weights that a packed format
  /// shall keep are not finite.
  virtual std::unique_ptr<PackedWeight> pack(std::span<const ConstTensor> parts, const WeightFormat& format) = 0;
  /// As the parts are stored.
  std::unique_ptr<PackedWeight> pack(std::span<const ConstTensor> parts) { return pack(parts, {}); }
  /// The weight that was packed before, without a copy where the backend multiplies with that very layout; the memory
  /// must outlive the weight. It multiplies by the same values as what pack() made of the same parts.
  virtual std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) = 0;

  /// out[r] = table[token_ids[r]] as float32.       table [vocab_size, hidden_size] any dtype, out [rows, hidden_size]
  virtual void embed(const ConstTensor& table, std::span<const TokenId> token_ids, const Tensor& out) = 0;

  /// out = x weight^T + bias.              x [rows, in_features], bias [out_features] or empty, out [rows,
  /// out_features]
  virtual void linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const Tensor& out) = 0;

  /// Root mean square norm over the last dimension (Zhang and Sennrich 2019): out = x / sqrt(mean(x^2) + eps) * weight.
  /// `x` and `out` are [rows, n] or [rows, heads, n], and may be the same; weight [n].
  virtual void rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) = 0;

  /// residual += x, then out = rms_norm(residual).                                            all [rows, hidden_size]
  virtual void add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                            const Tensor& out);

  /// residual += x.                                                                           both [rows, hidden_size]
  virtual void add(const ConstTensor& x, const Tensor& residual) = 0;

  /// The angles of rotary position embeddings (Su et al. 2021): angles[r][i] = cos, angles[r][head_dim/2 + i] = sin of
  /// positions[r] * theta^(-2i/head_dim), with the product taken in float32 as the training code takes it.
  virtual void rope_angles(std::span<const std::int32_t> positions, double theta,
                           const Tensor& angles) = 0;  // [rows, head_dim]

  /// Rotates each head in place by the row's angles; the pairs are (i, i + head_dim/2).  x [rows, heads, head_dim]
  virtual void rope(const Tensor& x, const ConstTensor& angles) = 0;

  /// rms_norm() in place of each query and key head that has a weight, then rope() of all.
  virtual void rotate_heads(const RotateHeadsArgs& args);

  /// Rounds every row of keys and values, in place, to what pages can hold, to nearest with ties to even; then
  /// slot slots[r] of pages = row r for every r with slots[r] >= 0. So attention finds the same numbers in a row of the
  /// batch as in the page that the row goes to.                                       keys, values [rows, kv_heads,
  /// head_dim]
  virtual void store_kv(const Tensor& keys, const Tensor& values, std::span<const std::int32_t> slots,
                        const KvPages& pages) = 0;

  /// Softmax attention of every row over its segment's prefix and the segment's rows up to itself; query head h reads
  /// key head h / (num_heads / num_kv_heads).
  virtual void attention(const AttentionArgs& args) = 0;

  /// out = silu(gate) * up, with [gate | up] side by side in each row.     gate_up [rows, 2 * n], out [rows, n]
  virtual void silu_multiply(const ConstTensor& gate_up, const Tensor& out) = 0;

  /// out[i] = x[rows[i]].                                                   x [any, n], out [rows.size(), n]
  virtual void gather_rows(const ConstTensor& x, std::span<const std::int32_t> rows, const Tensor& out) = 0;

  /// What each row of logits says.                        logits [rows, vocab_size], sampling and predictions [rows]
  virtual void read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                           std::span<Prediction> predictions) = 0;

  /// What each hidden row predicts: the head's product, and what its logits say, for a block of rows at a time. Logits
  /// stay inside unless asked for.
  virtual void predict(const PredictArgs& args);

  /// predict() of one block where nobody asked for logits and no row needs all of them at once to draw from
  /// (needs_all_logits() of sampling.h): they may be read as the product comes and need not be kept.
  virtual void predict_online(const PredictArgs& args);

 private:
  /// By linear() and read_logits().
  void predict_from_logits(const PredictArgs& args);

  Buffer logits_;  // of predict_from_logits() where nobody asked for them
};

struct BackendOptions {
  std::string name = "cpu";
  int num_threads = 0;  // 0: one for each processor this process may use
  ThreadPlacement thread_placement = ThreadPlacement::kFree;
};

/// The lanes of panels that the backend "cpu" adopts without a copy on this machine, or under WEDLM_ISA. Throws as
/// make_backend().
int native_panel_lanes();

/// The names make_backend() knows in this build.
std::vector<std::string> backend_names();

/// Throws InvalidInput for a name that is unknown here, listing those that are not.
std::unique_ptr<Backend> make_backend(const BackendOptions& options);

}  // namespace wedlm
