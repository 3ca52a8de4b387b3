// What every backend demands of the arguments of an op, in one place: shapes that fit together, float32 activations,
// indices inside their tables. Each function throws InternalError that names the op, what was expected and what came.
#pragma once

#include <cstdint>
#include <span>

#include "wedlm/backend/backend.h"

namespace wedlm {

void check_copy(const ConstTensor& from, const ConstTensor& to);
/// Returns the output features of all parts together.
std::int64_t check_pack(std::span<const ConstTensor> parts, const WeightFormat& format);
/// Throws the InvalidInput of weights that a packed format cannot keep.
[[noreturn]] void throw_not_finite(const char* op);
void check_embed(const ConstTensor& table, std::span<const TokenId> token_ids, const ConstTensor& out);
void check_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const ConstTensor& out);
void check_rms_norm(const ConstTensor& x, const ConstTensor& weight, const ConstTensor& out);
void check_add(const ConstTensor& x, const ConstTensor& residual);
void check_rope_angles(std::span<const std::int32_t> positions, const ConstTensor& angles);
void check_rope(const ConstTensor& x, const ConstTensor& angles);
void check_rotate_heads(const RotateHeadsArgs& args);
void check_store_kv(const ConstTensor& keys, const ConstTensor& values, std::span<const std::int32_t> slots,
                    const KvPages& pages);
void check_attention(const AttentionArgs& args);
void check_silu_multiply(const ConstTensor& gate_up, const ConstTensor& out);
void check_gather_rows(const ConstTensor& x, std::span<const std::int32_t> rows, const ConstTensor& out);
void check_read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                       std::span<const Prediction> predictions);
void check_predict(const PredictArgs& args);

}  // namespace wedlm
