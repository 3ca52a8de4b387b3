#include "wedlm/backend/op_checks.h"

#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::string describe(const ConstTensor& tensor) {
  return tensor.shape().to_string() + " " + std::string(dtype_name(tensor.dtype()));
}

void expect_tensor(const char* op, const char* name, const ConstTensor& tensor, Shape expected) {
  if (tensor.shape() == expected && tensor.dtype() == DType::kF32) return;
  throw InternalError(std::string(op) + ": expected " + name + " " + expected.to_string() + " F32, got " +
                      describe(tensor));
}

void expect_f32(const char* op, const char* name, const ConstTensor& tensor, int min_rank) {
  if (tensor.dtype() == DType::kF32 && tensor.shape().rank() >= min_rank) return;
  throw InternalError(std::string(op) + ": expected " + name + " to be F32 of " + std::to_string(min_rank) +
                      " dimensions or more, got " + describe(tensor));
}

void expect_count(const char* op, const char* name, std::int64_t count, std::int64_t expected) {
  if (count == expected) return;
  throw InternalError(std::string(op) + ": expected " + std::to_string(expected) + " " + name + ", got " +
                      std::to_string(count));
}

void expect_index(const char* op, const char* name, std::int64_t index, std::int64_t size) {
  if (index >= 0 && index < size) return;
  throw InternalError(std::string(op) + ": expected " + name + " in [0, " + std::to_string(size) + "), got " +
                      std::to_string(index));
}

void check_pages(const char* op, const KvPages& pages, const ConstTensor& keys) {
  const DType dtype = pages.keys.dtype();
  const Shape expected{pages.keys.rows(), keys.shape()[1], pages.block_size * slice_elements(dtype, keys.shape()[2])};
  const bool is_known = dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kI8;
  for (const Tensor* tensor : {&pages.keys, &pages.values}) {
    if (tensor->shape() == expected && tensor->dtype() == dtype && tensor->is_contiguous() && is_known) continue;
    throw InternalError(std::string(op) + ": expected pages of keys and of values " + expected.to_string() +
                        ", both contiguous and F32, BF16 or I8, got " + describe(pages.keys) + " and " +
                        describe(pages.values));
  }
}

void check_segment(const AttentionArgs& args, const AttentionSegment& segment, std::int64_t first_row) {
  expect_count("attention", "as the first row of the next segment", segment.first_row, first_row);
  if (segment.num_rows < 0 || segment.prefix_length < 0) throw InternalError("attention: a segment of negative length");
  if (segment.prefix_length == 0) return;
  const std::int64_t block_size = args.pages.block_size;
  if (block_size < 1 || segment.block_table == nullptr) {
    throw InternalError("attention: a prefix without pages");
  }
  const std::int64_t num_blocks = (segment.prefix_length + block_size - 1) / block_size;
  for (std::int64_t i = 0; i < num_blocks; ++i) {
    expect_index("attention", "page", segment.block_table[i], args.pages.keys.rows());
  }
}

}  // namespace

void check_copy(const ConstTensor& from, const ConstTensor& to) {
  if (from.shape() == to.shape() && from.dtype() == to.dtype() && from.is_contiguous() && to.is_contiguous()) return;
  throw InternalError("copy: expected two contiguous tensors of one shape and type, got " + describe(from) + " and " +
                      describe(to));
}

std::int64_t check_pack(std::span<const ConstTensor> parts, const WeightFormat& format) {
  check_weight_format(format);
  if (parts.empty()) throw InternalError("pack: expected at least one part, got none");
  std::int64_t out_features = 0;
  for (const ConstTensor& part : parts) {
    if (part.shape().rank() != 2 || part.shape()[1] != parts[0].shape()[1] || part.dtype() != parts[0].dtype()) {
      throw InternalError("pack: expected matrices of one dtype and one width, got " + describe(parts[0]) + " and " +
                          describe(part));
    }
    out_features += part.rows();
  }
  return out_features;
}

void throw_not_finite(const char* op) {
  throw InvalidInput(std::string(op) + ": expected finite weights to quantise, got NaN or infinity");
}

void check_embed(const ConstTensor& table, std::span<const TokenId> token_ids, const ConstTensor& out) {
  if (table.shape().rank() != 2) throw InternalError("embed: expected a matrix as table, got " + describe(table));
  expect_tensor("embed", "out", out, {static_cast<std::int64_t>(token_ids.size()), table.shape()[1]});
  for (const TokenId token : token_ids) expect_index("embed", "a token id", token, table.rows());
}

void check_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const ConstTensor& out) {
  expect_tensor("linear", "x", x, {x.rows(), weight.in_features()});
  expect_tensor("linear", "out", out, {x.rows(), weight.out_features()});
  if (!bias.is_empty()) expect_tensor("linear", "bias", bias, {weight.out_features()});
}

void check_rms_norm(const ConstTensor& x, const ConstTensor& weight, const ConstTensor& out) {
  expect_f32("rms_norm", "x", x, 2);
  expect_tensor("rms_norm", "out", out, x.shape());
  expect_tensor("rms_norm", "weight", weight, {x.shape().last()});
}

void check_add(const ConstTensor& x, const ConstTensor& residual) {
  expect_f32("add", "x", x, 2);
  expect_tensor("add", "residual", residual, x.shape());
}

void check_rope_angles(std::span<const std::int32_t> positions, const ConstTensor& angles) {
  expect_tensor("rope_angles", "angles", angles,
                {static_cast<std::int64_t>(positions.size()), angles.shape().rank() == 2 ? angles.shape()[1] : 0});
  if (angles.shape()[1] % 2 != 0)
    throw InternalError("rope_angles: expected an even head_dim, got " + describe(angles));
}

void check_rope(const ConstTensor& x, const ConstTensor& angles) {
  expect_f32("rope", "x", x, 3);
  expect_tensor("rope", "angles", angles, {x.rows(), x.shape()[2]});
  if (x.shape()[2] % 2 != 0) throw InternalError("rope: expected an even head_dim, got " + describe(x));
}

void check_rotate_heads(const RotateHeadsArgs& args) {
  check_rope(args.queries, args.angles);
  check_rope(args.keys, args.angles);
  if (!args.query_norm.is_empty()) check_rms_norm(args.queries, args.query_norm, args.queries);
  if (!args.key_norm.is_empty()) check_rms_norm(args.keys, args.key_norm, args.keys);
}

void check_store_kv(const ConstTensor& keys, const ConstTensor& values, std::span<const std::int32_t> slots,
                    const KvPages& pages) {
  expect_f32("store_kv", "keys", keys, 3);
  expect_tensor("store_kv", "values", values, keys.shape());
  expect_count("store_kv", "slots", static_cast<std::int64_t>(slots.size()), keys.rows());
  check_pages("store_kv", pages, keys);
  for (const std::int32_t slot : slots) {
    if (slot >= 0) expect_index("store_kv", "a slot", slot, pages.num_slots());
  }
}

void check_attention(const AttentionArgs& args) {
  expect_f32("attention", "queries", args.queries, 3);
  expect_f32("attention", "keys", args.keys, 3);
  const Shape& shape = args.queries.shape();
  expect_tensor("attention", "keys", args.keys, {shape[0], args.keys.shape()[1], shape[2]});
  expect_tensor("attention", "values", args.values, args.keys.shape());
  expect_tensor("attention", "out", args.out, shape);
  const std::int64_t num_kv_heads = args.keys.shape()[1];
  if (num_kv_heads < 1 || shape[1] % num_kv_heads != 0) {
    throw InternalError("attention: expected heads in equal groups over kv heads, got " + shape.to_string() + " and " +
                        args.keys.shape().to_string());
  }
  std::int64_t first_row = 0;
  bool any_prefix = false;
  for (const AttentionSegment& segment : args.segments) {
    check_segment(args, segment, first_row);
    first_row += segment.num_rows;
    any_prefix |= segment.prefix_length > 0;
  }
  if (any_prefix) check_pages("attention", args.pages, args.keys);
  expect_count("attention", "rows in all segments", first_row, shape[0]);
}

void check_silu_multiply(const ConstTensor& gate_up, const ConstTensor& out) {
  expect_f32("silu_multiply", "out", out, 2);
  expect_tensor("silu_multiply", "gate_up", gate_up, {out.rows(), 2 * out.shape()[1]});
}

void check_gather_rows(const ConstTensor& x, std::span<const std::int32_t> rows, const ConstTensor& out) {
  expect_f32("gather_rows", "x", x, 2);
  expect_tensor("gather_rows", "out", out, {static_cast<std::int64_t>(rows.size()), x.shape()[1]});
  for (const std::int32_t row : rows) expect_index("gather_rows", "a row", row, x.rows());
}

void check_read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                       std::span<const Prediction> predictions) {
  expect_f32("read_logits", "logits", logits, 2);
  expect_count("read_logits", "sampling rows", static_cast<std::int64_t>(sampling.size()), logits.rows());
  expect_count("read_logits", "predictions", static_cast<std::int64_t>(predictions.size()), logits.rows());
}

void check_predict(const PredictArgs& args) {
  if (args.head == nullptr) throw InternalError("predict: no head");
  const std::int64_t rows = args.hidden.rows();
  expect_tensor("predict", "hidden", args.hidden, {rows, args.head->in_features()});
  expect_count("predict", "sampling rows", static_cast<std::int64_t>(args.sampling.size()), rows);
  expect_count("predict", "predictions", static_cast<std::int64_t>(args.predictions.size()), rows);
  if (!args.logits.is_empty()) expect_tensor("predict", "logits", args.logits, {rows, args.head->out_features()});
}

}  // namespace wedlm
