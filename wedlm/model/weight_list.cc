#include "wedlm/model/weight_list.h"

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::size_t kNamesInMessage = 3;
constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kHead = "lm_head.weight";

void append_layer(const ModelConfig& config, std::int64_t layer, std::vector<WeightSpec>& list) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  const auto add = [&](const char* name, Shape shape) { list.push_back({prefix + name, shape}); };
  const std::int64_t hidden = config.hidden_size;
  const auto projection = [&](const std::string& name, std::int64_t out, std::int64_t in, bool has_bias) {
    list.push_back({prefix + name + ".weight", Shape{out, in}});
    if (has_bias) list.push_back({prefix + name + ".bias", Shape{out}});
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
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::memcmp(a.data(), b.data(), bytes) == 0;
}

/// A copy of the embedding that a tied checkpoint stores as its head says nothing new; another head would be lost.
bool is_copy_of_tied_embedding(const Checkpoint& checkpoint, const ModelConfig& config, const std::string& name) {
  if (!config.tie_word_embeddings || name != kHead) return false;
  const ConstTensor* embedding = checkpoint.find(kEmbedding);
  return embedding != nullptr && have_equal_bytes(*embedding, *checkpoint.find(kHead));
}

}  // namespace

std::vector<WeightSpec> weight_list(const ModelConfig& config) {
  std::vector<WeightSpec> list;
  list.push_back({std::string(kEmbedding), Shape{config.vocab_size, config.hidden_size}});
  for (std::int64_t layer = 0; layer < config.num_hidden_layers; ++layer) append_layer(config, layer, list);
  list.push_back({"model.norm.weight", Shape{config.hidden_size}});
  if (!config.tie_word_embeddings) list.push_back({std::string(kHead), Shape{config.vocab_size, config.hidden_size}});
  return list;
}

void check_weights(const Checkpoint& checkpoint, const ModelConfig& config) {
  Complaint missing("missing");
  Complaint misshapen("of a wrong shape");
  Complaint extra("not part of the model");
  std::unordered_set<std::string> expected;
  for (const WeightSpec& spec : weight_list(config)) {
    expected.insert(spec.name);
    const ConstTensor* tensor = checkpoint.find(spec.name);
    if (tensor == nullptr) {
      missing.add(spec.name);
    } else if (tensor->shape() != spec.shape) {
      misshapen.add(spec.name + " (expected " + spec.shape.to_string() + ", got " + tensor->shape().to_string() + ")");
    }
  }
  for (const Checkpoint::Entry& entry : checkpoint.tensors()) {
    if (expected.contains(entry.name) || entry.name.ends_with("rotary_emb.inv_freq")) continue;
    if (is_copy_of_tied_embedding(checkpoint, config, entry.name)) continue;
    const bool is_other_head = config.tie_word_embeddings && entry.name == kHead;
    extra.add(quote(entry.name) +
              (is_other_head ? " (the config ties it to model.embed_tokens.weight, which differs)" : ""));
  }
  std::string text;
  for (const Complaint* complaint : {&missing, &misshapen, &extra}) {
    if (!complaint->is_empty()) text += (text.empty() ? "" : "; ") + complaint->text();
  }
  if (!text.empty()) {
    throw InvalidInput("the weights in " + checkpoint.folder().string() + " do not fit its config.json: " + text);
  }
}

}  // namespace wedlm
