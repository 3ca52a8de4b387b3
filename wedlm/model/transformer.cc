#include "wedlm/model/transformer.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {

struct Transformer::Layer {
  ConstTensor input_norm;                 // [hidden]
  std::unique_ptr<PackedWeight> qkv;      // [(heads + 2 * kv_heads) * head_dim, hidden]
  ConstTensor qkv_bias;                   // [the same outputs], or empty
  ConstTensor q_norm, k_norm;             // [head_dim], or empty
  std::unique_ptr<PackedWeight> o;        // [hidden, heads * head_dim]
  ConstTensor o_bias;                     // [hidden], or empty
  ConstTensor post_attention_norm;        // [hidden]
  std::unique_ptr<PackedWeight> gate_up;  // [2 * intermediate, hidden]
  std::unique_ptr<PackedWeight> down;     // [hidden, intermediate]
};

namespace {

std::vector<AttentionSegment> attention_segments(const Batch& batch) {
  std::vector<AttentionSegment> segments;
  segments.reserve(batch.segments.size());
  for (const Segment& segment : batch.segments) {
    segments.push_back({.first_row = segment.first_row,
                        .num_rows = segment.num_rows,
                        .prefix_length = segment.prefix_length,
                        .page_table = segment.block_table});
  }
  return segments;
}

/// Asks for weights by name, hands them to the backend, and reports progress.
class WeightLoader {
 public:
  WeightLoader(const WeightSource& weights, Backend& backend, std::vector<std::vector<float>>& host_vectors,
               std::vector<Buffer>& panel_memory, const Transformer::Progress& progress)
      : weights_(weights),
        backend_(backend),
        host_vectors_(host_vectors),
        panel_memory_(panel_memory),
        progress_(progress) {}

  /// One or more vectors, end to end, as float32.
  ConstTensor vector(std::initializer_list<std::string> names) {
    std::vector<float>& values = host_vectors_.emplace_back();
    for (const std::string& name : names) {
      const HostWeight weight = weights_.weight(name);
      const ConstTensor& part = weight.tensor;
      const std::size_t first = values.size();
      values.resize(first + static_cast<std::size_t>(part.rows()));
      to_f32(part.dtype(), part.data(), values.data() + first, values.size() - first);
    }
    return backend_.place({values.data(), DType::kF32, {static_cast<std::int64_t>(values.size())}});
  }

  std::unique_ptr<PackedWeight> matrix(const MatrixSpec& matrix, const ModelFormats& formats) {
    std::unique_ptr<PackedWeight> weight;
    if (std::optional<HostMatrix> packed = weights_.packed(matrix)) {
      weight = backend_.adopt(packed->panels);
      panel_memory_.push_back(std::move(packed->memory));
      done_ += static_cast<std::size_t>(packed->panels.layout.bytes());
    } else {
      std::vector<HostWeight> memory;
      std::vector<ConstTensor> parts;
      for (const std::string& name : matrix.parts) parts.push_back(memory.emplace_back(weights_.weight(name)).tensor);
      weight = backend_.pack(parts, matrix.format(formats));
      for (const ConstTensor& part : parts) {
        done_ += static_cast<std::size_t>(part.shape().num_elements()) * dtype_bytes(part.dtype());
      }
    }
    const std::size_t total = weights_.total_bytes();
    if (progress_) progress_(std::min(done_, total), total);
    return weight;
  }

 private:
  const WeightSource& weights_;
  Backend& backend_;
  std::vector<std::vector<float>>& host_vectors_;
  std::vector<Buffer>& panel_memory_;
  const Transformer::Progress& progress_;
  std::size_t done_ = 0;
};

}  // namespace

Transformer::Transformer(const Checkpoint& checkpoint, const ModelConfig& config, Backend& backend,
                         const Progress& progress, const ModelFormats& formats)
    : Transformer(CheckpointWeights(checkpoint, config), config, backend, progress,
                  formats_to_load(config.quantization, formats)) {}

Transformer::Transformer(const WeightSource& weights, const ModelConfig& config, Backend& backend,
                         const Progress& progress, const ModelFormats& formats)
    : config_(config), backend_(backend), embedding_memory_(weights.weight("model.embed_tokens.weight")) {
  WeightLoader load(weights, backend, host_vectors_, panel_memory_, progress);
  embeddings_ = backend.place(embedding_memory_.tensor);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    const std::string attention = prefix + "self_attn.";
    const LayerMatrices matrices = layer_matrices(config, i);
    Layer layer;
    layer.input_norm = load.vector({prefix + "input_layernorm.weight"});
    layer.qkv = load.matrix(matrices.qkv, formats);
    if (config.attention_bias) {
      layer.qkv_bias = load.vector({attention + "q_proj.bias", attention + "k_proj.bias", attention + "v_proj.bias"});
    }
    if (config.qk_norm) {
      layer.q_norm = load.vector({attention + "q_norm.weight"});
      layer.k_norm = load.vector({attention + "k_norm.weight"});
    }
    layer.o = load.matrix(matrices.o, formats);
    if (config.o_proj_bias) layer.o_bias = load.vector({attention + "o_proj.bias"});
    layer.post_attention_norm = load.vector({prefix + "post_attention_layernorm.weight"});
    layer.gate_up = load.matrix(matrices.gate_up, formats);
    layer.down = load.matrix(matrices.down, formats);
    layers_.push_back(std::move(layer));
  }
  final_norm_ = load.vector({"model.norm.weight"});
  head_ = load.matrix(head_matrix(config), formats);
}

Transformer::~Transformer() = default;

std::size_t Transformer::weight_bytes() const {
  std::size_t bytes = head_->bytes();
  for (const Layer& layer : layers_) {
    bytes += layer.qkv->bytes() + layer.o->bytes() + layer.gate_up->bytes() + layer.down->bytes();
  }
  for (const std::vector<float>& vector : host_vectors_) bytes += vector.size() * sizeof(float);
  return bytes;
}

std::int64_t Transformer::multiply_adds_per_row() const {
  const auto of = [](const PackedWeight& weight) { return weight.out_features() * weight.in_features(); };
  std::int64_t count = of(*head_);
  for (const Layer& layer : layers_) count += of(*layer.qkv) + of(*layer.o) + of(*layer.gate_up) + of(*layer.down);
  return count;
}

LaunchedForward Transformer::launch(const Batch& batch, KvCache& cache, const Activations& activations,
                                    const Tensor& logits) const {
  batch.check(config_.vocab_size, cache.num_slots(), cache.block_size());
  const auto num_predictions = static_cast<std::int64_t>(batch.prediction_rows.size());
  const ActivationTensors tensors = activations.tensors(batch.num_rows(), num_predictions);
  const auto eps = static_cast<float>(config_.rms_norm_eps);
  const std::vector<AttentionSegment> segments = attention_segments(batch);
  std::unique_ptr<Forward> forward = backend_.begin({.token_ids = batch.token_ids,
                                                     .positions = batch.positions,
                                                     .slots = batch.slots,
                                                     .segments = segments,
                                                     .prediction_rows = batch.prediction_rows,
                                                     .sampling = batch.sampling});

  backend_.embed(*forward, embeddings_, tensors.hidden);
  backend_.rope_angles(*forward, cache.rotation(), tensors.angles);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    if (i == 0) backend_.rms_norm(tensors.hidden, layer.input_norm, eps, tensors.normed);
    attend(layer, *forward, cache.layer(static_cast<std::int64_t>(i)), tensors);
    backend_.linear(tensors.attended, *layer.o, layer.o_bias, tensors.branch);
    backend_.add_rms_norm(tensors.branch, tensors.hidden, layer.post_attention_norm, eps, tensors.normed);
    backend_.linear(tensors.normed, *layer.gate_up, {}, tensors.gate_up);
    backend_.silu_multiply(tensors.gate_up, tensors.activated);
    backend_.linear(tensors.activated, *layer.down, {}, tensors.branch);
    const ConstTensor& next_norm = i + 1 < layers_.size() ? layers_[i + 1].input_norm : final_norm_;
    backend_.add_rms_norm(tensors.branch, tensors.hidden, next_norm, eps, tensors.normed);
  }
  if (num_predictions > 0) {
    backend_.gather_prediction_rows(*forward, tensors.normed, tensors.predicting);
    backend_.predict(*forward, {.hidden = tensors.predicting, .head = head_.get(), .logits = logits});
  }
  return {backend_, std::move(forward)};
}

void Transformer::attend(const Layer& layer, const Forward& forward, const KvPages& pages,
                         const ActivationTensors& tensors) const {
  const std::int64_t heads = config_.num_attention_heads;
  const std::int64_t kv_heads = config_.num_key_value_heads;
  const std::int64_t head_dim = config_.head_dim;

  backend_.linear(tensors.normed, *layer.qkv, layer.qkv_bias, tensors.qkv);
  const Tensor queries = tensors.qkv.columns(0, heads * head_dim).split_rows(heads);
  const Tensor keys = tensors.qkv.columns(heads * head_dim, kv_heads * head_dim).split_rows(kv_heads);
  const Tensor values = tensors.qkv.columns((heads + kv_heads) * head_dim, kv_heads * head_dim).split_rows(kv_heads);
  backend_.rotate_heads({.queries = queries,
                         .keys = keys,
                         .query_norm = layer.q_norm,
                         .key_norm = layer.k_norm,
                         .eps = static_cast<float>(config_.rms_norm_eps),
                         .angles = tensors.angles});
  backend_.store_kv(forward, keys, values, pages);
  backend_.attention(forward, {.queries = queries,
                               .keys = keys,
                               .values = values,
                               .pages = pages,
                               .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim))),
                               .out = tensors.attended.split_rows(heads)});
}

}  // namespace wedlm
