// Every op but attention of the CPU backend against the reference, on every instruction set of this machine, over
// shapes that fit no vector.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <numeric>

#include "tests/backend/op_data.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::int64_t kFeatures[] = {1, 3, 17, 64, 100, 331};

class OpConformanceTest : public testing::TestWithParam<CpuCase> {
 protected:
  std::unique_ptr<Backend> cpu_ = GetParam().make();
  std::unique_ptr<Backend> reference_ = make_reference_backend();
  OpData data_;

  /// Random rows for weights of bfloat16 or of other numbers. A level that rounds the former's gets them rounded, so
  /// that nothing but the order of the sums is between it and the reference.
  OwnedTensor rows(Shape shape, bool meet_bf16, std::int64_t row_gap = 0) {
    OwnedTensor x = data_.f32(shape, row_gap);
    return meet_bf16 && GetParam().rounds_to_bf16() ? rounded_to_bf16(x) : std::move(x);
  }

  /// The largest relative error of op(backend, out) between the two.
  template <class Op>
  double error_of(Shape shape, const Op& op) {
    const OwnedTensor got = data_.f32(shape, 2), expected = data_.f32(shape);
    op(*cpu_, got.tensor());
    op(*reference_, expected.tensor());
    return relative_error(got.values(), expected.values());
  }
};

TEST_P(OpConformanceTest, Linear) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    for (const std::int64_t in_features : kFeatures) {
      for (const std::int64_t out_features : kFeatures) {
        const OwnedTensor first = data_.of(dtype, {out_features, in_features});
        const OwnedTensor second = data_.of(dtype, {5, in_features}, 3);
        const OwnedTensor bias = data_.f32({out_features + 5});
        const ConstTensor parts[] = {first.tensor(), second.tensor()};
        const auto cpu_weight = cpu_->pack(parts), reference_weight = reference_->pack(parts);
        for (const std::int64_t rows : {1, 2, 5, 6, 7, 14, 15, 16, 29, 37}) {
          const OwnedTensor x = this->rows({rows, in_features}, dtype == DType::kBF16, rows % 3);
          const ConstTensor any_bias = rows % 2 == 0 ? ConstTensor(bias.tensor()) : ConstTensor();
          const double error = error_of({rows, out_features + 5}, [&](Backend& backend, const Tensor& out) {
            backend.linear(x, &backend == cpu_.get() ? *cpu_weight : *reference_weight, any_bias, out);
          });
          EXPECT_LT(error, kTolerances.linear)
              << dtype_name(dtype) << " " << rows << " x " << in_features << " -> " << out_features + 5;
        }
      }
    }
  }
}

TEST_P(OpConformanceTest, LinearOfConvertedWeights) {
  for (const WeightFormat& format : kConvertedFormats) {
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
      for (const std::int64_t in_features : {1, 3, 33, 66, 128, 331}) {
        const std::int64_t out_features = in_features % 2 == 0 ? 83 : 12;
        const OwnedTensor first = data_.of(dtype, {out_features, in_features}),
                          second = data_.of(dtype, {5, in_features});
        const OwnedTensor bias = data_.f32({out_features + 5});
        const ConstTensor parts[] = {first.tensor(), second.tensor()};
        const auto cpu_weight = cpu_->pack(parts, format), reference_weight = reference_->pack(parts, format);
        for (std::int64_t rows = 1; rows <= 64; rows += rows < 17 ? 1 : 47) {
          const OwnedTensor x = this->rows({rows, in_features}, format.type == WeightType::kBF16, rows % 3);
          const ConstTensor any_bias = rows % 2 == 0 ? ConstTensor(bias.tensor()) : ConstTensor();
          const double error = error_of({rows, out_features + 5}, [&](Backend& backend, const Tensor& out) {
            backend.linear(x, &backend == cpu_.get() ? *cpu_weight : *reference_weight, any_bias, out);
          });
          ASSERT_LT(error, linear_tolerance(format)) << format_text(format) << " of " << dtype_name(dtype) << ", "
                                                     << rows << " x " << in_features << " -> " << out_features + 5;
        }
      }
    }
  }
}

TEST_P(OpConformanceTest, IntegerWeightsThatAreNotFiniteAreRefused) {
  const OwnedTensor weight = data_.f32({70, 100});
  weight.tensor().row<float>(69)[99] = NAN;
  const ConstTensor part = weight;
  for (Backend* backend : {cpu_.get(), reference_.get()}) {
    EXPECT_THROW(backend->pack({&part, 1}, {.type = WeightType::kInt8}), InvalidInput);
    EXPECT_THROW(backend->pack({&part, 1}, {.type = WeightType::kInt4}), InvalidInput);
    EXPECT_THROW(backend->pack({&part, 1}, {.type = WeightType::kInt4, .group_size = 65}), InvalidInput);
  }
}

TEST_P(OpConformanceTest, InputsOfExtremeSizeMeetIntegerWeights) {
  const OwnedTensor weight = data_.f32({40, 300}), x = data_.f32({9, 300});
  const auto fill = [&](std::int64_t row, float value) { std::fill_n(x.tensor().row<float>(row), 300, value); };
  fill(0, 0), fill(1, 1e-38F), fill(2, 1e30F), fill(3, -0.0F);
  x.tensor().row<float>(4)[299] = INFINITY;
  x.tensor().row<float>(5)[128] = NAN;
  x.tensor().row<float>(6)[0] = 3e4F;
  const ConstTensor part = weight;
  for (const WeightFormat& format : kConvertedFormats) {
    if (!format.is_packed()) continue;
    const OwnedTensor got(DType::kF32, {9, 40}), expected(DType::kF32, {9, 40});
    cpu_->linear(x, *cpu_->pack({&part, 1}, format), {}, got);
    reference_->linear(x, *reference_->pack({&part, 1}, format), {}, expected);
    for (std::int64_t row = 0; row < 9; ++row) {
      double size = 1e-30 * 300;
      for (int j = 0; j < 40; ++j) size = std::max(size, std::abs(double{expected.tensor().row<float>(row)[j]}));
      for (int j = 0; j < 40; ++j) {
        const float value = got.tensor().row<float>(row)[j];
        if (row == 4 || row == 5) {
          ASSERT_FALSE(std::isfinite(value)) << format_text(format) << " row " << row;
        } else {
          ASSERT_NEAR(value, expected.tensor().row<float>(row)[j], linear_tolerance(format) * size)
              << format_text(format) << " row " << row;
        }
      }
    }
  }
}

TEST_P(OpConformanceTest, IntegersTakeASmallPartOfTheMemory) {
  const OwnedTensor weight = data_.of(DType::kBF16, {256, 1024});
  const ConstTensor part = weight;
  const std::size_t stored = cpu_->pack({&part, 1})->bytes();
  EXPECT_EQ(stored, 2U * 256 * 1024);
  EXPECT_EQ(cpu_->pack({&part, 1}, {.type = WeightType::kInt8})->bytes(), stored / 2 + 256 * 4);
  EXPECT_EQ(cpu_->pack({&part, 1}, {.type = WeightType::kInt4, .group_size = 64})->bytes(),
            stored / 4 + 256 * 4 * 1024 / 64);
}

TEST_P(OpConformanceTest, LinearOfManyRowsAndMuchDepth) {
  const OwnedTensor weight = data_.of(DType::kBF16, {70, 2100}), bias = data_.f32({70});
  const ConstTensor part = weight;
  for (const WeightFormat& format : kConvertedFormats) {
    const OwnedTensor x = rows({300, 2100}, format.type == WeightType::kBF16);
    const auto cpu_weight = cpu_->pack({&part, 1}, format), reference_weight = reference_->pack({&part, 1}, format);
    const double error = error_of({300, 70}, [&](Backend& backend, const Tensor& out) {
      backend.linear(x, &backend == cpu_.get() ? *cpu_weight : *reference_weight, bias, out);
    });
    EXPECT_LT(error, 3 * linear_tolerance(format)) << format_text(format);  // six times the terms of the others
  }
}

TEST_P(OpConformanceTest, RowsAreRoundedWhereTheLevelSaysSo) {
  const OwnedTensor weight = data_.of(DType::kBF16, {70, 331}), x = data_.f32({19, 331});
  const ConstTensor part = weight;
  const auto packed = cpu_->pack({&part, 1});
  const OwnedTensor of_x(DType::kF32, {19, 70}), of_rounded(DType::kF32, {19, 70});
  cpu_->linear(x, *packed, {}, of_x);
  cpu_->linear(rounded_to_bf16(x), *packed, {}, of_rounded);
  EXPECT_EQ(same_bits(of_x.values(), of_rounded.values()), GetParam().rounds_to_bf16());
}

TEST_P(OpConformanceTest, RowOps) {
  for (const std::int64_t n : kFeatures) {
    for (const std::int64_t rows : {1, 2, 37}) {
      const OwnedTensor x = data_.f32({rows, n}, 1), weight = data_.f32({n}), gate_up = data_.f32({rows, 2 * n});
      const OwnedTensor heads = data_.f32({rows, 3, n}, 4), residual = data_.f32({rows, n}, 3);
      const auto copy_of_residual = [&](const Tensor& out) {
        for (std::int64_t r = 0; r < rows; ++r) std::copy_n(residual.tensor().row<float>(r), n, out.row<float>(r));
      };
      EXPECT_LT(error_of({rows, n}, [&](Backend& b, const Tensor& out) { b.rms_norm(x, weight, 1e-6F, out); }),
                kTolerances.norm);
      EXPECT_LT(error_of({rows, 3, n}, [&](Backend& b, const Tensor& out) { b.rms_norm(heads, weight, 1e-6F, out); }),
                kTolerances.norm);
      EXPECT_LT(error_of({rows, n}, [&](Backend& b, const Tensor& out) { b.silu_multiply(gate_up, out); }),
                kTolerances.silu);
      EXPECT_EQ(error_of({rows, n}, [&](Backend& b, const Tensor& out) { copy_of_residual(out), b.add(x, out); }), 0);
      EXPECT_LT(error_of({rows, n},
                         [&](Backend& b, const Tensor& out) {
                           const OwnedTensor sum = data_.f32({rows, n});
                           copy_of_residual(sum);
                           b.add_rms_norm(x, sum, weight, 1e-5F, out);
                         }),
                kTolerances.norm);
      EXPECT_EQ(error_of({rows, n},
                         [&](Backend& b, const Tensor& out) {
                           const OwnedTensor normed = data_.f32({rows, n});
                           copy_of_residual(out);
                           b.add_rms_norm(x, out, weight, 1e-5F, normed);
                         }),
                0);
    }
  }
}

TEST_P(OpConformanceTest, Rope) {
  for (const std::int64_t head_dim : {2, 6, 16, 64, 128}) {
    for (const std::int64_t rows : {1, 37}) {
      std::vector<std::int32_t> positions(static_cast<std::size_t>(rows));
      for (std::int32_t& position : positions) position = data_.below(40'000);
      EXPECT_EQ(error_of({rows, head_dim}, [&](Backend& b, const Tensor& out) { b.rope_angles(positions, 1e6, out); }),
                0);
      const OwnedTensor angles = data_.f32({rows, head_dim}), x = data_.f32({rows, 7, head_dim}, 5);
      EXPECT_LT(error_of({rows, 7, head_dim},
                         [&](Backend& b, const Tensor& out) {
                           for (std::int64_t r = 0; r < rows; ++r) {
                             std::copy_n(x.tensor().row<float>(r), 7 * head_dim, out.row<float>(r));
                           }
                           b.rope(out, angles);
                         }),
                kTolerances.rope);
    }
  }
}

TEST_P(OpConformanceTest, RotateHeads) {
  for (const std::int64_t head_dim : {2, 16, 80, 128}) {
    const OwnedTensor query_norm = data_.f32({head_dim}), key_norm = data_.f32({head_dim});
    for (const std::int64_t rows : {1, 5, 37}) {
      const OwnedTensor angles = data_.f32({rows, head_dim}), qkv = data_.f32({rows, 9 * head_dim}, 5);
      for (const bool has_norm : {true, false}) {
        // Queries, keys and values side by side, as the model has them.
        const auto rotate = [&](Backend& backend, const Tensor& out) {
          for (std::int64_t r = 0; r < rows; ++r) {
            std::copy_n(qkv.tensor().row<float>(r), 9 * head_dim, out.row<float>(r));
          }
          backend.rotate_heads({.queries = out.columns(0, 4 * head_dim).split_rows(4),
                                .keys = out.columns(4 * head_dim, 2 * head_dim).split_rows(2),
                                .query_norm = has_norm ? ConstTensor(query_norm) : ConstTensor(),
                                .key_norm = has_norm ? ConstTensor(key_norm) : ConstTensor(),
                                .eps = 1e-6F,
                                .angles = angles});
        };
        EXPECT_LT(error_of({rows, 9 * head_dim}, rotate), kTolerances.norm) << head_dim << " " << rows;
      }
    }
  }
}

TEST_P(OpConformanceTest, Copies) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    const OwnedTensor table = data_.of(dtype, {50, 331}, 1);
    std::vector<TokenId> tokens(37);
    for (TokenId& token : tokens) token = data_.below(50);
    EXPECT_EQ(error_of({37, 331}, [&](Backend& b, const Tensor& out) { b.embed(table, tokens, out); }), 0);
  }
  const OwnedTensor x = data_.f32({50, 331}, 1), keys = data_.f32({37, 2, 6}, 7), values = data_.f32({37, 2, 6}, 9);
  std::vector<std::int32_t> rows(37), slots(60);
  for (std::int32_t& row : rows) row = data_.below(50);
  EXPECT_EQ(error_of({37, 331}, [&](Backend& b, const Tensor& out) { b.gather_rows(x, rows, out); }), 0);
  std::iota(slots.begin(), slots.end(), 0);
  std::shuffle(slots.begin(), slots.end(), data_.engine());
  slots.resize(37);
  for (std::size_t i = 0; i < slots.size(); i += 4) slots[i] = -1;
  const Shape page_shape{15, 2, 4 * 6};
  const OwnedTensor page_keys(DType::kF32, page_shape), page_values(DType::kF32, page_shape);
  const OwnedTensor expected_keys(DType::kF32, page_shape), expected_values(DType::kF32, page_shape);
  cpu_->store_kv(keys, values, slots, {page_keys.tensor(), page_values.tensor(), 4});
  reference_->store_kv(keys, values, slots, {expected_keys.tensor(), expected_values.tensor(), 4});
  EXPECT_TRUE(same_bits(page_keys.values(), expected_keys.values()));
  EXPECT_TRUE(same_bits(page_values.values(), expected_values.values()));
}

TEST_P(OpConformanceTest, StoringInPagesOfBfloat16RoundsTheRowsToo) {
  for (const std::int64_t head_dim : {1, 6, 16, 21}) {
    const OwnedTensor keys = data_.f32({5, 2, head_dim}, 3), values = data_.f32({5, 2, head_dim});
    for (std::int64_t r = 0; r < 5; ++r) {
      float* row = keys.tensor().row<float>(r);
      row[0] = std::bit_cast<float>(0x3F808000U);                    // a tie that rounds down
      if (head_dim > 1) row[1] = std::bit_cast<float>(0x3F818000U);  // and one that rounds up
      if (head_dim > 2) row[2] = std::bit_cast<float>(0x7F800001U);  // a NaN of low bits only
      if (head_dim > 3) row[3] = -std::numeric_limits<float>::infinity();
    }
    const std::vector<float> key_numbers = keys.values(), value_numbers = values.values();
    const OwnedTensor page_keys(DType::kBF16, {2, 2, 4 * head_dim}), page_values(DType::kBF16, {2, 2, 4 * head_dim});
    const KvPages pages{page_keys.tensor(), page_values.tensor(), 4};
    const std::vector<std::int32_t> slots = {7, -1, 0, 3, -1};
    cpu_->store_kv(keys, values, slots, pages);
    const auto n = static_cast<std::size_t>(2 * head_dim);
    for (std::size_t r = 0; r < 5; ++r) {
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint16_t key = f32_to_bf16(key_numbers[r * n + i]), value = f32_to_bf16(value_numbers[r * n + i]);
        const auto row = static_cast<std::int64_t>(r);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(keys.tensor().row<float>(row)[i]), std::uint32_t{key} << 16);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(values.tensor().row<float>(row)[i]), std::uint32_t{value} << 16);
        if (slots[r] < 0) continue;
        const std::int64_t head = static_cast<std::int64_t>(i) / head_dim;
        const std::int64_t at = pages.slice_at(slots[r], head) + static_cast<std::int64_t>(i) % head_dim;
        ASSERT_EQ(page_keys.tensor().row<std::uint16_t>(0)[at], key);
        ASSERT_EQ(page_values.tensor().row<std::uint16_t>(0)[at], value);
      }
    }
    EXPECT_EQ(page_keys.tensor().row<std::uint16_t>(0)[pages.slice_at(1, 0)], 0)
        << "no slot but those named is written";
  }
}

TEST_P(OpConformanceTest, StoringInPagesOfInt8RoundsTheRowsToo) {
  const auto reference = make_reference_backend();
  for (const std::int64_t head_dim : {1, 6, 16, 21, 64, 128}) {
    const Shape shape{9, 2, head_dim}, page_shape{2, 2, 4 * slice_elements(DType::kI8, head_dim)};
    const OwnedTensor keys = data_.f32(shape, 3), values = data_.f32(shape);
    const auto slice = [&](std::int64_t r) { return keys.tensor().row<float>(r) + head_dim; };
    const float infinity = std::numeric_limits<float>::infinity();
    std::fill_n(slice(0), head_dim, 0.0F);
    std::fill_n(slice(1), head_dim, -1e-31F);  // counts for nothing
    std::fill_n(slice(2), head_dim, std::numeric_limits<float>::denorm_min());
    std::fill_n(slice(3), head_dim, std::numeric_limits<float>::max());
    slice(4)[head_dim / 2] = std::bit_cast<float>(0xFF800001U);  // a NaN of low bits only
    slice(5)[head_dim - 1] = -infinity;
    // Of scale 2: a byte of each sign, and ties between bytes.
    for (std::int64_t i = 0; i < head_dim; ++i) slice(6)[i] = static_cast<float>(i * 5 % 253) - 126;
    slice(6)[0] = -254;
    std::fill_n(slice(7), head_dim, 2e-30F);
    const OwnedTensor expected_keys = keys.copy(), expected_values = values.copy();
    OwnedTensor page_keys = data_.of(DType::kI8, page_shape), page_values = data_.of(DType::kI8, page_shape);
    OwnedTensor expected_page_keys = page_keys.copy(), expected_page_values = page_values.copy();
    const std::vector<std::int32_t> slots = {7, 2, 0, 3, 4, 5, 6, -1, -1};
    const KvPages pages{page_keys.tensor(), page_values.tensor(), 4};
    cpu_->store_kv(keys, values, slots, pages);
    reference->store_kv(expected_keys, expected_values, slots,
                        {expected_page_keys.tensor(), expected_page_values.tensor(), 4});
    // Some of them are not numbers, on purpose.
    const auto row_bytes = static_cast<std::size_t>(shape.num_elements()) * sizeof(float);
    EXPECT_EQ(std::memcmp(keys.values().data(), expected_keys.values().data(), row_bytes), 0) << head_dim;
    EXPECT_EQ(std::memcmp(values.values().data(), expected_values.values().data(), row_bytes), 0) << head_dim;
    const auto page_bytes = static_cast<std::size_t>(page_shape.num_elements());
    EXPECT_EQ(std::memcmp(page_keys.tensor().data(), expected_page_keys.tensor().data(), page_bytes), 0) << head_dim;
    EXPECT_EQ(std::memcmp(page_values.tensor().data(), expected_page_values.tensor().data(), page_bytes), 0)
        << head_dim;
    for (std::int64_t i = 0; i < head_dim; ++i) {
      for (const std::int64_t r : {0, 1, 2}) EXPECT_EQ(std::bit_cast<std::uint32_t>(slice(r)[i]), 0U);
      EXPECT_EQ(page_keys.tensor().row<std::int8_t>(0)[pages.slice_at(slots[3], 1) + i], 127);
      for (const std::int64_t r : {4, 5}) EXPECT_TRUE(std::isnan(slice(r)[i])) << "of a slice that is not finite";
    }
    EXPECT_EQ(slice(6)[0], -254);
    if (head_dim > 1) {
      EXPECT_EQ(slice(6)[1], -120) << "-121 is a tie, which goes to the even byte";
    }
  }
}

TEST_P(OpConformanceTest, Predict) {
  for (const std::int64_t vocab_size : {2, 17, 331, 5000}) {
    for (const std::int64_t rows : {1, 5, 70}) {
      const OwnedTensor head = data_.of(DType::kBF16, {vocab_size, 24}), hidden = this->rows({rows, 24}, true, 2);
      const ConstTensor part = head;
      std::vector<SamplingRow> sampling(static_cast<std::size_t>(rows));
      for (std::size_t r = 0; r < sampling.size(); ++r) {
        sampling[r] = {
            .temperature = r % 2 == 0 ? 0.0F : 0.8F, .seed = r, .position = 3, .banned = r % 3 == 0 ? 1 : -1};
      }
      std::vector<Prediction> got(sampling.size()), with_logits(sampling.size()), expected(sampling.size());
      const auto cpu_head = cpu_->pack({&part, 1}), reference_head = reference_->pack({&part, 1});
      const OwnedTensor logits(DType::kF32, {rows, vocab_size}), expected_logits(DType::kF32, {rows, vocab_size});
      cpu_->predict(
          {.hidden = hidden.tensor(), .head = cpu_head.get(), .sampling = sampling, .predictions = got, .logits = {}});
      cpu_->predict({.hidden = hidden.tensor(),
                     .head = cpu_head.get(),
                     .sampling = sampling,
                     .predictions = with_logits,
                     .logits = logits});
      reference_->predict({.hidden = hidden.tensor(),
                           .head = reference_head.get(),
                           .sampling = sampling,
                           .predictions = expected,
                           .logits = expected_logits});
      EXPECT_LT(relative_error(logits.values(), expected_logits.values()), kTolerances.linear);
      for (std::size_t r = 0; r < sampling.size(); ++r) {
        EXPECT_EQ(got[r].best, expected[r].best);
        EXPECT_EQ(got[r].sampled, expected[r].sampled);
        EXPECT_NEAR(got[r].entropy, expected[r].entropy, kTolerances.entropy);
        EXPECT_NEAR(got[r].best_log_prob, expected[r].best_log_prob, kTolerances.log_prob);
        EXPECT_NEAR(got[r].sampled_log_prob, expected[r].sampled_log_prob, kTolerances.log_prob);
        EXPECT_EQ(std::memcmp(&got[r], &with_logits[r], sizeof(Prediction)), 0);
      }
    }
  }
}

TEST_P(OpConformanceTest, PredictOfExtremeLogits) {
  constexpr float kInfinity = INFINITY;
  // A head of one input copies these logits into the row.
  const std::vector<std::vector<float>> rows = {
      {0, 0, 0, 0, 0},           {3e38F, -3e38F, 0, 3e38F, 1},
      {kInfinity, 1, 2, 3, 4},   {NAN, NAN, 1, NAN, -kInfinity},
      {NAN, NAN, NAN, NAN, NAN}, {-kInfinity, -kInfinity, -kInfinity, -kInfinity, -kInfinity}};
  for (const std::vector<float>& row : rows) {
    const ConstTensor part(row.data(), DType::kF32, {5, 1});
    const float one = 1;
    const SamplingRow sampling{.temperature = 1, .seed = 4};
    Prediction predictions[2];
    Backend* const backends[] = {cpu_.get(), reference_.get()};
    for (int i = 0; i < 2; ++i) {
      const auto head = backends[i]->pack({&part, 1});
      backends[i]->predict({.hidden = {&one, DType::kF32, {1, 1}},
                            .head = head.get(),
                            .sampling = {&sampling, 1},
                            .predictions = {&predictions[i], 1},
                            .logits = {}});
    }
    EXPECT_EQ(predictions[0].best, predictions[1].best);
    EXPECT_EQ(predictions[0].sampled, predictions[1].sampled);
    EXPECT_NEAR(predictions[0].entropy, predictions[1].entropy, 1e-6);
  }
}

TEST_P(OpConformanceTest, NoRowsAreNoWork) {
  const OwnedTensor weight = data_.f32({3, 4}), vector = data_.f32({4}), pages = data_.f32({2, 1, 4});
  const ConstTensor part = weight;
  const auto packed = cpu_->pack({&part, 1});
  const auto none = [](Shape shape) { return Tensor(nullptr, DType::kF32, shape); };
  cpu_->embed(weight, {}, none({0, 4}));
  cpu_->linear(none({0, 4}), *packed, {}, none({0, 3}));
  cpu_->rms_norm(none({0, 4}), vector, 1, none({0, 4}));
  cpu_->rope_angles({}, 1e4, none({0, 4}));
  cpu_->rope(none({0, 1, 4}), none({0, 4}));
  cpu_->store_kv(none({0, 1, 4}), none({0, 1, 4}), {}, {pages.tensor(), pages.tensor(), 1});
  cpu_->attention({.queries = none({0, 1, 4}),
                   .keys = none({0, 1, 4}),
                   .values = none({0, 1, 4}),
                   .pages = {},
                   .segments = {},
                   .out = none({0, 1, 4})});
  cpu_->predict({.hidden = none({0, 4}), .head = packed.get(), .sampling = {}, .predictions = {}, .logits = {}});
}

INSTANTIATE_TEST_SUITE_P(Cpu, OpConformanceTest, testing::ValuesIn(cpu_and_model_cases({1, 2, 3})), cpu_case_name);

}  // namespace
}  // namespace wedlm
