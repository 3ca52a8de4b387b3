// A backend that asks another one to do the work and adds up how long each kind of op took. Packed weights are the
// other's own, so that both may be used with them.
#pragma once

#include <array>
#include <chrono>

#include "wedlm/backend/backend.h"

namespace wedlm {

enum class OpKind {
  kProducts,   // linear layers
  kAttention,  // scores, softmax, values
  kOther,      // embedding, norms, rotation, storing K and V, activation
  kHead,       // the product of predict(), and what is read out of it as it comes
  kLogits,     // what predict() reads out of logits that it had to keep: entropy, best and sampled token
};
inline constexpr int kNumOpKinds = 5;

struct OpSeconds {
  std::array<double, kNumOpKinds> of{};

  double operator[](OpKind kind) const { return of[static_cast<std::size_t>(kind)]; }
};

/// For backends whose ops are done when they return.
class TimedBackend final : public Backend {
 public:
  explicit TimedBackend(Backend& timed) : timed_(timed) {}

  /// Since the last reset().
  const OpSeconds& seconds() const { return seconds_; }
  void reset() { seconds_ = {}; }

  std::string_view name() const override { return timed_.name(); }
  std::string description() const override { return timed_.description(); }
  Buffer allocate(std::size_t bytes) override { return timed_.allocate(bytes); }
  ConstTensor place(const ConstTensor& host) override { return timed_.place(host); }
  void upload(const ConstTensor& host, const Tensor& to) override { timed_.upload(host, to); }
  void download(const ConstTensor& from, const Tensor& host) override { timed_.download(from, host); }
  using Backend::pack;
  std::unique_ptr<PackedWeight> pack(std::span<const ConstTensor> parts, const WeightFormat& format) override {
    return timed_.pack(parts, format);
  }
  std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) override { return timed_.adopt(packed); }

  void embed(const ConstTensor& table, std::span<const TokenId> token_ids, const Tensor& out) override;
  void linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const Tensor& out) override;
  void rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) override;
  void add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                    const Tensor& out) override;
  void add(const ConstTensor& x, const Tensor& residual) override;
  void rope_angles(std::span<const std::int32_t> positions, double theta, const Tensor& angles) override;
  void rope(const Tensor& x, const ConstTensor& angles) override;
  void rotate_heads(const RotateHeadsArgs& args) override;
  void store_kv(const Tensor& keys, const Tensor& values, std::span<const std::int32_t> slots,
                const KvPages& pages) override;
  void attention(const AttentionArgs& args) override;
  void silu_multiply(const ConstTensor& gate_up, const Tensor& out) override;
  void gather_rows(const ConstTensor& x, std::span<const std::int32_t> rows, const Tensor& out) override;
  void read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                   std::span<Prediction> predictions) override;
  /// Made of the other three, so that they can be told apart.
  void predict(const PredictArgs& args) override;
  void predict_online(const PredictArgs& args) override;

 private:
  template <class Op>
  void time(OpKind kind, const Op& op) {
    const auto start = std::chrono::steady_clock::now();
    op();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    seconds_.of[static_cast<std::size_t>(kind)] += taken.count();
  }

  Backend& timed_;
  OpSeconds seconds_;
  bool is_predicting_ = false;
};

}  // namespace wedlm
