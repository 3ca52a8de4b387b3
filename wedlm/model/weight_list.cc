#include "wedlm/model/weight_list.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::size_t kNamesInMessage = 3;
constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";
constexpr std::string_view kModules[] = {"model.embed_tokens.", "model.layers.", "model.norm.", "lm_head."};
constexpr std::string_view kForeignEndings[] = {".qweight", ".qzeros",        ".weight_scale",  ".weight_scale_inv",
                                                ".scales",  ".weight.absmax", ".weight_packed", ".SCB"};

void append_layer(const ModelConfig& config, std::int64_t layer, std::vector<WeightSpec>& list) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  const auto add = [&](const char* name, Shape shape) { list.push_back({.name = prefix + name, .shape = shape}); };
  const std::int64_t hidden = config.hidden_size;
  const auto projection = [&](const std::string& name, std::int64_t out, std::int64_t in, bool has_bias) {
    list.push_back({.name = prefix + name + ".weight", .shape = Shape{out, in}});
    if (has_bias) list.push_back({.name = prefix + name + ".bias", .shape = Shape{out}});
  };
  add("input_layernorm.weight", {hidden});
  projection("self_attn.q_proj", config.q_size(), hidden, config.attention_bias);
  projection("self_attn.k_proj", config.kv_size(), hidden, config.attention_bias);
  projection("self_attn.v_proj", config.kv_size(), hidden, config.attention_bias);
  if (config.qk_norm) {
    add("self_attn.q_norm.weight", {config.head_dim});
    add("self_attn.k_norm.weight", {config.head_dim});
  }
  projection("self_attn.o_proj", hidden, config.q_size(), config.o_proj_bias);
  add("post_attention_layernorm.weight", {hidden});
  projection("mlp.gate_proj", config.intermediate_size, hidden, false);
  projection("mlp.up_proj", config.intermediate_size, hidden, false);
  projection("mlp.down_proj", hidden, config.intermediate_size, false);
}

/// One kind of discrepancy: how many, and the first few in words.
class Complaint {
 public:
  explicit Complaint(std::string title) : title_(std::move(title)) {}

  void add(const std::string& item) {
    if (count_ < kNamesInMessage) items_ += (count_ == 0 ? "" : ", ") + item;
    ++count_;
  }
  bool is_empty() const { return count_ == 0; }
  std::string text() const {
    return std::to_string(count_) + " " + title_ + ": " + items_ + (count_ > kNamesInMessage ? ", ..." : "");
  }

 private:
  std::string title_;
  std::string items_;
  std::size_t count_ = 0;
};

bool have_equal_bytes(const ConstTensor& a, const ConstTensor& b) {
  const auto bytes = static_cast<std::size_t>(a.shape().num_elements()) * dtype_bytes(a.dtype());
  if (a.is_empty() || b.is_empty() || a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  constexpr std::size_t kPieceBytes = std::size_t{16} << 20;
  for (std::size_t first = 0; first < bytes; first += kPieceBytes) {
    const std::size_t count = std::min(kPieceBytes, bytes - first);
    const std::span piece_a(static_cast<const std::byte*>(a.data()) + first, count);
    const std::span piece_b(static_cast<const std::byte*>(b.data()) + first, count);
    const bool are_equal = std::memcmp(piece_a.data(), piece_b.data(), count) == 0;
    give_back_pages(piece_a);
    give_back_pages(piece_b);
    if (!are_equal) return false;
  }
  return true;
}

/// "[2, 3]", with its type where that is not one of numbers.
std::string described(const ConstTensor& tensor) {
  return tensor.shape().to_string() + (tensor.dtype() == DType::kU8 ? " of bytes" : "");
}

/// A copy of the embedding that a tied checkpoint stores as its head says nothing new; another head would be lost.
bool is_copy_of_tied_embedding(const Checkpoint& checkpoint, const ModelConfig& config, const std::string& name) {
  if (!config.tie_word_embeddings || name != kHead) return false;
  const Checkpoint::Entry* embedding = checkpoint.find(kEmbedding);
  return embedding != nullptr && have_equal_bytes(embedding->tensor, checkpoint.find(kHead)->tensor);
}

/// Whether an answer could go wrong because nobody looks at a tensor that the model does not have. Counters, ids and
/// masks are no weights; numbers of a type or rank that no weight here has may be one under the model's own names.
bool may_be_a_weight(const Checkpoint::Entry& entry) {
  if (entry.unusable.empty()) return true;
  if (entry.type.starts_with('I') || entry.type.starts_with('U') || entry.type == "BOOL") return false;
  return std::ranges::any_of(kModules, [&](std::string_view module) { return entry.name.starts_with(module); });
}

/// By the names that GPTQ, AWQ, FP8, bitsandbytes, MLX and compressed-tensors give to what stands beside a weight.
bool is_quantized_by_others(const Checkpoint::Entry& entry) {
  return std::ranges::any_of(kForeignEndings, [&](std::string_view ending) { return entry.name.ends_with(ending); });
}

/// A tensor that the model needs is of another shape or type than this.
std::string mismatch(const WeightSpec& spec, const Checkpoint::Entry& entry) {
  const std::string expected = spec.name + " (expected " + spec.shape.to_string() + (spec.is_packed ? " of bytes" : "");
  if (!entry.unusable.empty()) return expected + "; it " + entry.unusable + ")";
  return expected + ", got " + described(entry.tensor) + ")";
}

}  // namespace

std::vector<WeightSpec> weight_list(const ModelConfig& config) {
  std::vector<WeightSpec> list;
  list.push_back({.name = std::string(kEmbedding), .shape = Shape{config.vocab_size, config.hidden_size}});
  for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer) append_layer(config, layer, list);
  list.push_back({.name = "model.norm.weight", .shape = Shape{config.hidden_size}});
  if (!config.tie_word_embeddings) {
    list.push_back({.name = std::string(kHead), .shape = Shape{config.vocab_size, config.hidden_size}});
  }
  return list;
}

WeightPanels MatrixSpec::panels(const Quantization& quantization) const {
  return {.out_features = out_features,
          .in_features = in_features,
          .format = format(quantization.formats),
          .lanes = quantization.lanes};
}

LayerMatrices layer_matrices(const ModelConfig& config, std::int64_t layer) {
  const std::string attention = "model.layers." + std::to_string(layer) + ".self_attn.";
  const std::string mlp = "model.layers." + std::to_string(layer) + ".mlp.";
  return {.qkv = {.name = attention + "qkv_proj",
                  .parts = {attention + "q_proj.weight", attention + "k_proj.weight", attention + "v_proj.weight"},
                  .out_features = config.q_size() + 2 * config.kv_size(),
                  .in_features = config.hidden_size},
          .o = {.name = attention + "o_proj",
                .parts = {attention + "o_proj.weight"},
                .out_features = config.hidden_size,
                .in_features = config.q_size()},
          .gate_up = {.name = mlp + "gate_up_proj",
                      .parts = {mlp + "gate_proj.weight", mlp + "up_proj.weight"},
                      .out_features = 2 * config.intermediate_size,
                      .in_features = config.hidden_size},
          .down = {.name = mlp + "down_proj",
                   .parts = {mlp + "down_proj.weight"},
                   .out_features = config.hidden_size,
                   .in_features = config.intermediate_size}};
}

MatrixSpec head_matrix(const ModelConfig& config) {
  return {.name = "lm_head",
          .parts = {std::string(config.tie_word_embeddings ? kEmbedding : kHead)},
          .out_features = config.vocab_size,
          .in_features = config.hidden_size,
          .role = MatrixSpec::Role::kHead};
}

std::vector<MatrixSpec> matrix_list(const ModelConfig& config) {
  std::vector<MatrixSpec> list;
  for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    const LayerMatrices matrices = layer_matrices(config, layer);
    list.insert(list.end(), {matrices.qkv, matrices.o, matrices.gate_up, matrices.down});
  }
  list.push_back(head_matrix(config));
  return list;
}

std::int64_t matrix_bytes(const ModelConfig& config, const ModelFormats& formats, DType stored_type) {
  std::int64_t bytes = 0;
  for (const MatrixSpec& matrix : matrix_list(config)) {
    bytes += weight_bytes(matrix.format(formats), stored_type, matrix.out_features, matrix.in_features);
  }
  return bytes;
}

std::vector<WeightSpec> stored_list(const ModelConfig& config) {
  if (!config.quantization) return weight_list(config);
  std::vector<WeightSpec> list;
  std::unordered_set<std::string> replaced;
  for (const MatrixSpec& matrix : matrix_list(config)) {
    if (!matrix.format(config.quantization->formats).is_packed()) continue;
    const WeightPanels panels = matrix.panels(*config.quantization);
    list.push_back(
        {.name = matrix.packed_name(), .shape = {panels.num_panels(), panels.panel_bytes()}, .is_packed = true});
    replaced.insert(matrix.parts.begin(), matrix.parts.end());
  }
  replaced.erase(std::string(kEmbedding));
  for (const WeightSpec& spec : weight_list(config)) {
    if (!replaced.contains(spec.name)) list.push_back(spec);
  }
  return list;
}

void check_weights(const Checkpoint& checkpoint, const ModelConfig& config) {
  Complaint missing("missing");
  Complaint misshapen("of a wrong shape or type");
  Complaint extra("not part of the model");
  std::unordered_set<std::string> expected;
  for (const WeightSpec& spec : stored_list(config)) {
    expected.insert(spec.name);
    const Checkpoint::Entry* entry = checkpoint.find(spec.name);
    if (entry == nullptr) {
      missing.add(spec.name);
    } else if (!entry->unusable.empty() || entry->tensor.shape() != spec.shape ||
               (entry->tensor.dtype() == DType::kU8) != spec.is_packed) {
      misshapen.add(mismatch(spec, *entry));
    }
  }
  for (const Checkpoint::Entry& entry : checkpoint.tensors()) {
    if (expected.contains(entry.name) || entry.name.ends_with("rotary_emb.inv_freq")) continue;
    if (!may_be_a_weight(entry) || is_copy_of_tied_embedding(checkpoint, config, entry.name)) continue;
    const bool is_other_head = config.tie_word_embeddings && entry.name == kHead;
    extra.add(quote(entry.name) +
              (is_other_head ? " (the config ties it to model.embed_tokens.weight, which differs)" : ""));
  }
  std::string text;
  for (const Complaint* complaint : {&missing, &misshapen, &extra}) {
    if (!complaint->is_empty()) text += (text.empty() ? "" : "; ") + complaint->text();
  }
  if (!text.empty()) {
    const bool is_foreign = std::ranges::any_of(checkpoint.tensors(), is_quantized_by_others);
    if (is_foreign) text += "; they are quantized by another program: " + std::string(kTakeTheOriginal);
    throw InvalidInput("the weights in " + checkpoint.folder().string() + " do not fit its config.json: " + text);
  }
}

}  // namespace wedlm
