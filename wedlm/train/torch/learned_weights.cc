#include "wedlm/train/torch/learned_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "wedlm/base/error.h"
#include "wedlm/train/torch/tensor_file.h"

namespace wedlm::train {
namespace {

using at::Tensor;

/// Norms and biases are the vectors.
bool has_decay(const Tensor& weight) {
  return weight.dim() > 1;
}

torch::optim::AdamW make_optimizer(const std::vector<Tensor>& weights, const AdamW& adam) {
  std::vector<Tensor> decayed, kept;
  for (const Tensor& weight : weights) (has_decay(weight) ? decayed : kept).push_back(weight);
  const auto options = torch::optim::AdamWOptions().betas({adam.beta1, adam.beta2}).eps(adam.eps);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const auto& [group, decay] : {std::pair(decayed, adam.weight_decay), std::pair(kept, 0.0)}) {
    auto own = std::make_unique<torch::optim::AdamWOptions>(options);
    own->weight_decay(decay);
    groups.emplace_back(group, std::move(own));
  }
  return torch::optim::AdamW(groups, options);
}

}  // namespace

struct LearnedWeights::Impl {
  Impl(std::vector<std::string> given_names, std::vector<Tensor> given, const AdamW& optimizer_options)
      : adam(optimizer_options),
        names(std::move(given_names)),
        weights(std::move(given)),
        optimizer(make_optimizer(weights, adam)) {}

  torch::optim::AdamWParamState* state_of(const Tensor& weight) {
    const auto found = optimizer.state().find(c10::guts::to_string(weight.unsafeGetTensorImpl()));
    return found == optimizer.state().end() ? nullptr
                                            : static_cast<torch::optim::AdamWParamState*>(found->second.get());
  }

  const AdamW adam;
  std::vector<std::string> names;
  std::vector<Tensor> weights;
  torch::optim::AdamW optimizer;
};

LearnedWeights::LearnedWeights(const std::vector<std::pair<std::string, Tensor>>& weights, const AdamW& optimizer) {
  std::vector<std::string> names;
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : weights) {
    names.push_back(name);
    tensors.push_back(tensor);
    tensors.back().set_requires_grad(true);
  }
  impl_ = std::make_unique<Impl>(std::move(names), std::move(tensors), optimizer);
}

LearnedWeights::~LearnedWeights() = default;

const std::vector<std::string>& LearnedWeights::names() const {
  return impl_->names;
}

const Tensor* LearnedWeights::find(const std::string& name) const {
  const auto found = std::ranges::find(impl_->names, name);
  return found == impl_->names.end() ? nullptr
                                     : &impl_->weights[static_cast<std::size_t>(found - impl_->names.begin())];
}

double LearnedWeights::step(double learning_rate) {
  const torch::NoGradGuard guard;
  double squares = 0;
  for (std::size_t i = 0; i < impl_->weights.size(); ++i) {
    const Tensor& gradient = impl_->weights[i].grad();
    if (!gradient.defined()) continue;
    const auto square = gradient.to(at::kDouble).square().sum().item<double>();
    if (!std::isfinite(square)) throw InvalidInput("the gradient of " + impl_->names[i] + " is not a finite number");
    squares += square;
  }
  const double norm = std::sqrt(squares);
  if (impl_->adam.max_gradient_norm > 0 && norm > 0) {
    const double factor = std::min(1.0, impl_->adam.max_gradient_norm / (norm + 1e-6));
    for (const Tensor& weight : impl_->weights) {
      if (weight.grad().defined()) weight.grad().mul_(factor);
    }
  }
  for (auto& group : impl_->optimizer.param_groups()) group.options().set_lr(learning_rate);
  impl_->optimizer.step();
  impl_->optimizer.zero_grad();
  return norm;
}

void LearnedWeights::save(const std::filesystem::path& path, DType type, std::string_view prefix) const {
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    tensors.emplace_back(std::string(prefix) + impl_->names[i], impl_->weights[i].detach());
  }
  write_tensors(path, tensors, type);
}

void LearnedWeights::save_state(const std::filesystem::path& path) const {
  std::vector<std::pair<std::string, Tensor>> tensors;
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    const std::string& name = impl_->names[i];
    tensors.emplace_back("weight." + name, impl_->weights[i].detach());
    const auto* state = impl_->state_of(impl_->weights[i]);
    if (state == nullptr) continue;
    tensors.emplace_back("mean." + name, state->exp_avg());
    tensors.emplace_back("variance." + name, state->exp_avg_sq());
    tensors.emplace_back("step." + name, at::full({1}, static_cast<double>(state->step()), at::kFloat));
  }
  write_tensors(path, tensors, DType::kF32);
}

void LearnedWeights::load_state(const std::filesystem::path& path) {
  const torch::NoGradGuard guard;
  TensorFile file(path);
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    const std::string& name = impl_->names[i];
    Tensor weight = impl_->weights[i];
    weight.copy_(file.tensor("weight." + name, weight));
    if (!file.has("step." + name)) continue;
    auto state = std::make_unique<torch::optim::AdamWParamState>();
    state->step(static_cast<std::int64_t>(file.tensor("step." + name, at::zeros({1})).item<float>()));
    state->exp_avg(file.tensor("mean." + name, weight));
    state->exp_avg_sq(file.tensor("variance." + name, weight));
    impl_->optimizer.state()[c10::guts::to_string(weight.unsafeGetTensorImpl())] = std::move(state);
  }
}

}  // namespace wedlm::train
