#include "wedlm/train/torch/packed_weights.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/base/error.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/tensor/rotation.h"

namespace wedlm::train {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// rotated weight = scales * (codes - zeros), a scale for each group of inputs. Rows are filled up to whole groups.
class PackedWeight {
 public:
  PackedWeight(const WeightFormat& format, std::int64_t out_features, std::int64_t in_features)
      : format_(format), in_features_(in_features), num_groups_(format.num_groups(in_features)) {
    const std::int64_t width = num_groups_ * format.inputs_per_group(in_features);
    codes_ = at::zeros({out_features, has_halves() ? width / 2 : width}, has_halves() ? at::kByte : at::kChar);
    scales_ = at::zeros({out_features, num_groups_}, at::kFloat);
    zeros_ = at::zeros({out_features, num_groups_}, at::kFloat);
  }

  void set_row(std::int64_t row, const QuantizedRow& values) {
    if (has_halves()) {
      auto* to = codes_.data_ptr<std::uint8_t>() + row * codes_.size(1);
      for (std::size_t k = 0; k < static_cast<std::size_t>(in_features_); ++k) {
        to[k / 2] |= static_cast<std::uint8_t>((values.values[k] + kBias) << (k % 2 * 4));
      }
    } else {
      std::copy_n(values.values.begin(), in_features_, codes_.data_ptr<std::int8_t>() + row * codes_.size(1));
    }
    std::copy_n(values.scales.begin(), num_groups_, scales_.data_ptr<float>() + row * num_groups_);
    std::copy_n(values.zeros.begin(), num_groups_, zeros_.data_ptr<float>() + row * num_groups_);
  }

  /// As float32.  // [out_features, in_features]
  Tensor numbers() const {
    Tensor numbers = at::empty({codes_.size(0), in_features_}, at::kFloat);
    auto* to = numbers.data_ptr<float>();
    at::parallel_for(0, codes_.size(0), 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) write_row(row, to + row * in_features_);
    });
    return numbers;
  }

 private:
  static constexpr int kBias = 8;  // of codes of 4 bits

  bool has_halves() const { return format_.traits().bits == 4; }

  void write_row(std::int64_t row, float* to) const {
    const std::int64_t group = format_.inputs_per_group(in_features_);
    const float* scales = scales_.data_ptr<float>() + row * num_groups_;
    const float* zeros = zeros_.data_ptr<float>() + row * num_groups_;
    const auto* codes = static_cast<const std::uint8_t*>(codes_.data_ptr()) + row * codes_.size(1);
    for (std::int64_t g = 0; g < num_groups_; ++g) {
      const std::int64_t end = std::min((g + 1) * group, in_features_);
      const float scale = scales[g], zero = zeros[g];
      if (has_halves()) {
        for (std::int64_t k = g * group; k < end; ++k) {
          to[k] = scale * (static_cast<float>((codes[k / 2] >> (k % 2 * 4) & 15) - kBias) - zero);
        }
      } else {
        for (std::int64_t k = g * group; k < end; ++k) {
          to[k] = scale * (static_cast<float>(static_cast<std::int8_t>(codes[k])) - zero);
        }
      }
    }
    rotate_back({to, static_cast<std::size_t>(in_features_)});
  }

  WeightFormat format_;
  std::int64_t in_features_;
  std::int64_t num_groups_;
  Tensor codes_;   // [out_features, width], or two in a byte, the first in its lower half
  Tensor scales_;  // [out_features, groups]
  Tensor zeros_;   // [out_features, groups]
};

namespace {

class PackedProduct : public torch::autograd::Function<PackedProduct> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const PackedWeight* weight) {
    context->saved_data["weight"] = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(weight));
    return at::linear(x, weight->numbers().to(x.scalar_type()));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto* weight =
        reinterpret_cast<const PackedWeight*>(static_cast<std::intptr_t>(context->saved_data["weight"].toInt()));
    return {gradients[0].matmul(weight->numbers().to(gradients[0].scalar_type())), Tensor()};
  }
};

/// The rows of one weight, rounded.
void round_rows(const HostWeight& weight, const std::string& name, const WeightFormat& format, ThreadTeam& team,
                PackedWeight& to) {
  const ConstTensor& tensor = weight.tensor;
  const auto width = static_cast<std::size_t>(tensor.shape().last());
  struct Scratch {
    std::vector<float> numbers;
    QuantizedRow row;
  };
  std::vector<Scratch> scratch(static_cast<std::size_t>(team.size()));
  for (Scratch& one : scratch) {
    one.numbers.resize(width);
    one.row.resize(format, tensor.shape().last());
  }
  std::atomic<bool> is_finite = true;
  team.run(tensor.rows(), [&](std::int64_t r, int thread) {
    Scratch& own = scratch[static_cast<std::size_t>(thread)];
    const auto* from = static_cast<const std::byte*>(tensor.data());
    to_f32(tensor.dtype(), from + static_cast<std::size_t>(r) * width * dtype_bytes(tensor.dtype()), own.numbers.data(),
           width);
    if (!quantize_row(own.numbers, format, own.row)) is_finite = false;
    to.set_row(r, own.row);
  });
  if (!is_finite) throw InvalidInput(name + " has values that are not finite");
}

/// Rows [first, first + count) of a matrix that is stored in panels.
void unpack_rows(const PackedMatrix& panels, std::int64_t first, std::int64_t count, ThreadTeam& team,
                 PackedWeight& to) {
  std::vector<QuantizedRow> scratch(static_cast<std::size_t>(team.size()));
  for (QuantizedRow& row : scratch) row.resize(panels.layout.format, panels.layout.in_features);
  team.run(count, [&](std::int64_t r, int thread) {
    QuantizedRow& row = scratch[static_cast<std::size_t>(thread)];
    unpack_feature(panels, first + r, row);
    to.set_row(r, row);
  });
}

}  // namespace

PackedWeights::PackedWeights() = default;
PackedWeights::~PackedWeights() = default;
PackedWeights::PackedWeights(PackedWeights&& other) noexcept = default;
PackedWeights& PackedWeights::operator=(PackedWeights&& other) noexcept = default;

PackedWeights::PackedWeights(const WeightSource& source, const ModelConfig& config, const ModelFormats& formats) {
  std::unordered_map<std::string, Shape> shapes;
  for (const WeightSpec& spec : weight_list(config)) shapes.emplace(spec.name, spec.shape);
  ThreadTeam team(0);
  for (const MatrixSpec& matrix : matrix_list(config)) {
    const WeightFormat& format = matrix.format(formats);
    if (!format.is_packed()) continue;
    const auto panels = source.packed(matrix);
    std::int64_t first = 0;  // row of the matrix
    for (const std::string& part : matrix.parts) {
      const Shape& shape = shapes.at(part);
      auto weight = std::make_unique<PackedWeight>(format, shape[0], shape[1]);
      if (panels) {
        unpack_rows(panels->panels, first, shape[0], team, *weight);
      } else {
        round_rows(source.weight(part), part, format, team, *weight);
      }
      first += shape[0];
      weights_.emplace(part, std::move(weight));
    }
  }
}

Tensor PackedWeights::weight(const std::string& name) const {
  return weights_.at(name)->numbers();
}

Tensor PackedWeights::product(const std::string& name, const Tensor& x, const Tensor& bias) const {
  const Tensor y = PackedProduct::apply(x, weights_.at(name).get());
  return bias.defined() ? y + bias : y;
}

}  // namespace wedlm::train
