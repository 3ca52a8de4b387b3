#include "wedlm/backend/timed_backend.h"

namespace wedlm {

void TimedBackend::embed(const ConstTensor& table, std::span<const TokenId> token_ids, const Tensor& out) {
  time(OpKind::kOther, [&] { timed_.embed(table, token_ids, out); });
}

void TimedBackend::linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias,
                          const Tensor& out) {
  time(is_predicting_ ? OpKind::kHead : OpKind::kProducts, [&] { timed_.linear(x, weight, bias, out); });
}

void TimedBackend::rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) {
  time(OpKind::kOther, [&] { timed_.rms_norm(x, weight, eps, out); });
}

void TimedBackend::add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                                const Tensor& out) {
  time(OpKind::kOther, [&] { timed_.add_rms_norm(x, residual, weight, eps, out); });
}

void TimedBackend::add(const ConstTensor& x, const Tensor& residual) {
  time(OpKind::kOther, [&] { timed_.add(x, residual); });
}

void TimedBackend::rope_angles(std::span<const std::int32_t> positions, double theta, const Tensor& angles) {
  time(OpKind::kOther, [&] { timed_.rope_angles(positions, theta, angles); });
}

void TimedBackend::rope(const Tensor& x, const ConstTensor& angles) {
  time(OpKind::kOther, [&] { timed_.rope(x, angles); });
}

void TimedBackend::rotate_heads(const RotateHeadsArgs& args) {
  time(OpKind::kOther, [&] { timed_.rotate_heads(args); });
}

void TimedBackend::store_kv(const Tensor& keys, const Tensor& values, std::span<const std::int32_t> slots,
                            const KvPages& pages) {
  time(OpKind::kOther, [&] { timed_.store_kv(keys, values, slots, pages); });
}

void TimedBackend::attention(const AttentionArgs& args) {
  time(OpKind::kAttention, [&] { timed_.attention(args); });
}

void TimedBackend::silu_multiply(const ConstTensor& gate_up, const Tensor& out) {
  time(OpKind::kOther, [&] { timed_.silu_multiply(gate_up, out); });
}

void TimedBackend::gather_rows(const ConstTensor& x, std::span<const std::int32_t> rows, const Tensor& out) {
  time(OpKind::kOther, [&] { timed_.gather_rows(x, rows, out); });
}

void TimedBackend::read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                               std::span<Prediction> predictions) {
  time(OpKind::kLogits, [&] { timed_.read_logits(logits, sampling, predictions); });
}

void TimedBackend::predict(const PredictArgs& args) {
  is_predicting_ = true;
  Backend::predict(args);
  is_predicting_ = false;
}

void TimedBackend::predict_online(const PredictArgs& args) {
  time(OpKind::kHead, [&] { timed_.predict_online(args); });
}

}  // namespace wedlm
