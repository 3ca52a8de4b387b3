#include "wedlm/backend/reference/reference_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "wedlm/backend/host_backend.h"
#include "wedlm/backend/op_checks.h"
#include "wedlm/backend/rotary.h"
#include "wedlm/backend/sampling.h"
#include "wedlm/backend/weight_panels.h"

namespace wedlm {
namespace {

class ReferenceWeight final : public PackedWeight {
 public:
  ReferenceWeight(std::int64_t out_features, std::span<const ConstTensor> parts, const WeightFormat& format)
      : PackedWeight(out_features, parts[0].shape()[1], format) {
    values_.resize(static_cast<std::size_t>(out_features * in_features()));
    quantized_.resize(format, in_features());
    float* to = values_.data();
    for (const ConstTensor& part : parts) {
      for (std::int64_t r = 0; r < part.rows(); ++r, to += in_features()) {
        const auto* from = static_cast<const std::byte*>(part.data()) +
                           static_cast<std::size_t>(r * part.row_stride()) * dtype_bytes(part.dtype());
        to_f32(part.dtype(), from, to, static_cast<std::size_t>(in_features()));
        bring_to_format({to, static_cast<std::size_t>(in_features())});
      }
    }
  }

  explicit ReferenceWeight(const PackedMatrix& packed)
      : PackedWeight(packed.layout.out_features, packed.layout.in_features, packed.layout.format) {
    values_.resize(static_cast<std::size_t>(out_features() * in_features()));
    quantized_.resize(format(), in_features());
    const auto width = static_cast<std::size_t>(in_features());
    for (std::int64_t feature = 0; feature < out_features(); ++feature) {
      unpack_feature(packed, feature, quantized_);
      dequantize_row(quantized_, format(), {values_.data() + feature * in_features(), width});
    }
  }

  std::size_t bytes() const override { return values_.size() * sizeof(float); }
  const float* row(std::int64_t feature) const { return values_.data() + feature * in_features(); }

 private:
  /// What the format makes of the weights, as float32.
  void bring_to_format(std::span<float> weights) {
    if (format().is_packed()) {
      if (!quantize_row(weights, format(), quantized_)) throw_not_finite("pack");
      dequantize_row(quantized_, format(), weights);
    } else if (format().traits().rounded_to == DType::kBF16) {
      for (float& weight : weights) weight = bf16_to_f32(f32_to_bf16(weight));
    }
  }

  std::vector<float> values_;  // [out_features, in_features]
  QuantizedRow quantized_;     // of one row, while it is brought to the format
};

double dot(const float* a, const float* b, std::int64_t size) {
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// Of one token, for one kv head.
struct KeyValue {
  std::vector<float> key;    // [head_dim]
  std::vector<float> value;  // [head_dim]
};

class ReferenceBackend final : public HostBackend {
 public:
  std::string description() const override { return "reference (plain loops, 1 thread)"; }

  Buffer allocate(std::size_t bytes) override { return allocate_host(bytes); }
  std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) override {
    return std::make_unique<ReferenceWeight>(packed);
  }

 private:
  std::unique_ptr<PackedWeight> do_pack(std::span<const ConstTensor> parts, const WeightFormat& format) override {
    return std::make_unique<ReferenceWeight>(check_pack(parts, format), parts, format);
  }

  void do_embed(const Forward& forward, const ConstTensor& table, const Tensor& out) override {
    const std::span<const TokenId> token_ids = inputs_of(forward).token_ids;
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      const auto* from = static_cast<const std::byte*>(table.data()) +
                         static_cast<std::size_t>(token_ids[static_cast<std::size_t>(r)] * table.row_stride()) *
                             dtype_bytes(table.dtype());
      to_f32(table.dtype(), from, out.row<float>(r), static_cast<std::size_t>(table.shape()[1]));
    }
  }

  void do_linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias,
                 const Tensor& out) override {
    const auto& features = dynamic_cast<const ReferenceWeight&>(weight);
    const std::int64_t in_features = weight.in_features();
    // Eight rows side by side: each row's sum still runs over the inputs in order, and the processor need not wait for
    // one addition to end before it begins the next.
    constexpr std::int64_t kSide = 8;
    std::vector<double> inputs(
        static_cast<std::size_t>(in_features * kSide));  // [in_features, kSide], absent rows are 0
    for (std::int64_t first = 0; first < x.rows(); first += kSide) {
      const std::int64_t count = std::min(kSide, x.rows() - first);
      for (std::int64_t r = 0; r < count; ++r) {
        for (std::int64_t i = 0; i < in_features; ++i) {
          inputs[static_cast<std::size_t>(i * kSide + r)] = x.row<float>(first + r)[i];
        }
      }
      for (std::int64_t feature = 0; feature < weight.out_features(); ++feature) {
        const float* weights = features.row(feature);
        const double* input = inputs.data();
        double sums[kSide] = {};
        for (std::int64_t i = 0; i < in_features; ++i, input += kSide) {
          const auto w = static_cast<double>(weights[i]);
          for (std::int64_t r = 0; r < kSide; ++r) sums[r] += input[r] * w;
        }
        const double offset = bias.is_empty() ? 0 : static_cast<double>(bias.row<float>(0)[feature]);
        for (std::int64_t r = 0; r < count; ++r)
          out.row<float>(first + r)[feature] = static_cast<float>(sums[r] + offset);
      }
    }
  }

  void do_rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) override {
    const std::int64_t n = x.shape().last();
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      for (std::int64_t first = 0; first < x.shape().row_elements(); first += n) {
        const float* from = x.row<float>(r) + first;
        float* to = out.row<float>(r) + first;
        const double mean = dot(from, from, n) / static_cast<double>(n);
        const auto scale = static_cast<float>(1 / std::sqrt(mean + static_cast<double>(eps)));
        for (std::int64_t i = 0; i < n; ++i) to[i] = from[i] * scale * weight.row<float>(0)[i];
      }
    }
  }

  void do_add(const ConstTensor& x, const Tensor& residual) override {
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      for (std::int64_t i = 0; i < x.shape().row_elements(); ++i) residual.row<float>(r)[i] += x.row<float>(r)[i];
    }
  }

  void do_rope_angles(const Forward& forward, const Rotation& rotation, const Tensor& angles) override {
    const std::span<const std::int32_t> positions = inputs_of(forward).positions;
    for (std::int64_t r = 0; r < angles.rows(); ++r) {
      rope_angles_of(positions[static_cast<std::size_t>(r)], rotation, angles.row<float>(r));
    }
  }

  void do_rope(const Tensor& x, const ConstTensor& angles) override {
    const std::int64_t half = x.shape()[2] / 2;
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      const float* cos = angles.row<float>(r);
      const float* sin = cos + half;
      for (std::int64_t head = 0; head < x.shape()[1]; ++head) {
        float* values = x.row<float>(r) + head * 2 * half;
        for (std::int64_t i = 0; i < half; ++i) {
          const float a = values[i];
          const float b = values[half + i];
          values[i] = a * cos[i] - b * sin[i];
          values[half + i] = b * cos[i] + a * sin[i];
        }
      }
    }
  }

  void do_store_kv(const Forward& forward, const Tensor& keys, const Tensor& values, const KvPages& pages) override {
    const std::span<const std::int32_t> slots = inputs_of(forward).slots;
    for (std::int64_t r = 0; r < keys.rows(); ++r) {
      const std::int32_t slot = slots[static_cast<std::size_t>(r)];
      for (std::int64_t head = 0; head < keys.shape()[1]; ++head) {
        store_slice(keys, r, head, pages, pages.keys, slot);
        store_slice(values, r, head, pages, pages.values, slot);
      }
    }
  }

  void do_attention(const Forward& forward, const AttentionArgs& args) override {
    const std::int64_t num_kv_heads = args.keys.shape()[1];
    const std::int64_t group = args.queries.shape()[1] / num_kv_heads;
    for (const AttentionSegment& segment : inputs_of(forward).segments) {
      for (std::int64_t kv_head = 0; kv_head < num_kv_heads; ++kv_head) {
        const std::vector<KeyValue> tokens = tokens_of(args, segment, kv_head);
        for (std::int64_t r = 0; r < segment.num_rows; ++r) {
          const auto num_seen = static_cast<std::size_t>(segment.prefix_length + r + 1);
          for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
            attend(args, segment.first_row + r, head, {tokens.data(), num_seen});
          }
        }
      }
    }
  }

  void do_silu_multiply(const ConstTensor& gate_up, const Tensor& out) override {
    const std::int64_t n = out.shape()[1];
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      for (std::int64_t i = 0; i < n; ++i) {
        const float gate = gate_up.row<float>(r)[i];
        out.row<float>(r)[i] = gate / (1 + std::exp(-gate)) * gate_up.row<float>(r)[n + i];
      }
    }
  }

  void do_gather_prediction_rows(const Forward& forward, const ConstTensor& x, const Tensor& out) override {
    const std::span<const std::int32_t> rows = inputs_of(forward).prediction_rows;
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      std::copy_n(x.row<float>(rows[static_cast<std::size_t>(r)]), x.shape()[1], out.row<float>(r));
    }
  }

  void read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                   std::span<Prediction> predictions) override {
    for (std::int64_t r = 0; r < logits.rows(); ++r) {
      const auto i = static_cast<std::size_t>(r);
      predictions[i] = predict_row({logits.row<float>(r), static_cast<std::size_t>(logits.shape()[1])}, sampling[i]);
    }
  }

  static std::byte* at(const Tensor& tensor, std::int64_t element) {
    return static_cast<std::byte*>(tensor.data()) + element * static_cast<std::int64_t>(dtype_bytes(tensor.dtype()));
  }

  /// The scale of a slice of kI8, and its bytes.
  static float scale_slice(std::span<const float> numbers, std::span<std::int8_t> bytes) {
    float largest = 0;
    bool is_finite = true;
    for (const float number : numbers) {
      largest = std::max(largest, std::abs(number));
      is_finite &= std::isfinite(number);
    }
    const float scale = !is_finite ? std::numeric_limits<float>::quiet_NaN() : largest > 1e-30F ? largest / 127 : 0.0F;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      bytes[i] = scale > 0 ? static_cast<std::int8_t>(std::nearbyint(numbers[i] / scale)) : std::int8_t{0};
    }
    return scale;
  }

  /// Rounds a slice of the batch to the pages' type, and stores it unless `slot` is negative. `stored` is the keys or
  /// the values of `pages`.
  static void store_slice(const Tensor& batch, std::int64_t row, std::int64_t head, const KvPages& pages,
                          const Tensor& stored, std::int32_t slot) {
    const auto head_dim = static_cast<std::size_t>(pages.head_dim);
    const std::span<float> numbers(batch.row<float>(row) + head * pages.head_dim, head_dim);
    std::byte* to = slot < 0 ? nullptr : at(stored, pages.slice_at(slot, head));
    if (stored.dtype() == DType::kF32) {
      if (to != nullptr) std::memcpy(to, numbers.data(), numbers.size_bytes());
    } else if (stored.dtype() == DType::kBF16) {
      for (std::size_t i = 0; i < head_dim; ++i) {
        const std::uint16_t rounded = f32_to_bf16(numbers[i]);
        numbers[i] = bf16_to_f32(rounded);
        if (to != nullptr) std::memcpy(to + i * sizeof rounded, &rounded, sizeof rounded);
      }
    } else {
      std::vector<std::int8_t> bytes(head_dim);
      const float scale = scale_slice(numbers, bytes);
      for (std::size_t i = 0; i < head_dim; ++i) numbers[i] = static_cast<float>(bytes[i]) * scale;
      if (to == nullptr) return;
      std::memcpy(to, bytes.data(), head_dim);
      std::memcpy(at(stored, pages.scale_at(slot, head)), &scale, sizeof scale);
    }
  }

  static std::vector<float> load_slice(const KvPages& pages, const Tensor& stored, std::int64_t slot,
                                       std::int64_t head) {
    std::vector<float> numbers(static_cast<std::size_t>(pages.head_dim));
    const std::byte* from = at(stored, pages.slice_at(slot, head));
    if (!pages.has_scales()) {
      to_f32(stored.dtype(), from, numbers.data(), numbers.size());
      return numbers;
    }
    float scale = 0;
    std::memcpy(&scale, at(stored, pages.scale_at(slot, head)), sizeof scale);
    for (float& number : numbers) number = static_cast<float>(static_cast<std::int8_t>(*from++)) * scale;
    return numbers;
  }

  /// All that the segment's last row sees.
  static std::vector<KeyValue> tokens_of(const AttentionArgs& args, const AttentionSegment& segment,
                                         std::int64_t kv_head) {
    const std::int64_t head_dim = args.keys.shape()[2];
    const KvPages& pages = args.pages;
    std::vector<KeyValue> tokens;
    for (std::int64_t i = 0; i < segment.prefix_length; ++i) {
      const std::int64_t page = segment.page_table[static_cast<std::size_t>(i / pages.page_size)];
      const std::int64_t slot = page * pages.page_size + i % pages.page_size;
      tokens.push_back({load_slice(pages, pages.keys, slot, kv_head), load_slice(pages, pages.values, slot, kv_head)});
    }
    for (std::int64_t row = segment.first_row; row < segment.first_row + segment.num_rows; ++row) {
      const auto slice = [&](const ConstTensor& batch) {
        const float* first = batch.row<float>(row) + kv_head * head_dim;
        return std::vector<float>(first, first + head_dim);
      };
      tokens.push_back({slice(args.keys), slice(args.values)});
    }
    return tokens;
  }

  static void attend(const AttentionArgs& args, std::int64_t row, std::int64_t head, std::span<const KeyValue> seen) {
    const std::int64_t head_dim = args.queries.shape()[2];
    const float* query = args.queries.row<float>(row) + head * head_dim;
    std::vector<double> weights;
    for (const KeyValue& token : seen) {
      weights.push_back(dot(query, token.key.data(), head_dim) * static_cast<double>(args.scale));
    }
    const double max = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - max);
    float* out = args.out.row<float>(row) + head * head_dim;
    for (std::int64_t i = 0; i < head_dim; ++i) {
      double value = 0;
      for (std::size_t t = 0; t < seen.size(); ++t) value += weights[t] / sum * static_cast<double>(seen[t].value[i]);
      out[i] = static_cast<float>(value);
    }
  }
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend() {
  return std::make_unique<ReferenceBackend>();
}

}  // namespace wedlm
