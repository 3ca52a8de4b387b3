#include "wedlm/model/inflated_config.h"

#include <bit>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::int64_t queries_per_kv(const ModelConfig& config) {
  return config.num_attention_heads / config.num_key_value_heads;
}

/// K/V heads of the large model that the query heads of one of the small model's need.
std::int64_t kv_copies(const ModelConfig& small, const ModelConfig& large) {
  return (queries_per_kv(small) + queries_per_kv(large) - 1) / queries_per_kv(large);
}

bool is_power_of_four(std::int64_t number) {
  return std::has_single_bit(static_cast<std::uint64_t>(number)) &&
         std::countr_zero(static_cast<std::uint64_t>(number)) % 2 == 0;
}

/// Why a shape cannot hold a model, all reasons in one text.
class Reasons {
 public:
  void add_unless(bool fits, const std::string& reason) {
    if (!fits) text_ += (text_.empty() ? "" : "; ") + reason;
  }
  void add_unless_room(const char* what, std::int64_t needed, std::int64_t there) {
    add_unless(there >= needed, "the model has " + std::string(what) + " " + std::to_string(needed) +
                                    ", the shape only " + std::to_string(there));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void check_heads(const ModelConfig& small, const ModelConfig& shape, Reasons& reasons) {
  reasons.add_unless(small.num_key_value_heads * kv_copies(small, shape) <= shape.num_key_value_heads,
                     "the model has " + std::to_string(small.num_attention_heads) + " heads over " +
                         std::to_string(small.num_key_value_heads) + " K/V heads, which do not fit into " +
                         std::to_string(shape.num_attention_heads) + " over " +
                         std::to_string(shape.num_key_value_heads));
  const std::string dims =
      "head_dim " + std::to_string(shape.head_dim) + " over the model's " + std::to_string(small.head_dim);
  if (shape.head_dim % small.head_dim != 0) {
    reasons.add_unless(false, dims + " is no whole number");
  } else if (shape.head_dim != small.head_dim) {
    const bool is_by_pair = small.rope.type != RopeType::kDynamic && small.rope.type != RopeType::kYarn;
    reasons.add_unless(
        is_by_pair, dims + " does not go with a rotation stretched by " + std::string(rope_type_name(small.rope.type)));
    reasons.add_unless(small.qk_norm || is_power_of_four(shape.head_dim / small.head_dim),
                       dims + " is no power of 4, and there are no q/k norms to scale");
  }
}

void check_kind(const ModelConfig& small, const ModelConfig& shape, Reasons& reasons) {
  if (small.qk_norm != shape.qk_norm) {
    reasons.add_unless(false, small.qk_norm ? "the model has q/k norms and the shape has none"
                                            : "the model has no q/k norms and the shape has some");
  }
  reasons.add_unless(shape.attention_bias || !small.attention_bias,
                     "the model has biases of queries, keys and values and the shape has none");
  reasons.add_unless(shape.o_proj_bias || !small.o_proj_bias,
                     "the model has a bias of the attention's output and the shape has none");
  reasons.add_unless(small.tie_word_embeddings || !shape.tie_word_embeddings,
                     "the model has a head of its own and the shape's is tied to the embeddings");
}

}  // namespace

ModelConfig inflated_config(const ModelConfig& small, const ModelConfig& shape, std::string_view shape_name) {
  Reasons reasons;
  reasons.add_unless(!small.quantization.has_value(),
                     "the model is quantized; take the one that it was made from, with --weights");
  reasons.add_unless_room("hidden_size", small.hidden_size, shape.hidden_size);
  reasons.add_unless_room("intermediate_size", small.intermediate_size, shape.intermediate_size);
  reasons.add_unless_room("num_hidden_layers", small.num_hidden_layers, shape.num_hidden_layers);
  reasons.add_unless_room("vocab_size", small.vocab_size, shape.vocab_size);
  reasons.add_unless(shape.vocab_size <= small.vocab_size || shape.hidden_size != small.hidden_size,
                     "the vocabulary is larger and hidden_size, " + std::to_string(small.hidden_size) + ", is not");
  check_heads(small, shape, reasons);
  check_kind(small, shape, reasons);
  if (!reasons.text().empty()) {
    throw InvalidInput("the shape " + std::string(shape_name) + " cannot hold this model: " + reasons.text());
  }
  ModelConfig config = small;
  config.vocab_size = shape.vocab_size;
  config.hidden_size = shape.hidden_size;
  config.intermediate_size = shape.intermediate_size;
  config.num_hidden_layers = shape.num_hidden_layers;
  config.num_attention_heads = shape.num_attention_heads;
  config.num_key_value_heads = shape.num_key_value_heads;
  config.head_dim = shape.head_dim;
  config.rms_norm_eps *= static_cast<double>(small.hidden_size) / static_cast<double>(shape.hidden_size);
  config.tie_word_embeddings = shape.tie_word_embeddings;
  config.attention_bias = shape.attention_bias;
  config.o_proj_bias = shape.o_proj_bias;
  return config;
}

HeadPlaces::HeadPlaces(const ModelConfig& small, const ModelConfig& large)
    : query(static_cast<std::size_t>(large.num_attention_heads), -1),
      kv(static_cast<std::size_t>(large.num_key_value_heads), -1) {
  const std::int64_t copies = kv_copies(small, large), group = queries_per_kv(large);
  for (std::int64_t head = 0; head < small.num_attention_heads; ++head) {
    const std::int64_t small_kv = head / queries_per_kv(small), i = head % queries_per_kv(small);
    const std::int64_t large_kv = small_kv * copies + i / group;
    kv[static_cast<std::size_t>(large_kv)] = small_kv;
    query[static_cast<std::size_t>(large_kv * group + i % group)] = head;
  }
}

}  // namespace wedlm
