#include "wedlm/model/inflated_weights.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/model/random_weights.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {
namespace {

constexpr std::int64_t kRowsPerTask = 64;
constexpr std::int64_t kPiece = 256;  // elements that are converted at a time

/// Rows of a matrix that was filled with noise, made to what its plan says.
class RowWriter {
 public:
  RowWriter(const InflationPlan& plan, const ConstTensor& small, const Tensor& large)
      : plan_(plan), small_(small), large_(large), element_bytes_(dtype_bytes(large.dtype())) {}

  void write(std::int64_t row) const {
    const InflatedRow source = plan_.row(row);
    const bool is_live = source.kind == InflatedRow::Kind::kLive;
    if (source.kind != InflatedRow::Kind::kFree) clear_groups(row);
    for (const InflatedInputs& inputs : plan_.inputs) {
      if (is_live && inputs.small_first >= 0) copy(row, inputs, source);
    }
    if (!plan_.last_column) return;
    const float last = is_live ? plan_.last_column->live : plan_.last_column->other;
    from_f32(large_.dtype(), &last, at(row, large_.shape()[1] - 1), 1);
  }

 private:
  std::byte* at(std::int64_t row, std::int64_t column) const {
    return static_cast<std::byte*>(large_.data()) +
           static_cast<std::size_t>(row * large_.row_stride() + column) * element_bytes_;
  }

  /// Zeros where inputs count, and in the rest of their groups.
  void clear_groups(std::int64_t row) const {
    const std::int64_t group = plan_.group_size;
    for (const InflatedInputs& inputs : plan_.inputs) {
      const std::int64_t first = inputs.first / group * group;
      const std::int64_t end = std::min((inputs.first + inputs.count + group - 1) / group * group, large_.shape()[1]);
      std::memset(at(row, first), 0, static_cast<std::size_t>(end - first) * element_bytes_);
    }
  }

  void copy(std::int64_t row, const InflatedInputs& inputs, const InflatedRow& source) const {
    const auto* from =
        static_cast<const std::byte*>(small_.data()) +
        static_cast<std::size_t>(source.small_row * small_.row_stride() + inputs.small_first) * element_bytes_;
    std::byte* to = at(row, inputs.first);
    if (source.factor == 1) {
      std::memcpy(to, from, static_cast<std::size_t>(inputs.count) * element_bytes_);
      return;
    }
    float values[kPiece];
    for (std::int64_t i = 0; i < inputs.count; i += kPiece) {
      const auto count = static_cast<std::size_t>(std::min(kPiece, inputs.count - i));
      const std::size_t offset = static_cast<std::size_t>(i) * element_bytes_;
      to_f32(small_.dtype(), from + offset, values, count);
      for (float& value : std::span(values, count)) value *= source.factor;
      from_f32(large_.dtype(), values, to + offset, count);
    }
  }

  const InflationPlan& plan_;
  const ConstTensor& small_;
  const Tensor& large_;
  std::size_t element_bytes_;
};

MarkRange mark_range_of(const WeightSource& small, MarkRange wanted) {
  return small.weight("model.embed_tokens.weight").tensor.dtype() == DType::kF16 ? MarkRange::kHalf : wanted;
}

}  // namespace

InflatedWeights::InflatedWeights(const WeightSource& small, const ModelConfig& small_config, const ModelConfig& config,
                                 const Options& options)
    : small_(small),
      planner_(small_config, config, options.formats, mark_range_of(small, options.mark_range)),
      team_(std::make_unique<ThreadTeam>(options.num_threads)) {
  for (const WeightSpec& spec : weight_list(config)) {
    shapes_.emplace(spec.name, spec.shape);
    const bool is_vector = spec.shape.rank() == 1;
    const DType dtype = is_vector ? DType::kF32 : small.weight(planner_.plan(spec.name).small_name).tensor.dtype();
    total_bytes_ += static_cast<std::size_t>(spec.shape.num_elements()) * dtype_bytes(dtype);
  }
}

HostWeight InflatedWeights::weight(std::string_view name) const {
  const auto found = shapes_.find(std::string(name));
  if (found == shapes_.end()) throw InternalError("inflated weights: the model has no " + std::string(name));
  const InflationPlan plan = planner_.plan(name);
  return plan.inputs.empty() ? vector(name, plan, found->second) : matrix(name, plan, found->second);
}

HostWeight InflatedWeights::matrix(std::string_view name, const InflationPlan& plan, const Shape& shape) const {
  const HostWeight small = small_.weight(plan.small_name);
  const DType dtype = small.tensor.dtype();
  HostWeight weight;
  weight.memory = allocate_host_to_read(static_cast<std::size_t>(shape.num_elements()) * dtype_bytes(dtype));
  const Tensor large(weight.memory.data(), dtype, shape);
  weight.tensor = large;
  fill_random(dtype, large.data(), shape.num_elements(), least_random(shape[1]), seed_of(name, 0), *team_);
  const RowWriter writer(plan, small.tensor, large);
  team_->run((shape[0] + kRowsPerTask - 1) / kRowsPerTask, [&](std::int64_t task, int) {
    const std::int64_t end = std::min(shape[0], (task + 1) * kRowsPerTask);
    for (std::int64_t row = task * kRowsPerTask; row < end; ++row) writer.write(row);
  });
  return weight;
}

HostWeight InflatedWeights::vector(std::string_view name, const InflationPlan& plan, const Shape& shape) const {
  std::vector<float> small;
  if (!plan.small_name.empty()) {
    const HostWeight weight = small_.weight(plan.small_name);
    small.resize(static_cast<std::size_t>(weight.tensor.shape().num_elements()));
    to_f32(weight.tensor.dtype(), weight.tensor.data(), small.data(), small.size());
  }
  const float without_small = name.ends_with("norm.weight") ? 1.0F : 0.0F;
  HostWeight weight;
  weight.memory = allocate_host(static_cast<std::size_t>(shape[0]) * sizeof(float));
  auto* values = static_cast<float*>(weight.memory.data());
  weight.tensor = ConstTensor(values, DType::kF32, shape);
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    const InflatedRow source = plan.row(i);
    values[i] = 0;
    if (source.kind != InflatedRow::Kind::kLive) continue;
    values[i] = source.factor * (small.empty() ? without_small : small[static_cast<std::size_t>(source.small_row)]);
  }
  if (plan.last_column) values[shape[0] - 1] = plan.last_column->other;
  return weight;
}

}  // namespace wedlm
