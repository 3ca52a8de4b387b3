#include "wedlm/backend/op_checks.h"

#include <algorithm>
#include <string>

#include "wedlm/backend/rotary.h"
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

/// That the indices which end before `end` are inside a table of `size`.
void expect_end(const char* op, const char* name, std::int64_t end, std::int64_t size) {
  if (end <= size) return;
  throw InternalError(std::string(op) + ": expected " + name + " in [0, " + std::to_string(size) + "), got " +
                      std::to_string(end - 1));
}

/// One above the largest index, 0 where there is none.
std::int64_t end_of(const char* name, std::span<const std::int32_t> indices, std::int32_t least) {
  std::int64_t end = 0;
  for (const std::int32_t index : indices) {
    if (index < least) throw InternalError(std::string("begin: a negative ") + name + ", " + std::to_string(index));
    end = std::max<std::int64_t>(end, std::int64_t{index} + 1);
  }
  return end;
}

void check_pages(const char* op, const KvPages& pages, const ConstTensor& keys) {
  const DType dtype = pages.keys.dtype();
  const bool is_known = dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kI8;
  if (!is_known || pages.page_size < 1 || pages.head_dim != keys.shape()[2]) {
    throw InternalError(std::string(op) + ": expected pages of F32, BF16 or I8 with slices of " +
                        std::to_string(keys.shape()[2]) + ", got " + describe(pages.keys) + " of " +
                        std::to_string(pages.page_size) + " slots with slices of " + std::to_string(pages.head_dim));
  }
  const Shape expected{pages.keys.rows(), keys.shape()[1],
                       KvPages::stretch_elements(dtype, pages.page_size, pages.head_dim)};
  for (const Tensor* tensor : {&pages.keys, &pages.values}) {
    if (tensor->shape() == expected && tensor->dtype() == dtype && tensor->is_contiguous()) continue;
    throw InternalError(std::string(op) + ": expected pages of keys and of values " + expected.to_string() +
                        ", both contiguous and of one type, got " + describe(pages.keys) + " and " +
                        describe(pages.values));
  }
}

/// Adds the segment to `extents`.
void check_segment(const AttentionSegment& segment, ForwardExtents& extents) {
  expect_count("begin", "as the first row of the next segment", segment.first_row, extents.num_segment_rows);
  if (segment.num_rows < 0 || segment.prefix_length < 0) throw InternalError("begin: a segment of negative length");
  extents.num_segment_rows += segment.num_rows;
  extents.page_end = std::max(extents.page_end, end_of("page", segment.page_table, 0));
  if (segment.prefix_length == 0) return;
  const auto num_pages = static_cast<std::int64_t>(segment.page_table.size());
  if (num_pages == 0) throw InternalError("begin: a prefix without pages");
  extents.least_page_size = std::max(extents.least_page_size, (segment.prefix_length + num_pages - 1) / num_pages);
}

}  // namespace

ForwardExtents check_inputs(const ForwardInputs& inputs) {
  const auto count = [](const auto& span) { return static_cast<std::int64_t>(span.size()); };
  ForwardExtents extents{.num_token_ids = count(inputs.token_ids),
                         .num_positions = count(inputs.positions),
                         .num_slots = count(inputs.slots),
                         .num_prediction_rows = count(inputs.prediction_rows),
                         .num_sampling_rows = count(inputs.sampling),
                         .token_id_end = end_of("token id", inputs.token_ids, 0),
                         .slot_end = end_of("slot but -1", inputs.slots, -1),
                         .prediction_row_end = end_of("prediction row", inputs.prediction_rows, 0)};
  end_of("position", inputs.positions, 0);
  for (const AttentionSegment& segment : inputs.segments) check_segment(segment, extents);
  return extents;
}

void check_handle(const char* op, const Backend& backend, const Forward& forward) {
  if (forward.is_of(backend)) return;
  throw InternalError(std::string(op) + ": expected a forward that " + backend.description() + " began");
}

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

void check_embed(const ForwardExtents& extents, const ConstTensor& table, const ConstTensor& out) {
  if (table.shape().rank() != 2) throw InternalError("embed: expected a matrix as table, got " + describe(table));
  expect_tensor("embed", "out", out, {extents.num_token_ids, table.shape()[1]});
  expect_end("embed", "token ids", extents.token_id_end, table.rows());
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

void check_rope_angles(const ForwardExtents& extents, const Rotation& rotation, const ConstTensor& angles) {
  expect_tensor("rope_angles", "angles", angles,
                {extents.num_positions, angles.shape().rank() == 2 ? angles.shape()[1] : 0});
  if (angles.shape()[1] % 2 != 0)
    throw InternalError("rope_angles: expected an even head_dim, got " + describe(angles));
  const auto num_angles = static_cast<std::int64_t>(2 * rotation.frequencies.size());
  if (num_angles != angles.shape()[1]) {
    throw InternalError("rope_angles: expected frequencies for " + describe(angles) + ", got " +
                        std::to_string(rotation.frequencies.size()));
  }
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

void check_store_kv(const ForwardExtents& extents, const ConstTensor& keys, const ConstTensor& values,
                    const KvPages& pages) {
  expect_f32("store_kv", "keys", keys, 3);
  expect_tensor("store_kv", "values", values, keys.shape());
  expect_count("store_kv", "slots", extents.num_slots, keys.rows());
  check_pages("store_kv", pages, keys);
  expect_end("store_kv", "slots", extents.slot_end, pages.num_slots());
}

void check_attention(const ForwardExtents& extents, const AttentionArgs& args) {
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
  expect_count("attention", "rows in all segments", extents.num_segment_rows, shape[0]);
  if (extents.least_page_size == 0) return;
  check_pages("attention", args.pages, args.keys);
  expect_end("attention", "pages", extents.page_end, args.pages.keys.rows());
  if (extents.least_page_size > args.pages.page_size) {
    throw InternalError("attention: expected prefixes that fit into their pages of " +
                        std::to_string(args.pages.page_size) + " slots, got one that needs " +
                        std::to_string(extents.least_page_size));
  }
}

void check_silu_multiply(const ConstTensor& gate_up, const ConstTensor& out) {
  expect_f32("silu_multiply", "out", out, 2);
  expect_tensor("silu_multiply", "gate_up", gate_up, {out.rows(), 2 * out.shape()[1]});
}

void check_gather_prediction_rows(const ForwardExtents& extents, const ConstTensor& x, const ConstTensor& out) {
  expect_f32("gather_prediction_rows", "x", x, 2);
  expect_tensor("gather_prediction_rows", "out", out, {extents.num_prediction_rows, x.shape()[1]});
  expect_end("gather_prediction_rows", "rows", extents.prediction_row_end, x.rows());
}

void check_predict(const ForwardExtents& extents, const PredictArgs& args) {
  if (args.head == nullptr) throw InternalError("predict: no head");
  const std::int64_t rows = args.hidden.rows();
  expect_tensor("predict", "hidden", args.hidden, {rows, args.head->in_features()});
  expect_count("predict", "sampling rows", extents.num_sampling_rows, rows);
  if (!args.logits.is_empty()) expect_tensor("predict", "logits", args.logits, {rows, args.head->out_features()});
}

void check_read_predictions(const ForwardExtents& extents, std::span<const Prediction> predictions) {
  expect_count("read_predictions", "predictions", static_cast<std::int64_t>(predictions.size()),
               extents.num_sampling_rows);
}

}  // namespace wedlm
