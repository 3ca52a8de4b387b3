// Random operands for ops, and the backends that a conformance test runs them on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "tests/backend/on_backend.h"
#include "tests/support/closeness.h"
#include "tests/support/queued_backend.h"
#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/tensor/rotation.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// Largest difference to the reference, relative to the largest magnitude in the reference's result (or to 1).
struct Tolerances {
  double linear = 3e-6;  // sums of up to 331 products, in float32
  // Where levels round inputs to 16 bits: each is off by at most 2^-16 of the largest of its block, some three to four
  // times its typical size, so a result by a part in 20,000 of its typical size; twice that for the worst of thousands.
  double linear_of_integers = 8e-5;
  double norm = 2e-6;
  double rope = 1e-6;
  double attention = 5e-6;
  // Where levels round weights to bfloat16, one that is nearly between two numbers may go either way, by 2^-8 of
  // itself.
  double rounded_attention = 5e-4;
  double silu = 2e-6;
  double entropy = 2e-5;  // nats
  double log_prob = 2e-5;
};
inline constexpr Tolerances kTolerances;

class OpData {
 public:
  explicit OpData(unsigned seed = 1) : random_(seed) {}

  float normal() { return std::normal_distribution<float>()(random_); }
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  std::mt19937& engine() { return random_; }

  OwnedTensor f32(Shape shape, std::int64_t row_gap = 0) { return of(DType::kF32, shape, row_gap); }

  /// Standard normal values; of float16 only the sign, three exponents and the fraction are random, and
  /// of int8 every byte is, those of scales too.
  OwnedTensor of(DType dtype, Shape shape, std::int64_t row_gap = 0) {
    OwnedTensor owned(dtype, shape, row_gap);
    const Tensor& tensor = owned.tensor();
    for (std::int64_t r = 0; r < tensor.rows(); ++r) {
      for (std::int64_t i = 0; i < shape.row_elements(); ++i) {
        if (dtype == DType::kF32) {
          tensor.row<float>(r)[i] = normal();
        } else if (dtype == DType::kI8) {
          tensor.row<std::int8_t>(r)[i] = static_cast<std::int8_t>(below(256) - 128);
        } else if (dtype == DType::kBF16) {
          tensor.row<std::uint16_t>(r)[i] = f32_to_bf16(normal());
        } else {
          tensor.row<std::uint16_t>(r)[i] =
              static_cast<std::uint16_t>(below(2) << 15 | (12 + below(4)) << 10 | below(1024));
        }
      }
    }
    return owned;
  }

 private:
  std::mt19937 random_;
};

/// The same, each rounded to the nearest bfloat16.
inline OwnedTensor rounded_to_bf16(const OwnedTensor& numbers) {
  OwnedTensor rounded = numbers.copy();
  const Tensor& tensor = rounded.tensor();
  for (std::int64_t r = 0; r < tensor.rows(); ++r) {
    for (std::int64_t i = 0; i < tensor.shape().row_elements(); ++i) {
      float& number = tensor.row<float>(r)[i];
      number = bf16_to_f32(f32_to_bf16(number));
    }
  }
  return rounded;
}

/// Rows that rounding to 8 bits does not change: rotated, each section is a scale times integers of which the largest
/// is 127. So nothing but the order of the sums is between a product of bytes and the reference.
inline OwnedTensor rows_of_bytes(OpData& data, Shape shape, std::int64_t row_gap = 0) {
  OwnedTensor rows = data.f32(shape, row_gap);
  const Tensor& tensor = rows.tensor();
  const auto size = static_cast<std::size_t>(shape.row_elements());
  for (std::int64_t r = 0; r < tensor.rows(); ++r) {
    const std::span<float> row(tensor.row<float>(r), size);
    for (std::size_t k = 0; k < size; ++k) {
      const bool is_first = k % kRoundingSection == 0;
      row[k] = static_cast<float>(is_first ? kMostOfByte : data.below(2 * kMostOfByte + 1) - kMostOfByte) / 64;
    }
    rotate_back(row);
  }
  return rows;
}

inline constexpr WeightFormat kConvertedFormats[] = {{.type = WeightType::kBF16},
                                                     {.type = WeightType::kInt8},
                                                     {.type = WeightType::kInt4, .group_size = 32},
                                                     {.type = WeightType::kInt4, .group_size = 64},
                                                     {.type = WeightType::kInt4, .group_size = 128}};

inline double linear_tolerance(const WeightFormat& format) {
  return format.has_integers() ? kTolerances.linear_of_integers : kTolerances.linear;
}

inline std::string format_text(const WeightFormat& format) {
  return std::string(weight_type_name(format.type)) + " in groups of " + std::to_string(format.group_size);
}

/// The CPU backend with one instruction set and number of threads, or another backend: the one that behaves as a
/// device, or one that make_backend() knows.
struct BackendCase {
  std::string isa;  // or the name of amx_model_kernels(), or of another backend
  int num_threads = 1;
  int activation_bits = 8;

  static constexpr const char* kQueued = "queued";

  /// Whether `isa` is one of the CPU backend's.
  bool is_cpu() const { return isa != kQueued && !is_known_backend(); }
  const KernelTable& kernels() const {
    return isa == amx_model_kernels().name ? amx_model_kernels() : select_kernels(isa);
  }
  std::unique_ptr<Backend> make() const {
    if (isa == kQueued) return make_queued_backend();
    if (is_known_backend()) return make_backend({.name = isa});
    return make_cpu_backend(kernels(), {.num_threads = num_threads, .activation_bits = activation_bits});
  }
  /// Whether it rounds rows to bfloat16 where they meet weights of it.
  bool rounds_to_bf16() const { return is_cpu() && kernels().bf16_format == PanelFormat::kBF16Pairs; }
  /// Whether it rounds rows to 8 bits where they meet weights of this type.
  bool rounds_to_bytes(WeightType type) const {
    if (!is_cpu() || activation_bits != 8) return false;
    const IntegerKernels& by_bytes = kernels().by_bytes;
    return (type == WeightType::kInt8 && by_bytes.multiply_int8 != nullptr) ||
           (type == WeightType::kInt4 && by_bytes.multiply_int4 != nullptr);
  }

 private:
  bool is_known_backend() const { return std::ranges::count(backend_names(), isa) > 0; }
};

inline std::ostream& operator<<(std::ostream& out, const BackendCase& backend) {
  return out << backend.isa << "_" << backend.num_threads << (backend.activation_bits == 16 ? "_16_bits" : "");
}

inline std::vector<BackendCase> cpu_cases(const std::vector<int>& thread_counts) {
  std::vector<BackendCase> cases;
  for (const std::string& isa : supported_kernels()) {
    for (const int num_threads : thread_counts) cases.push_back({isa, num_threads});
  }
  return cases;
}

/// The same, the model of the one that few machines have, and rows of 16 bits where 8 are the default: on the model and
/// the first level that has products of bytes.
inline std::vector<BackendCase> cpu_and_model_cases(const std::vector<int>& thread_counts) {
  std::vector<BackendCase> cases = cpu_cases(thread_counts);
  const auto with_bytes = std::ranges::max_element(cases, {}, [](const BackendCase& backend) {
    return backend.rounds_to_bytes(WeightType::kInt8) + backend.rounds_to_bytes(WeightType::kInt4);
  });
  if (with_bytes->rounds_to_bytes(WeightType::kInt4)) cases.push_back({with_bytes->isa, thread_counts.back(), 16});
  cases.push_back({amx_model_kernels().name, thread_counts.back()});
  cases.push_back({amx_model_kernels().name, thread_counts.back(), 16});
  return cases;
}

/// All that keep the contract but the reference.
inline std::vector<BackendCase> all_cases(const std::vector<int>& thread_counts) {
  std::vector<BackendCase> cases = cpu_and_model_cases(thread_counts);
  cases.push_back({BackendCase::kQueued});
  for (const std::string& name : backend_names()) {
    if (name != "cpu" && name != "reference") cases.push_back({name});
  }
  return cases;
}

inline std::string case_name(const testing::TestParamInfo<BackendCase>& info) {
  return testing::PrintToString(info.param);
}

}  // namespace wedlm
