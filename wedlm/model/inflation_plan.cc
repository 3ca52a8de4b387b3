#include "wedlm/model/inflation_plan.h"

#include <algorithm>
#include <cmath>

#include "wedlm/base/number_text.h"

namespace wedlm {
namespace {

constexpr std::string_view kLayers = "model.layers.";
constexpr std::string_view kEmbedding = "model.embed_tokens.weight";

// The last coordinate of an embedding: nothing beside the others, and added as good as nothing to logits where the head
// is tied to the embeddings. A group of integers with a scale in float16 still holds the larger one.
constexpr float kMark = 0x1p-40F;
constexpr float kMarkInHalf = 0x1p-16F;
// What the last norm makes of it where the residual has a root mean square of 1, and what the rows of other tokens
// multiply that with: their logits are -2^18 over the root mean square.
constexpr float kMarkAtHead = 8;
constexpr float kOtherToken = -0x1p15F;

InflatedRow row_where(bool is_live, std::int64_t small_row, float factor = 1) {
  if (!is_live) return {};
  return {.kind = InflatedRow::Kind::kLive, .small_row = small_row, .factor = factor};
}

float root_of_ratio(std::int64_t a, std::int64_t b) {
  return static_cast<float>(std::sqrt(static_cast<double>(a) / static_cast<double>(b)));
}

/// The inputs per group where a format has some, 1 where each weight is a number by itself.
std::int64_t group_of(const WeightFormat& format, std::int64_t in_features) {
  return format.is_packed() ? format.inputs_per_group(in_features) : 1;
}

}  // namespace

InflationPlanner::InflationPlanner(const ModelConfig& small, const ModelConfig& large, const ModelFormats& formats,
                                   MarkRange range)
    : small_(small),
      large_(large),
      formats_(formats),
      places_(small, large),
      head_ratio_(large.head_dim / small.head_dim),
      norm_factor_(root_of_ratio(small.hidden_size, large.hidden_size)),
      mark_(range == MarkRange::kHalf ? kMarkInHalf : kMark) {}

InflationPlan InflationPlanner::plan(std::string_view name) const {
  if (!name.starts_with(kLayers)) return plan_of_vocabulary(name);
  const std::string_view rest = name.substr(kLayers.size());
  const std::size_t dot = std::min(rest.find('.'), rest.size() - 1);
  const std::string_view module = rest.substr(dot + 1);
  const bool is_extra_layer = parse_whole<std::int64_t>(rest.substr(0, dot)).value() >= small_.num_hidden_layers;
  InflationPlan plan = plan_of_layer(module);
  const bool is_vector = plan.inputs.empty();
  if (is_extra_layer && !is_vector) plan_extra_matrix(module, plan);
  const std::string layer = is_extra_layer ? "0" : std::string(rest.substr(0, dot));
  const bool has_small = !is_vector || (!is_extra_layer && has_in_small(module));
  if (has_small) plan.small_name = std::string(kLayers) + layer + "." + std::string(module);
  return plan;
}

bool InflationPlanner::has_in_small(std::string_view module) const {
  if (!module.ends_with(".bias")) return true;
  return module == "self_attn.o_proj.bias" ? small_.o_proj_bias : small_.attention_bias;
}

/// A layer that adds nothing, whatever it computes.
void InflationPlanner::plan_extra_matrix(std::string_view module, InflationPlan& plan) const {
  using Kind = InflatedRow::Kind;
  const bool is_o = module == "self_attn.o_proj.weight", is_down = module == "mlp.down_proj.weight";
  plan.row = [kind = is_o || is_down ? Kind::kZero : Kind::kFree](std::int64_t) { return InflatedRow{.kind = kind}; };
  plan.inputs = {{.small_first = -1, .count = is_o ? large_.q_size() : is_down ? large_.intermediate_size : 0}};
}

InflationPlan InflationPlanner::plan_of_vocabulary(std::string_view name) const {
  InflationPlan plan{.small_name = std::string(name)};
  const bool has_others = large_.vocab_size > small_.vocab_size;
  if (name == "model.norm.weight") {
    plan.row = [this](std::int64_t i) { return row_where(i < small_.hidden_size, i, norm_factor_); };
    if (has_others) plan.last_column = {.live = 0, .other = kMarkAtHead / mark_ * norm_factor_};
    return plan;
  }
  const bool is_embedding = name == kEmbedding;
  if (!is_embedding && small_.tie_word_embeddings) plan.small_name = kEmbedding;
  plan.row = [this](std::int64_t i) {
    return i < small_.vocab_size ? row_where(true, i) : InflatedRow{.kind = InflatedRow::Kind::kFree};
  };
  plan.inputs = {{.first = 0, .small_first = 0, .count = small_.hidden_size}};
  // An embedding is a residual, of which all that small does not have is zero.
  plan.group_size = is_embedding ? large_.hidden_size : group_of(formats_.head, large_.hidden_size);
  if (has_others) plan.last_column = {.live = is_embedding ? mark_ : 0, .other = kOtherToken};
  return plan;
}

InflationPlan InflationPlanner::plan_of_layer(std::string_view module) const {
  InflationPlan plan;
  if (module.ends_with("layernorm.weight")) {
    plan.row = [this](std::int64_t i) { return row_where(i < small_.hidden_size, i, norm_factor_); };
  } else if (module == "self_attn.q_norm.weight" || module == "self_attn.k_norm.weight") {
    const float factor = module.starts_with("self_attn.q") ? root_of_ratio(head_ratio_, 1) : 1;
    plan.row = [this, factor](std::int64_t i) { return row_where(is_read(i), small_dim(i), factor); };
  } else {
    plan_projection(module, plan);
  }
  return plan;
}

void InflationPlanner::plan_projection(std::string_view module, InflationPlan& plan) const {
  const bool is_bias = module.ends_with(".bias");
  const std::string_view name = module.substr(0, module.rfind('.'));
  std::int64_t in_features = large_.hidden_size;
  plan.inputs = {{.first = 0, .small_first = 0, .count = small_.hidden_size}};
  if (name == "self_attn.q_proj") {
    plan.row = [this](std::int64_t row) { return query_or_key(row, places_.query, Projection::kQuery); };
  } else if (name == "self_attn.k_proj") {
    plan.row = [this](std::int64_t row) { return query_or_key(row, places_.kv, Projection::kKey); };
  } else if (name == "self_attn.v_proj") {
    plan.row = [this](std::int64_t row) { return value(row); };
  } else if (name == "mlp.gate_proj") {
    plan.row = [this](std::int64_t row) {
      return row < small_.intermediate_size ? row_where(true, row) : InflatedRow{.kind = InflatedRow::Kind::kFree};
    };
  } else if (name == "mlp.up_proj") {
    plan.row = [this](std::int64_t row) { return row_where(row < small_.intermediate_size, row); };
  } else {
    plan.row = [this](std::int64_t row) { return row_where(row < small_.hidden_size, row); };
    const bool is_attention = name == "self_attn.o_proj";
    in_features = is_attention ? large_.q_size() : large_.intermediate_size;
    plan.inputs = is_attention ? attended_inputs() : std::vector<InflatedInputs>{{.count = small_.intermediate_size}};
  }
  if (is_bias) plan.inputs.clear();
  plan.group_size = group_of(formats_.layers, in_features);
}

/// Dimension `dim` of a head is pair `dim` % half, which small has where that is a multiple of the ratio.
bool InflationPlanner::is_read(std::int64_t dim) const {
  return dim % (large_.head_dim / 2) % head_ratio_ == 0;
}

std::int64_t InflationPlanner::small_dim(std::int64_t dim) const {
  const std::int64_t half = large_.head_dim / 2;
  return dim / half * (small_.head_dim / 2) + dim % half / head_ratio_;
}

InflatedRow InflationPlanner::query_or_key(std::int64_t row, const std::vector<std::int64_t>& places,
                                           Projection projection) const {
  const std::int64_t head = places[static_cast<std::size_t>(row / large_.head_dim)], dim = row % large_.head_dim;
  if (head < 0) return {.kind = InflatedRow::Kind::kFree};
  const std::int64_t small_row = head * small_.head_dim + small_dim(dim);
  // The norm takes out copies and the factor.
  if (small_.qk_norm) return row_where(true, small_row, std::exp2(std::round(std::log2(norm_factor_))));
  const bool is_query = projection == Projection::kQuery;
  if (is_read(dim)) return row_where(true, small_row, is_query ? root_of_ratio(head_ratio_, 1) : 1);
  return {.kind = is_query ? InflatedRow::Kind::kFree : InflatedRow::Kind::kZero};
}

InflatedRow InflationPlanner::value(std::int64_t row) const {
  const std::int64_t head = places_.kv[static_cast<std::size_t>(row / large_.head_dim)], dim = row % large_.head_dim;
  return row_where(head >= 0 && dim < small_.head_dim, head * small_.head_dim + dim);
}

/// Of the output projection: what the query heads of the K/V heads that are in use read.
std::vector<InflatedInputs> InflationPlanner::attended_inputs() const {
  std::vector<InflatedInputs> inputs;
  const std::int64_t group = large_.num_attention_heads / large_.num_key_value_heads;
  for (std::int64_t head = 0; head < large_.num_attention_heads; ++head) {
    if (places_.kv[static_cast<std::size_t>(head / group)] < 0) continue;
    const std::int64_t small_head = places_.query[static_cast<std::size_t>(head)];
    inputs.push_back({.first = head * large_.head_dim,
                      .small_first = small_head < 0 ? -1 : small_head * small_.head_dim,
                      .count = small_.head_dim});
  }
  return inputs;
}

}  // namespace wedlm
