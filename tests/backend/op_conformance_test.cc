// Every op but attention against the reference, on the CPU backend with every instruction set of this machine and on
// one that behaves as a device, over shapes that fit no vector. All tensors are made, filled and read through the
// backend.
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <numeric>

#include "tests/backend/page_data.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/backend/rotary.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::int64_t kFeatures[] = {1, 3, 17, 64, 100, 331};

class OpConformanceTest : public testing::TestWithParam<BackendCase> {
 protected:
  std::unique_ptr<Backend> tested_ = GetParam().make();
  std::unique_ptr<Backend> reference_ = make_reference_backend();
  OpData data_;

  /// Random rows for weights of some kind. A level that rounds these gets them rounded, so that nothing but the order
  /// of the sums is between it and the reference.
  OwnedTensor rows(Shape shape, const WeightFormat& format, DType stored, std::int64_t row_gap = 0) {
    const bool meet_bf16 = !format.is_packed() && format.traits().rounded_to.value_or(stored) == DType::kBF16;
    if (GetParam().rounds_to_bytes(format.type)) return rows_of_bytes(data_, shape, row_gap);
    OwnedTensor x = data_.f32(shape, row_gap);
    return meet_bf16 && GetParam().rounds_to_bf16() ? rounded_to_bf16(x) : std::move(x);
  }

  /// How far results may be apart where rows were not rounded before. Of 8 bits each input is off by 0.6 % of its
  /// typical size, and so is a result; four times that for the worst of thousands.
  double rounding_tolerance(const WeightFormat& format) const {
    return GetParam().rounds_to_bytes(format.type) ? 2.5e-2 : linear_tolerance(format);
  }

  /// What op(on_backend, out) leaves in `out`, which begins with random numbers.
  template <class Op>
  std::vector<float> result_of(Backend& backend, Shape shape, std::int64_t row_gap, const Op& op) {
    OnBackend on(backend);
    const Tensor out = on(data_.f32(shape, row_gap));
    op(on, out);
    return on.read(out).values();
  }

  /// The largest relative error of it between the two.
  template <class Op>
  double error_of(Shape shape, const Op& op) {
    const std::vector<float> got = result_of(*tested_, shape, 2, op);
    return relative_error(got, result_of(*reference_, shape, 0, op));
  }

  /// The weight packed by each of the two.
  struct Packed {
    std::unique_ptr<PackedWeight> tested, reference;
  };
  Packed pack(std::span<const ConstTensor> parts, const WeightFormat& format = {}) {
    return {tested_->pack(parts, format), reference_->pack(parts, format)};
  }
  const PackedWeight& of(const OnBackend& on, const Packed& packed) const {
    return &*on == tested_.get() ? *packed.tested : *packed.reference;
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
        const Packed packed = pack(parts);
        for (const std::int64_t rows : {1, 2, 5, 6, 7, 14, 15, 16, 29, 37}) {
          const OwnedTensor x = this->rows({rows, in_features}, {}, dtype, rows % 3);
          const double error = error_of({rows, out_features + 5}, [&](OnBackend& on, const Tensor& out) {
            on->linear(on(x), of(on, packed), rows % 2 == 0 ? ConstTensor(on(bias)) : ConstTensor(), out);
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
        const Packed packed = pack(parts, format);
        for (std::int64_t rows = 1; rows <= 64; rows += rows < 17 ? 1 : 47) {
          const OwnedTensor x = this->rows({rows, in_features}, format, dtype, rows % 3);
          const double error = error_of({rows, out_features + 5}, [&](OnBackend& on, const Tensor& out) {
            on->linear(on(x), of(on, packed), rows % 2 == 0 ? ConstTensor(on(bias)) : ConstTensor(), out);
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
  for (Backend* backend : {tested_.get(), reference_.get()}) {
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
    const Packed packed = pack({&part, 1}, format);
    const auto multiply = [&](OnBackend& on, const Tensor& out) { on->linear(on(x), of(on, packed), {}, out); };
    const std::vector<float> got = result_of(*tested_, {9, 40}, 0, multiply);
    const std::vector<float> expected = result_of(*reference_, {9, 40}, 0, multiply);
    for (std::size_t row = 0; row < 9; ++row) {
      double size = 1e-30 * 300;
      for (std::size_t j = 0; j < 40; ++j) size = std::max(size, std::abs(double{expected[row * 40 + j]}));
      for (std::size_t j = 0; j < 40; ++j) {
        const float value = got[row * 40 + j];
        if (row == 4 || row == 5) {
          ASSERT_FALSE(std::isfinite(value)) << format_text(format) << " row " << row;
        } else {
          ASSERT_NEAR(value, expected[row * 40 + j], rounding_tolerance(format) * size)
              << format_text(format) << " row " << row;
        }
      }
    }
  }
}

TEST_P(OpConformanceTest, IntegersTakeASmallPartOfTheMemory) {
  if (GetParam().isa == BackendCase::kQueued) GTEST_SKIP() << "the reference keeps all weights as float32";
  const OwnedTensor weight = data_.of(DType::kBF16, {256, 1024});
  const ConstTensor part = weight;
  const std::size_t stored = tested_->pack({&part, 1})->bytes();
  EXPECT_EQ(stored, 2U * 256 * 1024);
  EXPECT_EQ(tested_->pack({&part, 1}, {.type = WeightType::kInt8})->bytes(), stored / 2 + 256 * 4);
  EXPECT_EQ(tested_->pack({&part, 1}, {.type = WeightType::kInt4, .group_size = 64})->bytes(),
            stored / 4 + 256 * 4 * 1024 / 64);
}

TEST_P(OpConformanceTest, LinearOfManyRowsAndMuchDepth) {
  const OwnedTensor weight = data_.of(DType::kBF16, {70, 2100}), bias = data_.f32({70});
  const ConstTensor part = weight;
  for (const WeightFormat& format : kConvertedFormats) {
    const OwnedTensor x = rows({300, 2100}, format, DType::kBF16);
    const Packed packed = pack({&part, 1}, format);
    const double error = error_of(
        {300, 70}, [&](OnBackend& on, const Tensor& out) { on->linear(on(x), of(on, packed), on(bias), out); });
    EXPECT_LT(error, 3 * linear_tolerance(format)) << format_text(format);  // six times the terms of the others
  }
}

TEST_P(OpConformanceTest, RowsAreRoundedWhereTheLevelSaysSo) {
  const OwnedTensor weight = data_.of(DType::kBF16, {70, 331}), x = data_.f32({19, 331});
  const ConstTensor part = weight;
  const auto packed = tested_->pack({&part, 1});
  const auto multiplied = [&](const OwnedTensor& rows) {
    return result_of(*tested_, {19, 70}, 0,
                     [&](OnBackend& on, const Tensor& out) { on->linear(on(rows), *packed, {}, out); });
  };
  EXPECT_EQ(same_bits(multiplied(x), multiplied(rounded_to_bf16(x))), GetParam().rounds_to_bf16());
}

TEST_P(OpConformanceTest, RowOps) {
  for (const std::int64_t n : kFeatures) {
    for (const std::int64_t rows : {1, 2, 37}) {
      const OwnedTensor x = data_.f32({rows, n}, 1), weight = data_.f32({n}), gate_up = data_.f32({rows, 2 * n});
      const OwnedTensor heads = data_.f32({rows, 3, n}, 4), residual = data_.f32({rows, n}, 3);
      EXPECT_LT(
          error_of({rows, n}, [&](OnBackend& on, const Tensor& out) { on->rms_norm(on(x), on(weight), 1e-6F, out); }),
          kTolerances.norm);
      EXPECT_LT(error_of({rows, 3, n},
                         [&](OnBackend& on, const Tensor& out) { on->rms_norm(on(heads), on(weight), 1e-6F, out); }),
                kTolerances.norm);
      EXPECT_LT(error_of({rows, n}, [&](OnBackend& on, const Tensor& out) { on->silu_multiply(on(gate_up), out); }),
                kTolerances.silu);
      EXPECT_EQ(error_of({rows, n},
                         [&](OnBackend& on, const Tensor& out) {
                           on.write(residual, out);
                           on->add(on(x), out);
                         }),
                0);
      EXPECT_LT(error_of({rows, n},
                         [&](OnBackend& on, const Tensor& out) {
                           on->add_rms_norm(on(x), on(residual), on(weight), 1e-5F, out);
                         }),
                kTolerances.norm);
      EXPECT_EQ(error_of({rows, n},
                         [&](OnBackend& on, const Tensor& out) {
                           on.write(residual, out);
                           on->add_rms_norm(on(x), out, on(weight), 1e-5F, on(data_.f32({rows, n})));
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
      Rotation rotation = plain_rotation(1e6, head_dim);
      rotation.scale = 1.25F;
      EXPECT_EQ(error_of({rows, head_dim},
                         [&](OnBackend& on, const Tensor& out) {
                           on->rope_angles(*on->begin({.positions = positions}), rotation, out);
                         }),
                0);
      const OwnedTensor angles = data_.f32({rows, head_dim}), x = data_.f32({rows, 7, head_dim}, 5);
      EXPECT_LT(error_of({rows, 7, head_dim},
                         [&](OnBackend& on, const Tensor& out) {
                           on.write(x, out);
                           on->rope(out, on(angles));
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
        const auto rotate = [&](OnBackend& on, const Tensor& out) {
          on.write(qkv, out);
          on->rotate_heads({.queries = out.columns(0, 4 * head_dim).split_rows(4),
                            .keys = out.columns(4 * head_dim, 2 * head_dim).split_rows(2),
                            .query_norm = has_norm ? ConstTensor(on(query_norm)) : ConstTensor(),
                            .key_norm = has_norm ? ConstTensor(on(key_norm)) : ConstTensor(),
                            .eps = 1e-6F,
                            .angles = on(angles)});
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
    EXPECT_EQ(
        error_of({37, 331}, [&](OnBackend& on,
                                const Tensor& out) { on->embed(*on->begin({.token_ids = tokens}), on(table), out); }),
        0);
  }
  const OwnedTensor x = data_.f32({50, 331}, 1);
  std::vector<std::int32_t> rows(37);
  for (std::int32_t& row : rows) row = data_.below(50);
  EXPECT_EQ(error_of({37, 331},
                     [&](OnBackend& on, const Tensor& out) {
                       on->gather_prediction_rows(*on->begin({.prediction_rows = rows}), on(x), out);
                     }),
            0);
}

TEST_P(OpConformanceTest, StoringWritesTheSlotsThatAreNamed) {
  constexpr std::int64_t kHeadDim = 6;
  const OwnedTensor keys = data_.f32({37, 2, kHeadDim}, 7), values = data_.f32({37, 2, kHeadDim}, 9);
  std::vector<std::int32_t> slots(60);
  std::iota(slots.begin(), slots.end(), 0);
  std::shuffle(slots.begin(), slots.end(), data_.engine());
  slots.resize(37);
  for (std::size_t i = 0; i < slots.size(); i += 4) slots[i] = -1;
  for (const DType type : {DType::kF32, DType::kBF16}) {
    const StoredPages before =
        random_pages(data_, type, {.num_pages = 15, .num_kv_heads = 2, .page_size = 4}, kHeadDim);
    const StoredPages got = store(*tested_, keys, values, slots, before);
    const StoredPages expected = store(*reference_, keys, values, slots, before);
    EXPECT_TRUE(same_bits(got.keys.values(), expected.keys.values()));
    EXPECT_TRUE(same_bits(got.values.values(), expected.values.values()));
  }
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
    const std::vector<std::int32_t> slots = {7, -1, 0, 3, -1};
    const StoredPages stored =
        store(*tested_, keys, values, slots,
              no_pages(DType::kBF16, {.num_pages = 2, .num_kv_heads = 2, .page_size = 4}, head_dim));
    const KvPages pages = stored.pages();
    const auto n = static_cast<std::size_t>(2 * head_dim);
    for (std::size_t r = 0; r < 5; ++r) {
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint16_t key = f32_to_bf16(key_numbers[r * n + i]), value = f32_to_bf16(value_numbers[r * n + i]);
        const auto row = static_cast<std::int64_t>(r);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(stored.key_rows.tensor().row<float>(row)[i]), std::uint32_t{key} << 16);
        ASSERT_EQ(std::bit_cast<std::uint32_t>(stored.value_rows.tensor().row<float>(row)[i]),
                  std::uint32_t{value} << 16);
        if (slots[r] < 0) continue;
        const std::int64_t head = static_cast<std::int64_t>(i) / head_dim;
        const std::int64_t at = pages.slice_at(slots[r], head) + static_cast<std::int64_t>(i) % head_dim;
        ASSERT_EQ(pages.keys.row<std::uint16_t>(0)[at], key);
        ASSERT_EQ(pages.values.row<std::uint16_t>(0)[at], value);
      }
    }
    EXPECT_EQ(pages.keys.row<std::uint16_t>(0)[pages.slice_at(1, 0)], 0) << "no slot but those named is written";
  }
}

/// For rows of which some are no numbers, on purpose.
std::vector<std::uint32_t> bits_of(const OwnedTensor& tensor) {
  std::vector<std::uint32_t> bits;
  for (const float value : tensor.values()) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

TEST_P(OpConformanceTest, StoringInPagesOfInt8RoundsTheRowsToo) {
  for (const std::int64_t head_dim : {1, 6, 16, 21, 64, 128}) {
    const OwnedTensor keys = data_.f32({9, 2, head_dim}, 3), values = data_.f32({9, 2, head_dim});
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
    const std::vector<std::int32_t> slots = {7, 2, 0, 3, 4, 5, 6, -1, -1};
    const StoredPages before =
        random_pages(data_, DType::kI8, {.num_pages = 2, .num_kv_heads = 2, .page_size = 4}, head_dim);
    const StoredPages got = store(*tested_, keys, values, slots, before);
    const StoredPages expected = store(*reference_, keys, values, slots, before);
    EXPECT_EQ(bits_of(got.key_rows), bits_of(expected.key_rows)) << head_dim;
    EXPECT_EQ(bits_of(got.value_rows), bits_of(expected.value_rows)) << head_dim;
    const KvPages pages = got.pages(), expected_pages = expected.pages();
    const auto page_bytes = static_cast<std::size_t>(pages.keys.shape().num_elements());
    EXPECT_EQ(std::memcmp(pages.keys.data(), expected_pages.keys.data(), page_bytes), 0) << head_dim;
    EXPECT_EQ(std::memcmp(pages.values.data(), expected_pages.values.data(), page_bytes), 0) << head_dim;
    const auto rounded = [&](std::int64_t r) { return got.key_rows.tensor().row<float>(r) + head_dim; };
    for (std::int64_t i = 0; i < head_dim; ++i) {
      for (const std::int64_t r : {0, 1, 2}) EXPECT_EQ(std::bit_cast<std::uint32_t>(rounded(r)[i]), 0U);
      EXPECT_EQ(pages.keys.row<std::int8_t>(0)[pages.slice_at(slots[3], 1) + i], 127);
      for (const std::int64_t r : {4, 5}) EXPECT_TRUE(std::isnan(rounded(r)[i])) << "of a slice that is not finite";
    }
    EXPECT_EQ(rounded(6)[0], -254);
    if (head_dim > 1) {
      EXPECT_EQ(rounded(6)[1], -120) << "-121 is a tie, which goes to the even byte";
    }
  }
}

TEST_P(OpConformanceTest, Predict) {
  for (const std::int64_t vocab_size : {2, 17, 331, 5000}) {
    for (const std::int64_t rows : {1, 5, 70}) {
      const OwnedTensor head = data_.of(DType::kBF16, {vocab_size, 24}),
                        hidden = this->rows({rows, 24}, {}, DType::kBF16, 2);
      const ConstTensor part = head;
      std::vector<SamplingRow> sampling(static_cast<std::size_t>(rows));
      for (std::size_t r = 0; r < sampling.size(); ++r) {
        sampling[r] = {
            .temperature = r % 2 == 0 ? 0.0F : 0.8F, .seed = r, .position = 3, .banned = r % 3 == 0 ? 1 : -1};
      }
      const Packed packed = pack({&part, 1});
      const std::vector<Prediction> got = predict(*tested_, hidden, *packed.tested, sampling);
      OwnedTensor logits(DType::kF32, {rows, vocab_size}), expected_logits(DType::kF32, {rows, vocab_size});
      const std::vector<Prediction> with_logits = predict(*tested_, hidden, *packed.tested, sampling, &logits);
      const std::vector<Prediction> expected =
          predict(*reference_, hidden, *packed.reference, sampling, &expected_logits);
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
  OwnedTensor one(DType::kF32, {1, 1});
  one.tensor().row<float>(0)[0] = 1;
  for (const std::vector<float>& row : rows) {
    const ConstTensor part(row.data(), DType::kF32, {5, 1});
    const std::vector<SamplingRow> sampling = {{.temperature = 1, .seed = 4}};
    const Packed packed = pack({&part, 1});
    const Prediction got = predict(*tested_, one, *packed.tested, sampling)[0];
    const Prediction expected = predict(*reference_, one, *packed.reference, sampling)[0];
    EXPECT_EQ(got.best, expected.best);
    EXPECT_EQ(got.sampled, expected.sampled);
    EXPECT_NEAR(got.entropy, expected.entropy, 1e-6);
  }
}

TEST_P(OpConformanceTest, NoRowsAreNoWork) {
  OnBackend on(*tested_);
  const OwnedTensor weight = data_.f32({3, 4});
  const ConstTensor part = weight;
  const Tensor vector = on(data_.f32({4}));
  const auto packed = tested_->pack({&part, 1});
  const auto none = [](Shape shape) { return Tensor(nullptr, DType::kF32, shape); };
  const KvPages pages{on(data_.f32({2, 1, 16})), on(data_.f32({2, 1, 16})), 1, 4};
  const std::unique_ptr<Forward> forward = tested_->begin({});
  tested_->embed(*forward, on(weight), none({0, 4}));
  tested_->linear(none({0, 4}), *packed, {}, none({0, 3}));
  tested_->rms_norm(none({0, 4}), vector, 1, none({0, 4}));
  tested_->rope_angles(*forward, plain_rotation(1e4, 4), none({0, 4}));
  tested_->rope(none({0, 1, 4}), none({0, 4}));
  tested_->store_kv(*forward, none({0, 1, 4}), none({0, 1, 4}), pages);
  tested_->attention(*forward, {.queries = none({0, 1, 4}),
                                .keys = none({0, 1, 4}),
                                .values = none({0, 1, 4}),
                                .pages = {},
                                .out = none({0, 1, 4})});
  tested_->predict(*forward, {.hidden = none({0, 4}), .head = packed.get()});
  tested_->read_predictions(*forward, {});
}

INSTANTIATE_TEST_SUITE_P(Backends, OpConformanceTest, testing::ValuesIn(all_cases({1, 3})), case_name);

}  // namespace
}  // namespace wedlm
