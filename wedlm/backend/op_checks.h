// What every backend demands of the arguments of an op, in one place: shapes that fit together, float32 activations,
// indices inside their tables. Each function throws InternalError that names the op, what was expected and what came.
// Backend's public functions call them; a backend need not.
#pragma once

#include <cstdint>
#include <span>

#include "wedlm/backend/backend.h"

namespace wedlm {

/// Of begin(): that the inputs are sound, whatever op will read them.
ForwardExtents check_inputs(const ForwardInputs& inputs);
/// That the handle is one of this backend.
void check_handle(const char* op, const Backend& backend, const Forward& forward);
void check_copy(const ConstTensor& from, const ConstTensor& to);
/// Returns the output features of all parts together.
std::int64_t check_pack(std::span<const ConstTensor> parts, const WeightFormat& format);
/// Throws the InvalidInput of weights that a packed format cannot keep.
[[noreturn]] void throw_not_finite(const char* op);
void check_embed(const ForwardExtents& extents, const ConstTensor& table, const ConstTensor& out);
void check_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const ConstTensor& out);
void check_rms_norm(const ConstTensor& x, const ConstTensor& weight, const ConstTensor& out);
void check_add(const ConstTensor& x, const ConstTensor& residual);
void check_rope_angles(const ForwardExtents& extents, const Rotation& rotation, const ConstTensor& angles);
void check_rope(const ConstTensor& x, const ConstTensor& angles);
void check_rotate_heads(const RotateHeadsArgs& args);
void check_store_kv(const ForwardExtents& extents, const ConstTensor& keys, const ConstTensor& values,
                    const KvPages& pages);
void check_attention(const ForwardExtents& extents, const AttentionArgs& args);
void check_silu_multiply(const ConstTensor& gate_up, const ConstTensor& out);
void check_gather_prediction_rows(const ForwardExtents& extents, const ConstTensor& x, const ConstTensor& out);
void check_predict(const ForwardExtents& extents, const PredictArgs& args);
void check_read_predictions(const ForwardExtents& extents, std::span<const Prediction> predictions);

}  // namespace wedlm
