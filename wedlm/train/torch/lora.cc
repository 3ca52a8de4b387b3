#include "wedlm/train/torch/lora.h"

#include <torch/torch.h>

#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "wedlm/train/draws.h"
#include "wedlm/train/lora_modules.h"

namespace wedlm::train {
namespace {

using at::Tensor;

at::Generator generator_of(std::uint64_t seed, Draws::Purpose purpose, std::uint64_t place) {
  constexpr std::size_t kAll = std::size_t{1} << 32;
  Draws draws(seed, purpose, place);
  const std::uint64_t high = draws.below(kAll), low = draws.below(kAll);
  return at::detail::createCPUGenerator(high << 32 | low);
}

std::vector<std::int64_t> mask_rows_of(const DualStream& stream) {
  std::vector<std::int64_t> rows;
  for (const LossRow& loss : stream.losses) {
    if (loss.kind == LossKind::kMasked) rows.push_back(loss.row);
  }
  return rows;
}

/// Where those masks stand among `rows`, which are all where it is nullptr.
Tensor places_of(const std::vector<std::int64_t>& masks, const std::vector<std::int64_t>* rows) {
  if (rows == nullptr) return at::tensor(masks, at::kLong);
  const std::unordered_set<std::int64_t> sought(masks.begin(), masks.end());
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    if (sought.contains((*rows)[i])) places.push_back(static_cast<std::int64_t>(i));
  }
  return at::tensor(places, at::kLong);
}

}  // namespace

struct LoraLayers::Impl {
  struct Pair {
    std::uint64_t number = 0;  // of the module, from 0
    Tensor a, b;
  };

  /// scale (dropout(x) A^T) B^T.  // [rows, in_features] -> [rows, out_features]
  Tensor term(const Pair& pair, const Tensor& x, std::optional<std::uint64_t> place) const {
    const auto type = x.scalar_type();
    const Tensor entering = place && config.dropout > 0 ? dropped(x, *place * pairs.size() + pair.number) : x;
    return at::linear(at::linear(entering, pair.a.to(type)), pair.b.to(type)) * config.scale();
  }

  Tensor dropped(const Tensor& x, std::uint64_t place) const {
    const double kept = 1 - config.dropout;
    Tensor is_kept = at::empty(x.sizes(), at::kFloat);
    is_kept.bernoulli_(kept, generator_of(seed, Draws::Purpose::kDropout, place));
    return x * is_kept.to(x.options()) / kept;
  }

  LoraConfig config;
  std::uint64_t seed = 0;
  std::vector<std::pair<std::string, Tensor>> weights;
  std::unordered_map<std::string, Pair> pairs;  // by module
};

LoraLayers::LoraLayers(const ModelConfig& model, const LoraConfig& lora, std::uint64_t seed, bool is_double)
    : impl_(std::make_unique<Impl>()) {
  impl_->config = lora;
  impl_->seed = seed;
  const auto type = is_double ? at::kDouble : at::kFloat;
  for (const LoraModule& module : lora_modules(model, lora)) {
    const std::uint64_t number = impl_->pairs.size();
    const double bound = 1 / std::sqrt(static_cast<double>(module.in_features));
    Tensor a = at::empty({lora.rank, module.in_features}, type);
    a.uniform_(-bound, bound, generator_of(seed, Draws::Purpose::kWeights, number));
    const Tensor b = at::zeros({module.out_features, lora.rank}, type);
    impl_->pairs.emplace(module.name, Impl::Pair{.number = number, .a = a, .b = b});
    impl_->weights.emplace_back(module.name + ".lora_A.weight", a);
    impl_->weights.emplace_back(module.name + ".lora_B.weight", b);
  }
}

LoraLayers::~LoraLayers() = default;

const std::vector<std::pair<std::string, Tensor>>& LoraLayers::weights() const {
  return impl_->weights;
}

Adaptation LoraLayers::adaptation(const DualStream& stream, bool has_dropout) const {
  const auto place = has_dropout ? std::optional(stream.place) : std::nullopt;
  const bool is_for_masks = impl_->config.rows == LoraRows::kMasks;
  const std::vector<std::int64_t> masks = is_for_masks ? mask_rows_of(stream) : std::vector<std::int64_t>();
  return [impl = impl_.get(), place, is_for_masks, masks](const std::string& module, const Tensor& x,
                                                          const std::vector<std::int64_t>* rows, const Tensor& y) {
    const auto pair = impl->pairs.find(module);
    if (pair == impl->pairs.end()) return y;
    if (!is_for_masks) return y + impl->term(pair->second, x, place);
    const Tensor own = places_of(masks, rows).to(x.device());
    if (own.numel() == 0) return y;
    return y.index_add(0, own, impl->term(pair->second, x.index_select(0, own), place));
  };
}

}  // namespace wedlm::train
