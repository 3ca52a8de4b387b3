#include "wedlm/backend/reference/reference_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "wedlm/backend/op_checks.h"
#include "wedlm/backend/rotary.h"
#include "wedlm/backend/sampling.h"

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

class ReferenceBackend final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string description() const override { return "reference (plain loops, 1 thread)"; }

  Buffer allocate(std::size_t bytes) override { return allocate_host(bytes); }
  ConstTensor place(const ConstTensor& host) override { return host; }
  void upload(const ConstTensor& host, const Tensor& to) override { copy(host, to); }
  void download(const ConstTensor& from, const Tensor& host) override { copy(from, host); }

  std::unique_ptr<PackedWeight> pack(std::span<const ConstTensor> parts, const WeightFormat& format) override {
    return std::make_unique<ReferenceWeight>(check_pack(parts, format), parts, format);
  }
  std::unique_ptr<PackedWeight> adopt(const PackedMatrix& packed) override {
    return std::make_unique<ReferenceWeight>(packed);
  }

  void embed(const ConstTensor& table, std::span<const TokenId> token_ids, const Tensor& out) override {
    check_embed(table, token_ids, out);
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      const auto* from = static_cast<const std::byte*>(table.data()) +
                         static_cast<std::size_t>(token_ids[static_cast<std::size_t>(r)] * table.row_stride()) *
                             dtype_bytes(table.dtype());
      to_f32(table.dtype(), from, out.row<float>(r), static_cast<std::size_t>(table.shape()[1]));
    }
  }

  void linear(const ConstTensor& x, const PackedWeight& weight, const ConstTensor& bias, const Tensor& out) override {
    check_linear(x, weight, bias, out);
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

  void rms_norm(const ConstTensor& x, const ConstTensor& weight, float eps, const Tensor& out) override {
    check_rms_norm(x, weight, out);
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

  void add(const ConstTensor& x, const Tensor& residual) override {
    check_add(x, residual);
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      for (std::int64_t i = 0; i < x.shape().row_elements(); ++i) residual.row<float>(r)[i] += x.row<float>(r)[i];
    }
  }

  void rope_angles(std::span<const std::int32_t> positions, double theta, const Tensor& angles) override {
    check_rope_angles(positions, angles);
    const std::vector<float> frequencies = rope_frequencies(theta, angles.shape()[1]);
    for (std::int64_t r = 0; r < angles.rows(); ++r) {
      rope_angles_of(positions[static_cast<std::size_t>(r)], frequencies, angles.row<float>(r));
    }
  }

  void rope(const Tensor& x, const ConstTensor& angles) override {
    check_rope(x, angles);
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

  void store_kv(const Tensor& keys, const Tensor& values, std::span<const std::int32_t> slots,
                const KvPages& pages) override {
    check_store_kv(keys, values, slots, pages);
    for (std::int64_t r = 0; r < keys.rows(); ++r) {
      const std::int32_t slot = slots[static_cast<std::size_t>(r)];
      for (std::int64_t head = 0; head < keys.shape()[1]; ++head) {
        const std::int64_t at = slot < 0 ? -1 : pages.slice_at(slot, head);
        store_slice(keys, r, head, pages.keys, at);
        store_slice(values, r, head, pages.values, at);
      }
    }
  }

  void attention(const AttentionArgs& args) override {
    check_attention(args);
    const std::int64_t num_kv_heads = args.keys.shape()[1];
    const std::int64_t group = args.queries.shape()[1] / num_kv_heads;
    for (const AttentionSegment& segment : args.segments) {
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

  void silu_multiply(const ConstTensor& gate_up, const Tensor& out) override {
    check_silu_multiply(gate_up, out);
    const std::int64_t n = out.shape()[1];
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      for (std::int64_t i = 0; i < n; ++i) {
        const float gate = gate_up.row<float>(r)[i];
        out.row<float>(r)[i] = gate / (1 + std::exp(-gate)) * gate_up.row<float>(r)[n + i];
      }
    }
  }

  void gather_rows(const ConstTensor& x, std::span<const std::int32_t> rows, const Tensor& out) override {
    check_gather_rows(x, rows, out);
    for (std::int64_t r = 0; r < out.rows(); ++r) {
      std::copy_n(x.row<float>(rows[static_cast<std::size_t>(r)]), x.shape()[1], out.row<float>(r));
    }
  }

  void read_logits(const ConstTensor& logits, std::span<const SamplingRow> sampling,
                   std::span<Prediction> predictions) override {
    check_read_logits(logits, sampling, predictions);
    for (std::int64_t r = 0; r < logits.rows(); ++r) {
      const auto i = static_cast<std::size_t>(r);
      predictions[i] = predict_row({logits.row<float>(r), static_cast<std::size_t>(logits.shape()[1])}, sampling[i]);
    }
  }

 private:
  static void copy(const ConstTensor& from, const Tensor& to) {
    check_copy(from, to);
    const auto bytes = static_cast<std::size_t>(from.shape().num_elements()) * dtype_bytes(from.dtype());
    if (bytes > 0) std::memmove(to.data(), from.data(), bytes);
  }

  /// Rounds a slice to the pages' type.
  static std::vector<std::byte> rounded_slice(DType dtype, std::span<const float> numbers) {
    const auto count = static_cast<std::int64_t>(numbers.size());
    std::vector<std::byte> slice(static_cast<std::size_t>(slice_elements(dtype, count)) * dtype_bytes(dtype));
    if (dtype == DType::kF32) {
      std::memcpy(slice.data(), numbers.data(), slice.size());
    } else if (dtype == DType::kBF16) {
      std::byte* to = slice.data();
      for (const float number : numbers) {
        const std::uint16_t rounded = f32_to_bf16(number);
        std::memcpy(to, &rounded, sizeof rounded);
        to += sizeof rounded;
      }
    } else {
      float largest = 0;
      bool is_finite = true;
      for (const float number : numbers) {
        largest = std::max(largest, std::abs(number));
        is_finite &= std::isfinite(number);
      }
      const float scale = !is_finite         ? std::numeric_limits<float>::quiet_NaN()
                          : largest > 1e-30F ? largest / 127
                                             : 0.0F;
      for (std::size_t i = 0; scale > 0 && i < numbers.size(); ++i) {
        slice[i] = static_cast<std::byte>(static_cast<std::int8_t>(std::nearbyint(numbers[i] / scale)));
      }
      std::memcpy(slice.data() + numbers.size(), &scale, sizeof scale);
    }
    return slice;
  }

  static std::vector<float> numbers_of(DType dtype, const std::byte* slice, std::int64_t count) {
    std::vector<float> numbers(static_cast<std::size_t>(count));
    if (dtype != DType::kI8) {
      to_f32(dtype, slice, numbers.data(), numbers.size());
      return numbers;
    }
    float scale = 0;
    std::memcpy(&scale, slice + count, sizeof scale);
    for (float& number : numbers) number = static_cast<float>(static_cast<std::int8_t>(*slice++)) * scale;
    return numbers;
  }

  /// Rounds a slice of the batch to the pages' type, and stores it from element `at` on unless that is negative.
  static void store_slice(const Tensor& batch, std::int64_t row, std::int64_t head, const Tensor& pages,
                          std::int64_t at) {
    const std::int64_t head_dim = batch.shape()[2];
    float* numbers = batch.row<float>(row) + head * head_dim;
    const std::vector<std::byte> slice = rounded_slice(pages.dtype(), {numbers, static_cast<std::size_t>(head_dim)});
    std::ranges::copy(numbers_of(pages.dtype(), slice.data(), head_dim), numbers);
    if (at < 0) return;
    const auto element_bytes = static_cast<std::int64_t>(dtype_bytes(pages.dtype()));
    std::ranges::copy(slice, static_cast<std::byte*>(pages.data()) + at * element_bytes);
  }

  /// All that the segment's last row sees.
  static std::vector<KeyValue> tokens_of(const AttentionArgs& args, const AttentionSegment& segment,
                                         std::int64_t kv_head) {
    const std::int64_t head_dim = args.keys.shape()[2];
    const auto numbers = [&](const ConstTensor& tensor, std::int64_t at) {
      const auto element_bytes = static_cast<std::int64_t>(dtype_bytes(tensor.dtype()));
      return numbers_of(tensor.dtype(), static_cast<const std::byte*>(tensor.data()) + at * element_bytes, head_dim);
    };
    const KvPages& pages = args.pages;
    std::vector<KeyValue> tokens;
    for (std::int64_t i = 0; i < segment.prefix_length; ++i) {
      const std::int64_t slot = segment.block_table[i / pages.block_size] * pages.block_size + i % pages.block_size;
      const std::int64_t at = pages.slice_at(slot, kv_head);
      tokens.push_back({numbers(pages.keys, at), numbers(pages.values, at)});
    }
    for (std::int64_t row = segment.first_row; row < segment.first_row + segment.num_rows; ++row) {
      tokens.push_back({numbers(args.keys, row * args.keys.row_stride() + kv_head * head_dim),
                        numbers(args.values, row * args.values.row_stride() + kv_head * head_dim)});
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
