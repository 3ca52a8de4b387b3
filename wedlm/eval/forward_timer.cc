#include "wedlm/eval/forward_timer.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <span>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"
#include "wedlm/model/random_weights.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

constexpr std::int64_t kBlockSize = 16;       // as the engine's default
constexpr std::int64_t kMostLogitsRows = 64;  // that a backend holds at one time

/// Tokens that the pages have room for.
std::int64_t num_cached_tokens(const std::vector<ForwardShape>& shapes) {
  std::int64_t tokens = 0;
  for (const ForwardShape& shape : shapes) {
    tokens = std::max(tokens, shape.context + (shape.kind == ForwardKind::kPrefill ? shape.rows : 0));
  }
  return tokens;
}

std::int64_t num_blocks(const std::vector<ForwardShape>& shapes) {
  return std::max<std::int64_t>(1, (num_cached_tokens(shapes) + kBlockSize - 1) / kBlockSize);
}

ForwardLimits largest_forward(const std::vector<ForwardShape>& shapes) {
  ForwardLimits limits;
  for (const ForwardShape& shape : shapes) limits.rows = std::max(limits.rows, shape.rows);
  limits.predictions = limits.rows;
  return limits;
}

std::string gigabytes(std::size_t bytes) {
  return size_text(static_cast<double>(bytes));
}

/// Throws where the backend has less than is needed; returns the config.
const ModelConfig& check_memory(const ModelConfig& config, const ForwardTimer::Options& options,
                                const Backend& backend) {
  const std::size_t needed = timing_memory_bytes(config, options.types, options.shapes);
  const std::size_t available = backend.memory().available;
  if (available == 0 || needed <= available) return config;
  const std::int64_t cached = num_blocks(options.shapes) * kBlockSize;
  throw ResourceError("random weights: " + count_text(static_cast<double>(config.num_parameters())) +
                      " parameters as " + std::string(options.types.weights.name) + " and K/V pages of " +
                      std::to_string(cached) + " tokens (" +
                      gigabytes(static_cast<std::size_t>(cached * config.kv_bytes_per_token(options.types.kv_cache))) +
                      ") need " + gigabytes(needed) + " of memory; " + gigabytes(available) + " are available");
}

Batch batch_of(const ModelConfig& config, const ForwardShape& shape) {
  Batch batch = window_batch(std::vector<TokenId>(static_cast<std::size_t>(shape.rows)), shape.context, kBlockSize);
  // Tokens all over the vocabulary: their embeddings are nowhere near each other.
  for (std::int64_t r = 0; r < shape.rows; ++r) {
    batch.token_ids[static_cast<std::size_t>(r)] = static_cast<TokenId>((r + 1) * 7'919'777 % config.vocab_size);
  }
  if (shape.kind == ForwardKind::kPrefill) {
    std::iota(batch.slots.begin(), batch.slots.end(), static_cast<std::int32_t>(shape.context));
    batch.prediction_rows = {static_cast<std::int32_t>(shape.rows - 1)};
    batch.sampling.resize(1);
  }
  return batch;
}

}  // namespace

const std::vector<TimedWeights>& all_timed_weights() {
  static const std::vector<TimedWeights> kAll = [] {
    std::vector<TimedWeights> all;
    for (const WeightTypeTraits& traits : kWeightTypes) {
      if (traits.type == WeightType::kStored) continue;
      all.push_back({.name = traits.name, .formats = formats_with(traits.type)});
    }
    all.push_back({.name = "f32", .dtype = DType::kF32});
    return all;
  }();
  return kAll;
}

ForwardWork forward_work(const ModelConfig& config, const MemoryTypes& types, std::size_t weight_bytes,
                         const ForwardShape& shape) {
  const auto rows = static_cast<double>(shape.rows);
  const auto context = static_cast<double>(shape.context);
  const auto hidden = static_cast<double>(config.hidden_size);
  const auto layers = static_cast<double>(config.num_hidden_layers);
  const double embedding_bytes = rows * hidden * static_cast<double>(dtype_bytes(types.weights.dtype));
  const double page_bytes = context * static_cast<double>(config.kv_bytes_per_token(types.kv_cache));

  const double projections = 2 * hidden * static_cast<double>(config.q_size() + config.kv_size());
  const double mlp = 3 * hidden * static_cast<double>(config.intermediate_size);
  const double num_keys = rows * context + rows * (rows + 1) / 2;  // over all rows
  const double attention = 2 * num_keys * static_cast<double>(config.q_size());
  const double predicted = shape.kind == ForwardKind::kPrefill ? 1 : rows;
  return {.bytes = static_cast<double>(weight_bytes) + embedding_bytes + page_bytes,
          .multiply_adds = layers * (rows * (projections + mlp) + attention) +
                           predicted * hidden * static_cast<double>(config.vocab_size)};
}

std::size_t timing_memory_bytes(const ModelConfig& config, const MemoryTypes& types,
                                const std::vector<ForwardShape>& shapes) {
  const TimedWeights& weights = types.weights;
  // The embeddings stay beside the packed matrices, and while one matrix is packed, so do its parts.
  const std::int64_t head = config.vocab_size * config.hidden_size;
  const std::int64_t largest = std::max({head, 2 * config.hidden_size * config.intermediate_size,
                                         config.hidden_size * (config.q_size() + 2 * config.kv_size())});
  const std::int64_t packed = matrix_bytes(config, weights.formats, weights.dtype);
  const ForwardLimits limits = largest_forward(shapes);
  const std::int64_t logits = std::min(limits.predictions, kMostLogitsRows) * config.vocab_size;
  const std::int64_t pages = num_blocks(shapes) * KvCache::bytes_per_block(config, kBlockSize, types.kv_cache);
  return static_cast<std::size_t>(packed) + static_cast<std::size_t>(head + largest) * dtype_bytes(weights.dtype) +
         Activations::bytes(config, limits) + static_cast<std::size_t>(logits) * sizeof(float) +
         static_cast<std::size_t>(pages);
}

ForwardTimer::ForwardTimer(const ModelConfig& config, const Options& options)
    : backend_(make_backend(options.backend)),
      config_(check_memory(config, options, *backend_)),
      types_(options.types),
      transformer_(std::make_unique<Transformer>(
          RandomWeights(config, {.dtype = options.types.weights.dtype, .num_threads = options.backend.cpu.num_threads}),
          config, *backend_, options.progress, options.types.weights.formats)),
      cache_(*backend_, config, num_blocks(options.shapes), kBlockSize, options.types.kv_cache),
      activations_(*backend_, config, largest_forward(options.shapes)) {
  fill_pages(options.backend.cpu.num_threads);
  backend_->observe(&op_timer_);
}

void ForwardTimer::fill_pages(int num_threads) {
  ThreadTeam team(num_threads);
  constexpr std::int64_t kRows = 1024;  // the same ones again and again
  const Shape shape{std::min(cache_.num_slots(), kRows), config_.num_key_value_heads, config_.head_dim};
  const auto bytes = static_cast<std::size_t>(shape.num_elements()) * sizeof(float);
  const Buffer host = allocate_host(bytes), memory = backend_->allocate(bytes);
  fill_random(DType::kF32, host.data(), shape.num_elements(), 0.5F, 1, team);
  const Tensor numbers(memory.data(), DType::kF32, shape);
  backend_->upload(ConstTensor(host.data(), DType::kF32, shape), numbers);
  std::vector<std::int32_t> slots(static_cast<std::size_t>(cache_.num_slots()));
  std::iota(slots.begin(), slots.end(), 0);
  for (std::int64_t layer = 0; layer < config_.num_hidden_layers; ++layer) {
    for (std::int64_t first = 0; first < cache_.num_slots(); first += kRows) {
      const Tensor some = numbers.rows_from(0, std::min(kRows, cache_.num_slots() - first));
      const std::span<const std::int32_t> to(slots.data() + first, static_cast<std::size_t>(some.rows()));
      backend_->store_kv(*backend_->begin({.slots = to}), some, some, cache_.layer(layer));
    }
  }
}

ForwardTime ForwardTimer::run(const ForwardShape& shape) {
  const Batch batch = batch_of(config_, shape);
  predictions_.resize(batch.prediction_rows.size());
  op_timer_.reset();
  const auto start = std::chrono::steady_clock::now();
  transformer_->launch(batch, cache_, activations_).read(predictions_);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {.seconds = seconds.count(), .by_op = op_timer_.seconds()};
}

ForwardWork ForwardTimer::work(const ForwardShape& shape) const {
  return forward_work(config_, types_, transformer_->weight_bytes(), shape);
}

}  // namespace wedlm
