#include "wedlm/model/activations.h"

#include <string>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::size_t kAlignment = 64;  // of each tensor: a cache line

/// Cuts tensors out of one piece of memory, one after the other; where that is null, only to see how much they take.
class Cutter {
 public:
  Cutter(void* memory, DType dtype) : memory_(static_cast<std::byte*>(memory)), dtype_(dtype) {}

  Tensor cut(std::int64_t rows, std::int64_t columns) {
    std::byte* data = memory_ == nullptr ? nullptr : memory_ + used_;
    const std::size_t bytes = static_cast<std::size_t>(rows * columns) * dtype_bytes(dtype_);
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return {data, dtype_, {rows, columns}};
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* memory_;
  DType dtype_;
  std::size_t used_ = 0;
};

ActivationTensors cut_all(const ModelConfig& config, const ForwardLimits& size, Cutter& cutter) {
  return {.hidden = cutter.cut(size.rows, config.hidden_size),
          .normed = cutter.cut(size.rows, config.hidden_size),
          .branch = cutter.cut(size.rows, config.hidden_size),
          .angles = cutter.cut(size.rows, config.head_dim),
          .qkv = cutter.cut(size.rows, config.q_size() + 2 * config.kv_size()),
          .attended = cutter.cut(size.rows, config.q_size()),
          .gate_up = cutter.cut(size.rows, 2 * config.intermediate_size),
          .activated = cutter.cut(size.rows, config.intermediate_size),
          .predicting = cutter.cut(size.predictions, config.hidden_size)};
}

}  // namespace

Activations::Activations(Backend& backend, const ModelConfig& config, const ForwardLimits& limits, DType dtype)
    : config_(config), limits_(limits), dtype_(dtype), buffer_(backend.allocate(bytes(config, limits, dtype))) {}

std::size_t Activations::bytes(const ModelConfig& config, const ForwardLimits& limits, DType dtype) {
  Cutter cutter(nullptr, dtype);
  cut_all(config, limits, cutter);
  return cutter.used();
}

ActivationTensors Activations::tensors(std::int64_t rows, std::int64_t predictions) const {
  if (rows > limits_.rows || predictions > limits_.predictions) {
    throw InternalError("Activations: made for " + std::to_string(limits_.rows) + " rows and " +
                        std::to_string(limits_.predictions) + " predictions, got " + std::to_string(rows) + " and " +
                        std::to_string(predictions));
  }
  Cutter cutter(buffer_.data(), dtype_);
  return cut_all(config_, {.rows = rows, .predictions = predictions}, cutter);
}

}  // namespace wedlm
