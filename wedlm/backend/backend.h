// What hardware can do: one op contract, at the granularity of the equations of a transformer. The model calls nothing
// else. reference/ is the definition of correct; every other backend is compared with it, op by op.
//
// Activations are float32 matrices of rows. Rows are independent of each other in every op but attention, and the order
// in which a sum over features or keys is taken depends neither on the number of rows nor on where a prefix ends and a
// segment begins: a token's hidden state has the same bits whichever batch, chunk or window it was computed in.
//
// The public ops check their arguments (op_checks.h), tell an observer, and call what a backend implements, the
// functions do_...(), which may rely on both. An op throws InternalError where shapes do not fit together or an index
// is outside its table.
//
// Ops may be asynchronous: they are done in the order of the calls, and whoever reads (read_predictions(), download())
// waits for those before. A forward is begin(), ops, read_predictions(), and the handle's end. Who has a handle has the
// backend: another thread's begin() waits for its end. Ops without a handle are for whoever has one, or uses the
// backend alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "wedlm/backend/forward.h"
#include "wedlm/backend/kv_pages.h"
#include "wedlm/backend/machine_rates.h"
#include "wedlm/backend/op_observer.h"
#include "wedlm/base/host_memory.h"
#include "wedlm/base/prediction.h"
#include "wedlm/base/turns.h"
#include "wedlm/tensor/tensor.h"
#include "wedlm/tensor/weight_format.h"

namespace wedlm {

struct PackedMatrix;
struct Rotation;

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

struct AttentionArgs {
  ConstTensor queries;  // [rows, num_heads, head_dim]
  ConstTensor keys;     // [rows, num_kv_heads, head_dim] float32 of the batch's own rows, as store_kv() left them
  ConstTensor values;   // [rows, num_kv_heads, head_dim]
  KvPages pages;        // of the prefixes; empty where there is none
  float scale = 0;      // of the scores: 1 / sqrt(head_dim)
  Tensor out;           // [rows, num_heads, head_dim]
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
  ConstTensor hidden;                  // [prediction rows, hidden_size] after the final norm
  const PackedWeight* head = nullptr;  // [vocab_size, hidden_size]
  Tensor logits{};                     // [prediction rows, vocab_size], or empty where nobody wants them
};

class Backend {
 public:
  virtual ~Backend() = default;

  /// For people: "cpu (avx512, 2 threads)".
  virtual std::string description() const = 0;

  /// Of the memory that allocate() takes. May be asked on any thread.
  virtual MemorySize memory() const = 0;
  /// Those of the machine with this backend and weights of this type, where it knows them. May take a moment.
  virtual MachineRates rates(WeightType type) const {
    (void)type;
    return {};
  }
  /// Memory that ops can write, aligned to 64 bytes or more and not initialised. It is given back before the backend
  /// ends; ops that were called before still find it. Throws ResourceError naming the size. May be called on any
  /// thread.
  virtual Buffer allocate(std::size_t bytes) = 0;
  /// A tensor where ops can read it: the same view where host memory will do. The backend keeps any copy for its own
  /// lifetime; the host memory must live as long.
  virtual ConstTensor place(const ConstTensor& host) = 0;
  /// Copies a contiguous tensor from or to the host, same shape and type. The host's memory is its own again when they
  /// return.
  void upload(const ConstTensor& host, const Tensor& to);
  void download(const ConstTensor& from, const Tensor& host);

  /// One weight of several [out_features_i, in_features] matrices of any one dtype, stacked along the outputs: a fused
  /// q, k, v projection is one weight. The parts are on the host, and copied. It multiplies by the weights that
  /// `format` stands for (weight_format.h), which are the same in every backend. Throws InvalidInput where weights that
  /// a packed format shall keep are not finite.
  std::unique_ptr<PackedWeight> pack(std::span<const ConstTensor> parts, const WeightFormat& format = {});
  /// The weight that was packed before (weight_panels.h), without a copy where the backend multiplies with that very
  /// layout; the memory must outlive the weight. It multiplies by the same values as what pack() made of the same
  /// parts.
  virtual std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) = 0;

  /// Told of every op from now on; nullptr: nobody is. It must live as long as it is told of any.
  void observe(OpObserver* observer) { observer_ = observer; }

  /// Waits for the turn and takes over what a forward needs from the host, whose memory is its own again when this
  /// returns. Throws InternalError for inputs that are not sound, and where this thread has a handle already.
  std::unique_ptr<Forward> begin(const ForwardInputs& inputs);

  /// out[r] = table[token_ids[r]] as float32.       table [vocab_size, hidden_size] any dtype, out [rows, hidden_size]
  void embed(const Forward& forward, const ConstTensor& table, const Tensor& out);

  /// out = x weight^T + bias.
  /// x [rows, in_features], bias [out_features] or empty, out [rows, out_features]
  void linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const Tensor& out);

  /// Root mean square norm over the last dimension (Zhang and Sennrich 2019): out = x / sqrt(mean(x^2) + eps) * weight.
  /// `x` and `out` are [rows, n] or [rows, heads, n], and may be the same; weight [n].
  void rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out);

  /// residual += x, then out = rms_norm(residual).                                            all [rows, hidden_size]
  void add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                    const Tensor& out);

  /// residual += x.                                                                           both [rows, hidden_size]
  void add(const ConstTensor& x, const Tensor& residual);

  /// The angles of rotary position embeddings (Su et al. 2021): angles[r][i] = scale * cos, angles[r][head_dim/2 + i] =
  /// scale * sin of positions[r] * frequencies[i], with the product taken in float32 as the training code takes it.
  /// `rotation` is not looked at later.                                                        angles [rows, head_dim]
  void rope_angles(const Forward& forward, const Rotation& rotation, const Tensor& angles);

  /// Rotates each head in place by the row's angles; the pairs are (i, i + head_dim/2).  x [rows, heads, head_dim]
  void rope(const Tensor& x, const ConstTensor& angles);

  /// rms_norm() in place of each query and key head that has a weight, then rope() of all.
  void rotate_heads(const RotateHeadsArgs& args);

  /// Rounds every row of keys and values, in place, to what pages can hold, to nearest with ties to even. Then row r
  /// goes to slot slots[r] of the pages, for every r with slots[r] >= 0. So attention finds the same numbers in a row
  /// of the batch as in the page that the row goes to.                    keys, values [rows, num_kv_heads, head_dim]
  void store_kv(const Forward& forward, const Tensor& keys, const Tensor& values, const KvPages& pages);

  /// Softmax attention of every row over its segment's prefix and the segment's rows up to itself; query head h reads
  /// key head h / (num_heads / num_kv_heads).
  void attention(const Forward& forward, const AttentionArgs& args);

  /// out = silu(gate) * up, with [gate | up] side by side in each row.     gate_up [rows, 2 * n], out [rows, n]
  void silu_multiply(const ConstTensor& gate_up, const Tensor& out);

  /// out[i] = x[prediction_rows[i]].                                       x [rows, n], out [prediction rows, n]
  void gather_prediction_rows(const Forward& forward, const ConstTensor& x, const Tensor& out);

  /// What each hidden row predicts: the head's product, and what its logits say. Logits stay inside unless asked for.
  void predict(Forward& forward, const PredictArgs& args);

  /// Waits for what predict() found out.                                   predictions [prediction rows]
  void read_predictions(Forward& forward, std::span<Prediction> predictions);

 protected:
  OpObserver* observer() const { return observer_; }

  virtual void do_upload(const ConstTensor& host, const Tensor& to) = 0;
  virtual void do_download(const ConstTensor& from, const Tensor& host) = 0;
  virtual std::unique_ptr<PackedWeight> do_pack(std::span<const ConstTensor> parts, const WeightFormat& format) = 0;

  virtual std::unique_ptr<Forward> do_begin(const ForwardInputs& inputs) = 0;
  virtual void do_embed(const Forward& forward, const ConstTensor& table, const Tensor& out) = 0;
  virtual void do_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias,
                         const Tensor& out) = 0;
  virtual void do_rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) = 0;
  /// By add() and rms_norm().
  virtual void do_add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                               const Tensor& out);
  virtual void do_add(const ConstTensor& x, const Tensor& residual) = 0;
  virtual void do_rope_angles(const Forward& forward, const Rotation& rotation, const Tensor& angles) = 0;
  virtual void do_rope(const Tensor& x, const ConstTensor& angles) = 0;
  /// By rms_norm() and rope().
  virtual void do_rotate_heads(const RotateHeadsArgs& args);
  virtual void do_store_kv(const Forward& forward, const Tensor& keys, const Tensor& values, const KvPages& pages) = 0;
  virtual void do_attention(const Forward& forward, const AttentionArgs& args) = 0;
  virtual void do_silu_multiply(const ConstTensor& gate_up, const Tensor& out) = 0;
  virtual void do_gather_prediction_rows(const Forward& forward, const ConstTensor& x, const Tensor& out) = 0;
  virtual void do_predict(Forward& forward, const PredictArgs& args) = 0;
  virtual void do_read_predictions(Forward& forward, std::span<Prediction> predictions) = 0;

 private:
  Turns turns_;
  OpObserver* observer_ = nullptr;
};

}  // namespace wedlm
