#include "wedlm/train/torch/trained_model.h"

#include <torch/torch.h>

#include <unordered_map>

#include "wedlm/base/error.h"
#include "wedlm/base/xxh64.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/train/packs_at_once.h"
#include "wedlm/train/torch/compute_threads.h"
#include "wedlm/train/torch/forward.h"
#include "wedlm/train/torch/lora.h"
#include "wedlm/train/torch/objective.h"
#include "wedlm/train/torch/packed_weights.h"
#include "wedlm/train/torch/tensor_file.h"

namespace wedlm::train {
namespace {

using at::Tensor;

at::ScalarType scalar_type(ComputeType type) {
  switch (type) {
    case ComputeType::kFloat32:
      return at::kFloat;
    case ComputeType::kBfloat16:
      return at::kBFloat16;
    case ComputeType::kFloat64:
      return at::kDouble;
  }
  throw InternalError("a compute type without a name");
}

std::vector<double> values_of(const Tensor& tensor) {
  const Tensor flat = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

constexpr const char* kEmbedding = "model.embed_tokens.weight";  // of which there are numbers, whatever its head has

std::vector<std::int64_t> rows_of(const DualStream& stream) {
  std::vector<std::int64_t> rows;
  for (const LossRow& loss : stream.losses) rows.push_back(loss.row);
  return rows;
}

}  // namespace

struct TrainedModel::Impl {
  Impl(const ModelConfig& model, const ModelOptions& model_options) : config(model), options(model_options) {}

  void load(const WeightSource& source, const AdamW& adam, Ranks& ranks) {
    const ModelFormats formats = formats_to_load(config.quantization, options.base);
    if (!options.lora && formats != ModelFormats()) {
      throw InvalidInput("weights of " + describe(formats) +
                         " do not learn; train the checkpoint as it was, or an adapter beside it (--lora-rank)");
    }
    packed = PackedWeights(source, config, formats);
    const bool is_double = options.compute == ComputeType::kFloat64;
    const auto master = is_double ? at::kDouble : at::kFloat;
    std::vector<std::pair<std::string, Tensor>> all;
    for (const WeightSpec& spec : weight_list(config)) {
      if (packed.has(spec.name) && spec.name != kEmbedding) continue;
      // A frozen weight is kept as it is computed with.
      all.emplace_back(
          spec.name,
          tensor_of(source.weight(spec.name).tensor).to(options.lora ? scalar_type(options.compute) : master));
    }
    if (options.lora) {
      weights.insert(all.begin(), all.end());
      lora = std::make_unique<LoraLayers>(config, *options.lora, options.seed, is_double);
      all = lora->weights();
    }
    const bool is_rounded = !lora && options.compute == ComputeType::kBfloat16;
    learned = std::make_unique<LearnedWeights>(std::move(all), adam,
                                               is_rounded ? Replicas::kBfloat16 : Replicas::kMasters, ranks);
  }

  const Tensor& weight(const std::string& name) const {
    const auto found = weights.find(name);
    if (found != weights.end()) return found->second;
    const Tensor* own = learned->find(name);
    if (own == nullptr) throw InternalError("no weight is called " + name);
    return *own;
  }

  ForwardParts parts(const DualStream& stream, bool has_dropout, int thread = 0) const {
    const WeightOf computing = [this, thread](const std::string& name) {
      const auto frozen = weights.find(name);
      const Tensor stored = frozen != weights.end() ? frozen->second : learned->tracked(name, thread);
      return stored.to(scalar_type(options.compute));
    };
    return {.weight = computing,
            .product =
                [this, computing](const std::string& name, const Tensor& x, const Tensor& bias) {
                  return packed.has(name) ? packed.product(name, x, bias) : at::linear(x, computing(name), bias);
                },
            .adaptation = lora ? lora->adaptation(stream, has_dropout) : Adaptation()};
  }

  Tensor through_layers(const ForwardRows& rows) const {
    Tensor hidden = rows.embed();
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) hidden = rows.layer(i, hidden);
    return hidden;
  }

  /// Whose gradient is taken; fills `losses`.
  Tensor judged(const ForwardRows& rows, const Tensor& hidden, const DualStream& stream,
                std::span<const float> row_weights, double next_token_weight, Losses& losses) const {
    const auto wide = options.compute == ComputeType::kFloat64 ? at::kDouble : at::kFloat;
    return objective(rows.logits(hidden).to(wide), stream, row_weights, next_token_weight, options.distillation,
                     losses);
  }

  Losses run(const DualStream& stream, std::span<const float> row_weights, double next_token_weight) const {
    const ForwardParts with = parts(stream, false);
    const ForwardRows rows(config, stream, with, rows_of(stream));
    Losses losses;
    if (stream.losses.empty()) return losses;
    judged(rows, through_layers(rows), stream, row_weights, next_token_weight, losses);
    return losses;
  }

  Losses run_backward(const DualStream& stream, std::span<const float> row_weights, double next_token_weight,
                      double share, int thread = 0) const {
    const ForwardParts with = parts(stream, true, thread);
    const ForwardRows rows(config, stream, with, rows_of(stream));
    Losses losses;
    if (stream.losses.empty()) return losses;
    if (!options.has_gradient_checkpoints) {
      const Tensor total = judged(rows, through_layers(rows), stream, row_weights, next_token_weight, losses);
      // An adapter for masks has no part in a batch without one.
      if (total.requires_grad()) (total * share).backward();
      return losses;
    }
    std::vector<Tensor> entering;  // each layer
    Tensor hidden;
    {
      const torch::NoGradGuard guard;
      hidden = rows.embed();
      for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
        entering.push_back(hidden);
        hidden = rows.layer(i, hidden);
      }
    }
    Tensor last = hidden.detach().set_requires_grad(true);
    (judged(rows, last, stream, row_weights, next_token_weight, losses) * share).backward();
    Tensor gradient = last.grad();
    for (std::int64_t i = config.num_hidden_layers - 1; i >= 0; --i) {
      Tensor input = entering[static_cast<std::size_t>(i)].detach().set_requires_grad(true);
      rows.layer(i, input).backward(gradient);
      gradient = input.grad();
      entering.pop_back();
    }
    if (!lora) rows.embed().backward(gradient);
    return losses;
  }

  int num_at_once() const {
    if (lora) return 1;
    std::int64_t size = 0;
    for (const std::string& name : learned->names()) size += weight(name).numel();
    return packs_at_once(size, num_threads);
  }

  const ModelConfig config;
  const ModelOptions options;
  int num_threads = 1;
  std::unordered_map<std::string, Tensor> weights;  // of the checkpoint that are frozen, but those that are packed
  PackedWeights packed;
  std::unique_ptr<LoraLayers> lora;
  std::unique_ptr<LearnedWeights> learned;
};

TrainedModel::TrainedModel(const WeightSource& source, const ModelConfig& config, const ModelOptions& options,
                           const AdamW& optimizer, Ranks& ranks)
    : impl_(std::make_unique<Impl>(config, options)) {
  impl_->num_threads = set_compute_threads(options.num_threads);
  impl_->load(source, optimizer, ranks);
  impl_->learned->set_num_threads(impl_->num_at_once());
}

TrainedModel::~TrainedModel() = default;

namespace {

/// Runs what may need more memory than there is.
template <class Body>
auto within_memory(const DualStream& stream, const Body& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (message.find("alloc") == std::string::npos && message.find("out of memory") == std::string::npos) throw;
    throw ResourceError(
        "not enough memory for a batch of " + std::to_string(stream.num_rows()) +
        " rows: a smaller --max-length with more --accumulate, --gradient-checkpointing or LoRA needs less");
  }
}

}  // namespace

Losses TrainedModel::add_gradient(const DualStream& stream, std::span<const float> weights, double next_token_weight,
                                  double share) {
  return within_memory(stream, [&] { return impl_->run_backward(stream, weights, next_token_weight, share); });
}

std::vector<Losses> TrainedModel::add_gradients(std::span<const DualStream> streams,
                                                std::span<const std::vector<float>> weights, double next_token_weight,
                                                double share) {
  if (streams.size() == 1) return {add_gradient(streams[0], weights[0], next_token_weight, share)};
  std::vector<Losses> losses(streams.size());
  side_by_side(static_cast<int>(streams.size()), impl_->num_threads, [&](int thread) {
    const auto index = static_cast<std::size_t>(thread);
    losses[index] = within_memory(streams[index], [&] {
      return impl_->run_backward(streams[index], weights[index], next_token_weight, share, thread);
    });
  });
  impl_->learned->add_up_threads();
  return losses;
}

int TrainedModel::num_at_once() const {
  return impl_->num_at_once();
}

Losses TrainedModel::losses(const DualStream& stream, std::span<const float> weights, double next_token_weight) {
  const torch::NoGradGuard guard;
  return within_memory(stream, [&] { return impl_->run(stream, weights, next_token_weight); });
}

std::vector<double> TrainedModel::logits(const DualStream& stream, const std::vector<std::int64_t>& rows) {
  const torch::NoGradGuard guard;
  const ForwardParts with = impl_->parts(stream, false);
  const ForwardRows forward(impl_->config, stream, with, rows);
  return values_of(forward.logits(impl_->through_layers(forward)));
}

double TrainedModel::step(double learning_rate) {
  return impl_->learned->step(learning_rate);
}

const std::vector<std::string>& TrainedModel::names() const {
  return impl_->learned->names();
}

std::vector<double> TrainedModel::weight(const std::string& name) const {
  return values_of(impl_->packed.has(name) ? impl_->packed.weight(name) : impl_->weight(name));
}

std::vector<double> TrainedModel::gradient(const std::string& name) const {
  const Tensor gradient = impl_->learned->gradient(name);
  return gradient.defined() ? values_of(gradient)
                            : std::vector<double>(static_cast<std::size_t>(impl_->weight(name).numel()));
}

void TrainedModel::set_weight(const std::string& name, std::span<const double> values) {
  const torch::NoGradGuard guard;
  Tensor weight = impl_->weight(name);
  weight.copy_(at::tensor(std::vector<double>(values.begin(), values.end()), at::kDouble).view(weight.sizes()));
}

std::uint64_t TrainedModel::checksum() const {
  std::vector<std::uint64_t> each;
  const auto add = [&](const Tensor& weight) {
    each.push_back(xxh64({static_cast<const std::byte*>(weight.data_ptr()), weight.nbytes()}));
  };
  for (const WeightSpec& spec : weight_list(impl_->config)) {
    if (!impl_->packed.has(spec.name)) add(impl_->weight(spec.name));
  }
  return xxh64(std::as_bytes(std::span(each)));
}

void TrainedModel::save_weights(const std::filesystem::path& path, DType type) const {
  impl_->learned->save(path, type, impl_->lora ? kLoraPrefix : "");
}

void TrainedModel::save_state(const std::filesystem::path& path) const {
  impl_->learned->save_state(path);
}

void TrainedModel::load_state(const std::filesystem::path& path) {
  impl_->learned->load_state(path);
}

}  // namespace wedlm::train
