#include "wedlm/backend/backend.h"

#include "wedlm/backend/op_checks.h"

namespace wedlm {

void Backend::upload(const ConstTensor& host, const Tensor& to) {
  check_copy(host, to);
  do_upload(host, to);
}

void Backend::download(const ConstTensor& from, const Tensor& host) {
  check_copy(from, host);
  do_download(from, host);
}

std::unique_ptr<PackedWeight> Backend::pack(std::span<const ConstTensor> parts, const WeightFormat& format) {
  check_pack(parts, format);
  return do_pack(parts, format);
}

std::unique_ptr<Forward> Backend::begin(const ForwardInputs& inputs) {
  const ForwardExtents extents = check_inputs(inputs);
  Turns::Turn turn = turns_.take();
  std::unique_ptr<Forward> forward = do_begin(inputs);
  forward->backend_ = this;
  forward->extents_ = extents;
  forward->turn_ = std::move(turn);
  return forward;
}

void Backend::embed(const Forward& forward, const ConstTensor& table, const Tensor& out) {
  check_handle("embed", *this, forward);
  check_embed(forward.extents(), table, out);
  const ObservedOp op(observer_, OpKind::kOther);
  do_embed(forward, table, out);
}

void Backend::linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const Tensor& out) {
  check_linear(x, weight, bias, out);
  const ObservedOp op(observer_, OpKind::kProducts);
  do_linear(x, weight, bias, out);
}

void Backend::rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) {
  check_rms_norm(x, weight, out);
  const ObservedOp op(observer_, OpKind::kOther);
  do_rms_norm(x, weight, eps, out);
}

void Backend::add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                           const Tensor& out) {
  check_add(x, residual);
  check_rms_norm(residual, weight, out);
  const ObservedOp op(observer_, OpKind::kOther);
  do_add_rms_norm(x, residual, weight, eps, out);
}

void Backend::do_add_rms_norm(const ConstTensor& x, const Tensor& residual, const ConstTensor& weight, float eps,
                              const Tensor& out) {
  add(x, residual);
  rms_norm(residual, weight, eps, out);
}

void Backend::add(const ConstTensor& x, const Tensor& residual) {
  check_add(x, residual);
  const ObservedOp op(observer_, OpKind::kOther);
  do_add(x, residual);
}

void Backend::rope_angles(const Forward& forward, const Rotation& rotation, const Tensor& angles) {
  check_handle("rope_angles", *this, forward);
  check_rope_angles(forward.extents(), rotation, angles);
  const ObservedOp op(observer_, OpKind::kOther);
  do_rope_angles(forward, rotation, angles);
}

void Backend::rope(const Tensor& x, const ConstTensor& angles) {
  check_rope(x, angles);
  const ObservedOp op(observer_, OpKind::kOther);
  do_rope(x, angles);
}

void Backend::rotate_heads(const RotateHeadsArgs& args) {
  check_rotate_heads(args);
  const ObservedOp op(observer_, OpKind::kOther);
  do_rotate_heads(args);
}

void Backend::do_rotate_heads(const RotateHeadsArgs& args) {
  if (!args.query_norm.is_empty()) rms_norm(args.queries, args.query_norm, args.eps, args.queries);
  if (!args.key_norm.is_empty()) rms_norm(args.keys, args.key_norm, args.eps, args.keys);
  rope(args.queries, args.angles);
  rope(args.keys, args.angles);
}

void Backend::store_kv(const Forward& forward, const Tensor& keys, const Tensor& values, const KvPages& pages) {
  check_handle("store_kv", *this, forward);
  check_store_kv(forward.extents(), keys, values, pages);
  const ObservedOp op(observer_, OpKind::kOther);
  do_store_kv(forward, keys, values, pages);
}

void Backend::attention(const Forward& forward, const AttentionArgs& args) {
  check_handle("attention", *this, forward);
  check_attention(forward.extents(), args);
  const ObservedOp op(observer_, OpKind::kAttention);
  do_attention(forward, args);
}

void Backend::silu_multiply(const ConstTensor& gate_up, const Tensor& out) {
  check_silu_multiply(gate_up, out);
  const ObservedOp op(observer_, OpKind::kOther);
  do_silu_multiply(gate_up, out);
}

void Backend::gather_prediction_rows(const Forward& forward, const ConstTensor& x, const Tensor& out) {
  check_handle("gather_prediction_rows", *this, forward);
  check_gather_prediction_rows(forward.extents(), x, out);
  const ObservedOp op(observer_, OpKind::kOther);
  do_gather_prediction_rows(forward, x, out);
}

void Backend::predict(Forward& forward, const PredictArgs& args) {
  check_handle("predict", *this, forward);
  check_predict(forward.extents(), args);
  const ObservedOp op(observer_, OpKind::kHead);
  do_predict(forward, args);
}

void Backend::read_predictions(Forward& forward, std::span<Prediction> predictions) {
  check_handle("read_predictions", *this, forward);
  check_read_predictions(forward.extents(), predictions);
  do_read_predictions(forward, predictions);
}

}  // namespace wedlm
