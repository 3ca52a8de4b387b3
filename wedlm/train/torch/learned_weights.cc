#include "wedlm/train/torch/learned_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "wedlm/base/error.h"
#include "wedlm/train/ranks/buckets.h"
#include "wedlm/train/torch/part_exchange.h"
#include "wedlm/train/torch/tensor_file.h"

namespace wedlm::train {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Norms and biases are the vectors.
bool has_decay(const Tensor& weight) {
  return weight.dim() > 1;
}

/// A replica, whose gradient goes to a leaf of the masters' type.
class TrackedReplica : public torch::autograd::Function<TrackedReplica> {
 public:
  static Tensor forward(AutogradContext* /*context*/, const Tensor& /*leaf*/, const Tensor& replica) {
    return replica.detach();
  }
  static variable_list backward(AutogradContext* /*context*/, const variable_list& gradients) {
    return {gradients[0].to(at::kFloat), Tensor()};
  }
};

}  // namespace

struct LearnedWeights::Impl {
  Impl(const AdamW& optimizer_options, Ranks& all_ranks) : adam(optimizer_options), ranks(all_ranks) {}

  bool is_shared() const { return ranks.size() > 1; }

  void add(const std::string& name, const Tensor& weight, Replicas replicas) {
    names.push_back(name);
    weights.push_back(weight);
    sizes.push_back(weight.numel());
    leaves.push_back(weight);
    parts.push_back(weight);
    if (is_shared()) {
      const ElementRange own = part_of(weight.numel(), ranks.rank(), ranks.size());
      parts.back() = weight.detach().view(-1).narrow(0, own.begin, own.count);
      if (replicas == Replicas::kBfloat16) {
        parts.back() = parts.back().clone();
        weights.back() = weight.to(at::kBFloat16);
        leaves.back() = at::zeros({1}, at::kFloat).expand(weight.sizes());  // has a gradient, and takes no memory
      }
    }
    leaves.back().set_requires_grad(true);
  }

  void make_optimizer() {
    std::vector<Tensor> decayed, kept;
    for (std::size_t i = 0; i < parts.size(); ++i) (has_decay(weights[i]) ? decayed : kept).push_back(parts[i]);
    const auto options = torch::optim::AdamWOptions().betas({adam.beta1, adam.beta2}).eps(adam.eps);
    std::vector<torch::optim::OptimizerParamGroup> groups;
    for (const auto& [group, decay] : {std::pair(decayed, adam.weight_decay), std::pair(kept, 0.0)}) {
      auto own = std::make_unique<torch::optim::AdamWOptions>(options);
      own->weight_decay(decay);
      groups.emplace_back(group, std::move(own));
    }
    optimizer = std::make_unique<torch::optim::AdamW>(groups, options);
  }

  std::size_t index_of(const std::string& name) const {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  }

  static std::string key_of(const Tensor& part) { return c10::guts::to_string(part.unsafeGetTensorImpl()); }

  const torch::optim::AdamWParamState* state_of(const Tensor& part) const {
    const auto found = optimizer->state().find(key_of(part));
    return found == optimizer->state().end() ? nullptr
                                             : static_cast<const torch::optim::AdamWParamState*>(found->second.get());
  }

  /// Gives each part its gradient of all ranks; a weight has none where it has none in any.
  void reduce_gradients() {
    std::vector<double> counts;
    for (const Tensor& leaf : leaves) counts.push_back(leaf.grad().defined() ? 1 : 0);
    ranks.sum(counts);
    std::vector<Tensor> whole;
    std::vector<std::int64_t> whole_sizes;
    std::vector<std::size_t> learning;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (counts[i] == 0) continue;
      learning.push_back(i);
      whole.push_back(std::exchange(leaves[i].mutable_grad(), Tensor()));
      whole_sizes.push_back(sizes[i]);
    }
    const std::vector<Tensor> sums = sum_to_parts(std::move(whole), whole_sizes, ranks);
    for (std::size_t i = 0; i < learning.size(); ++i) parts[learning[i]].mutable_grad() = sums[i];
  }

  /// Norm of all gradients.
  double gradient_norm() {
    std::vector<double> squares(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Tensor& gradient = parts[i].grad();
      if (gradient.defined()) squares[i] = gradient.to(at::kDouble).square().sum().item<double>();
    }
    ranks.sum(squares);
    double sum = 0;
    for (std::size_t i = 0; i < squares.size(); ++i) {
      if (!std::isfinite(squares[i])) throw InvalidInput("the gradient of " + names[i] + " is not a finite number");
      sum += squares[i];
    }
    return std::sqrt(sum);
  }

  /// Of all ranks.  // of the shape of weight i
  Tensor whole(std::size_t i, const Tensor& part) const {
    return is_shared() ? joined_parts(part.detach(), sizes[i], ranks).view(weights[i].sizes()) : part.detach();
  }

  /// A rank's own part of a whole one.
  Tensor own_part(std::size_t i, const Tensor& whole) const {
    if (!is_shared()) return whole;
    const ElementRange own = part_of(sizes[i], ranks.rank(), ranks.size());
    return whole.reshape(-1).narrow(0, own.begin, own.count).clone();
  }

  const AdamW adam;
  Ranks& ranks;
  std::vector<std::string> names;
  std::vector<Tensor> weights;              // what is computed with
  std::vector<Tensor> leaves;               // in whose gradients theirs are: the weights, but for replicas
  std::vector<std::vector<Tensor>> others;  // as the leaves, of each thread but the first
  std::vector<Tensor> parts;                // masters of this rank: the weights where it is alone
  std::vector<std::int64_t> sizes;
  std::unique_ptr<torch::optim::AdamW> optimizer;  // of the parts
};

LearnedWeights::LearnedWeights(std::vector<std::pair<std::string, Tensor>> weights, const AdamW& optimizer,
                               Replicas replicas, Ranks& ranks)
    : impl_(std::make_unique<Impl>(optimizer, ranks)) {
  for (auto& [name, tensor] : weights) impl_->add(name, std::exchange(tensor, Tensor()), replicas);
  impl_->make_optimizer();
}

LearnedWeights::~LearnedWeights() = default;

const std::vector<std::string>& LearnedWeights::names() const {
  return impl_->names;
}

const Tensor* LearnedWeights::find(const std::string& name) const {
  const std::size_t index = impl_->index_of(name);
  return index == impl_->names.size() ? nullptr : &impl_->weights[index];
}

void LearnedWeights::set_num_threads(int count) {
  impl_->others.resize(static_cast<std::size_t>(count) - 1);
  for (std::vector<Tensor>& leaves : impl_->others) {
    leaves.clear();
    for (const Tensor& leaf : impl_->leaves) leaves.push_back(leaf.detach().set_requires_grad(true));
  }
}

Tensor LearnedWeights::tracked(const std::string& name, int thread) const {
  const std::size_t index = impl_->index_of(name);
  const Tensor &weight = impl_->weights.at(index), &first = impl_->leaves[index];
  const Tensor& leaf = thread == 0 ? first : impl_->others.at(static_cast<std::size_t>(thread) - 1)[index];
  return weight.is_same(first) ? leaf : TrackedReplica::apply(leaf, weight);
}

void LearnedWeights::add_up_threads() {
  const torch::NoGradGuard guard;
  for (std::vector<Tensor>& leaves : impl_->others) {
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const Tensor own = std::exchange(leaves[i].mutable_grad(), Tensor());
      if (!own.defined()) continue;
      Tensor& sum = impl_->leaves[i].mutable_grad();
      sum = sum.defined() ? sum.add_(own) : own;
    }
  }
}

Tensor LearnedWeights::gradient(const std::string& name) const {
  const std::size_t index = impl_->index_of(name);
  return index == impl_->names.size() ? Tensor() : impl_->leaves[index].grad();
}

double LearnedWeights::step(double learning_rate) {
  const torch::NoGradGuard guard;
  if (impl_->is_shared()) impl_->reduce_gradients();
  const double norm = impl_->gradient_norm();
  if (impl_->adam.max_gradient_norm > 0 && norm > 0) {
    const double factor = std::min(1.0, impl_->adam.max_gradient_norm / (norm + 1e-6));
    for (const Tensor& part : impl_->parts) {
      if (part.grad().defined()) part.grad().mul_(factor);
    }
  }
  for (auto& group : impl_->optimizer->param_groups()) group.options().set_lr(learning_rate);
  impl_->optimizer->step();
  impl_->optimizer->zero_grad();
  if (impl_->is_shared()) {
    for (Tensor& part : impl_->parts) part.mutable_grad().reset();
    share_parts(impl_->parts, impl_->weights, impl_->ranks);
  }
  return norm;
}

void LearnedWeights::save(const std::filesystem::path& path, DType type, std::string_view prefix) const {
  std::vector<TensorToWrite> tensors;
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    tensors.push_back({std::string(prefix) + impl_->names[i], impl_->weights[i].sizes().vec(),
                       [this, i] { return impl_->whole(i, impl_->parts[i]); }});
  }
  write_tensors(path, tensors, type, impl_->ranks);
}

void LearnedWeights::save_state(const std::filesystem::path& path) const {
  std::vector<TensorToWrite> tensors;
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    const std::string& name = impl_->names[i];
    const auto add = [&](const char* what, const Tensor& part) {
      tensors.push_back(
          {what + name, impl_->weights[i].sizes().vec(), [this, i, part] { return impl_->whole(i, part); }});
    };
    add("weight.", impl_->parts[i]);
    const auto* state = impl_->state_of(impl_->parts[i]);
    if (state == nullptr) continue;
    add("mean.", state->exp_avg());
    add("variance.", state->exp_avg_sq());
    const Tensor step = at::full({1}, static_cast<double>(state->step()), at::kFloat);
    tensors.push_back({"step." + name, {1}, [step] { return step; }});
  }
  write_tensors(path, tensors, DType::kF32, impl_->ranks);
}

void LearnedWeights::load_state(const std::filesystem::path& path) {
  const torch::NoGradGuard guard;
  std::optional<TensorFile> file;
  if (impl_->ranks.is_first()) file.emplace(path);
  const auto read = [&](const std::string& name, const Tensor& like) {
    const Tensor values = file ? file->tensor(name, like) : at::empty(like.sizes(), at::kFloat);
    impl_->ranks.broadcast(values);
    return values;
  };
  for (std::size_t i = 0; i < impl_->names.size(); ++i) {
    const std::string& name = impl_->names[i];
    const Tensor &weight = impl_->weights[i], &part = impl_->parts[i];
    const Tensor masters = read("weight." + name, weight);
    weight.copy_(masters);
    if (!part.is_same(weight)) part.copy_(impl_->own_part(i, masters));
    if (!impl_->ranks.any(file && file->has("step." + name))) continue;
    auto state = std::make_unique<torch::optim::AdamWParamState>();
    state->step(static_cast<std::int64_t>(read("step." + name, at::zeros({1})).item<float>()));
    state->exp_avg(impl_->own_part(i, read("mean." + name, weight)));
    state->exp_avg_sq(impl_->own_part(i, read("variance." + name, weight)));
    impl_->optimizer->state()[Impl::key_of(part)] = std::move(state);
  }
}

}  // namespace wedlm::train
