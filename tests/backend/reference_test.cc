// The reference against identities and closed forms that are written here without it.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "tests/backend/page_data.h"
#include "wedlm/backend/reference/reference_backend.h"
#include "wedlm/backend/rotary.h"

namespace wedlm {
namespace {

class ReferenceTest : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = make_reference_backend();
  OpData data_;
};

TEST_F(ReferenceTest, LinearOfUnitVectorsReadsTheWeightOfEachPart) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    const OwnedTensor a = data_.of(dtype, {2, 3}), b = data_.of(dtype, {1, 3}, 4);
    const ConstTensor parts[] = {a.tensor(), b.tensor()};
    const auto weight = backend_->pack(parts);
    EXPECT_EQ(weight->out_features(), 3);
    const OwnedTensor x(DType::kF32, {3, 3}), out(DType::kF32, {3, 3}), bias = data_.f32({3});
    for (std::int64_t i = 0; i < 3; ++i) x.tensor().row<float>(i)[i] = 1;
    backend_->linear(x, *weight, bias, out);
    std::vector<float> stacked = a.values();
    for (const float value : b.values()) stacked.push_back(value);
    for (std::int64_t feature = 0; feature < 3; ++feature) {
      for (std::int64_t k = 0; k < 3; ++k) {
        EXPECT_FLOAT_EQ(out.tensor().row<float>(k)[feature],
                        stacked[static_cast<std::size_t>(feature * 3 + k)] + bias.tensor().row<float>(0)[feature]);
      }
    }
  }
}

TEST_F(ReferenceTest, NormOfAConstantIsTheWeightWithItsSign) {
  const OwnedTensor x(DType::kF32, {2, 3, 5}), weight = data_.f32({5}), out(DType::kF32, {2, 3, 5});
  for (std::int64_t i = 0; i < 30; ++i) x.tensor().row<float>(0)[i] = i < 15 ? 4.0F : -0.5F;
  backend_->rms_norm(x, weight, 0, out);
  for (std::int64_t i = 0; i < 30; ++i) {
    const float expected = weight.tensor().row<float>(0)[i % 5];
    EXPECT_NEAR(out.tensor().row<float>(0)[i], i < 15 ? expected : -expected, 1e-6);
  }
  backend_->rms_norm(x, weight, 48, out);  // sqrt(16 + 48) = 8
  EXPECT_NEAR(out.tensor().row<float>(0)[0], weight.tensor().row<float>(0)[0] / 2, 1e-6);
}

TEST_F(ReferenceTest, AddRmsNormIsItsParts) {
  const OwnedTensor x = data_.f32({3, 7}), weight = data_.f32({7}), residual = data_.f32({3, 7}),
                    out = data_.f32({3, 7});
  const std::vector<float> before = residual.values();
  backend_->add_rms_norm(x, residual, weight, 1e-6F, out);
  const std::vector<float> a = x.values(), sum = residual.values(), normed = out.values();
  for (std::size_t r = 0; r < 3; ++r) {
    double squares = 0;
    for (std::size_t i = 7 * r; i < 7 * r + 7; ++i) {
      EXPECT_EQ(sum[i], before[i] + a[i]);
      squares += static_cast<double>(sum[i]) * static_cast<double>(sum[i]);
    }
    for (std::size_t i = 0; i < 7; ++i) {
      const double expected = static_cast<double>(sum[7 * r + i]) / std::sqrt(squares / 7 + 1e-6) *
                              static_cast<double>(weight.tensor().row<float>(0)[i]);
      EXPECT_NEAR(normed[7 * r + i], expected, 1e-6);
    }
  }
}

TEST_F(ReferenceTest, RopeTurnsComplexNumbers) {
  constexpr std::int64_t kHeadDim = 8;
  const std::vector<std::int32_t> positions = {0, 1, 7, 1000};
  const OwnedTensor angles(DType::kF32, {4, kHeadDim}), x = data_.f32({4, 3, kHeadDim}, 5);
  const std::vector<float> before = x.values();
  backend_->rope_angles(*backend_->begin({.positions = positions}), plain_rotation(10000.0, kHeadDim), angles);
  backend_->rope(x, angles);
  const std::vector<float> after = x.values();
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::size_t head = 0; head < 3; ++head) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = (r * 3 + head) * 8 + i;
        // 10000^(-2i/8) is 10^-i.
        const double angle = positions[r] * std::pow(10.0, -static_cast<double>(i));
        const std::complex<double> turned = std::complex<double>(before[at], before[at + 4]) * std::polar(1.0, angle);
        EXPECT_NEAR(after[at], turned.real(), 2e-4) << positions[r] << " " << i;
        EXPECT_NEAR(after[at + 4], turned.imag(), 2e-4);
      }
    }
  }
}

TEST_F(ReferenceTest, RopeMakesScoresDependOnTheDistanceOnly) {
  const OwnedTensor q = data_.f32({1, 1, 16}), k = data_.f32({1, 1, 16});
  const auto score_at = [&](std::int32_t query_position, std::int32_t key_position) {
    OwnedTensor pair(DType::kF32, {2, 1, 16}), angles(DType::kF32, {2, 16});
    std::copy_n(q.tensor().row<float>(0), 16, pair.tensor().row<float>(0));
    std::copy_n(k.tensor().row<float>(0), 16, pair.tensor().row<float>(1));
    const std::vector<std::int32_t> positions = {query_position, key_position};
    backend_->rope_angles(*backend_->begin({.positions = positions}), plain_rotation(1e6, 16), angles);
    backend_->rope(pair, angles);
    double sum = 0;
    for (int i = 0; i < 16; ++i) {
      sum += static_cast<double>(pair.tensor().row<float>(0)[i]) * static_cast<double>(pair.tensor().row<float>(1)[i]);
    }
    return sum;
  };
  EXPECT_NEAR(score_at(9, 4), score_at(105, 100), 1e-4);
  EXPECT_GT(std::abs(score_at(9, 4) - score_at(9, 8)), 1e-3);
}

TEST_F(ReferenceTest, AttentionOfOneKeyIsItsValueAndOfEqualKeysTheirMean) {
  const OwnedTensor q = data_.f32({3, 4, 6}), v = data_.f32({3, 2, 6}), out = data_.f32({3, 4, 6});
  const OwnedTensor equal_keys(DType::kF32, {3, 2, 6});
  const AttentionSegment segment{.first_row = 0, .num_rows = 3};
  backend_->attention(*backend_->begin({.segments = {&segment, 1}}), {.queries = q.tensor(),
                                                                      .keys = equal_keys.tensor(),
                                                                      .values = v.tensor(),
                                                                      .pages = {},
                                                                      .scale = 0.4F,
                                                                      .out = out});
  for (std::int64_t r = 0; r < 3; ++r) {
    for (std::int64_t head = 0; head < 4; ++head) {
      for (std::int64_t i = 0; i < 6; ++i) {
        float sum = 0;
        for (std::int64_t t = 0; t <= r; ++t) sum += v.tensor().row<float>(t)[head / 2 * 6 + i];
        EXPECT_NEAR(out.tensor().row<float>(r)[head * 6 + i], sum / static_cast<float>(r + 1), 1e-6);
      }
    }
  }
}

TEST_F(ReferenceTest, AttentionWeighsTwoKeysByTheLogisticFunction) {
  const OwnedTensor q(DType::kF32, {1, 1, 2}), k(DType::kF32, {1, 1, 2}), v(DType::kF32, {1, 1, 2});
  const OwnedTensor page_keys(DType::kF32, {2, 1, 16}), page_values(DType::kF32, {2, 1, 16}),
      out(DType::kF32, {1, 1, 2});
  q.tensor().row<float>(0)[0] = 2;
  k.tensor().row<float>(0)[0] = 3;
  page_keys.tensor().row<float>(1)[0] = 1;  // page 1 of two slots
  page_values.tensor().row<float>(1)[1] = 1;
  const std::int32_t page = 1;
  const AttentionSegment segment{.first_row = 0, .num_rows = 1, .prefix_length = 1, .page_table = {&page, 1}};
  backend_->attention(*backend_->begin({.segments = {&segment, 1}}),
                      {.queries = q.tensor(),
                       .keys = k.tensor(),
                       .values = v.tensor(),
                       .pages = {page_keys.tensor(), page_values.tensor(), 2, 2},
                       .scale = 0.25F,
                       .out = out});
  // Scores 0.5 and 1.5; the prefix's value is (0, 1), the own one 0.
  EXPECT_NEAR(out.tensor().row<float>(0)[1], 1 / (1 + std::exp(1.0)), 1e-6);
}

TEST_F(ReferenceTest, APageHoldsHeadAfterHeadAndInEachSlotAfterSlot) {
  OpData data;
  const OwnedTensor keys = data.f32({1, 3, 2}), values = data.f32({1, 3, 2});
  const std::vector<std::int32_t> slots = {6};
  const StoredPages stored = store(*backend_, keys, values, slots,
                                   no_pages(DType::kF32, {.num_pages = 2, .num_kv_heads = 3, .page_size = 4}, 2));
  constexpr std::size_t kStretch = 16;  // of 8 floats, the rest of the cache line is empty
  std::vector<float> expected_keys(2 * 3 * kStretch), expected_values(expected_keys.size());
  for (std::size_t head = 0; head < 3; ++head) {
    for (std::size_t d = 0; d < 2; ++d) {
      const std::size_t at = (1 * 3 + head) * kStretch + 2 * 2 + d;  // page 1, entry 2
      expected_keys[at] = keys.values()[head * 2 + d];
      expected_values[at] = values.values()[head * 2 + d];
    }
  }
  EXPECT_EQ(stored.keys.values(), expected_keys);
  EXPECT_EQ(stored.values.values(), expected_values);
}

TEST_F(ReferenceTest, APageOfInt8HoldsAStretchOfBytesAndThenTheirScales) {
  // The example of KvPages: 96 bytes of slices in 128, and 16 of scales in 64.
  OwnedTensor keys(DType::kF32, {1, 1, 24}), values(DType::kF32, {1, 1, 24});
  keys.tensor().row<float>(0)[5] = 254;   // of scale 2
  values.tensor().row<float>(0)[5] = -1;  // of scale 1 / 127
  const std::vector<std::int32_t> slots = {6};
  const StoredPages stored =
      store(*backend_, keys, values, slots, no_pages(DType::kI8, {.num_pages = 2, .page_size = 4}, 24));
  ASSERT_EQ(stored.keys.tensor().shape(), (Shape{2, 1, 192}));
  const auto* key_page = stored.keys.tensor().row<std::int8_t>(1);
  const auto* value_page = stored.values.tensor().row<std::int8_t>(1);
  EXPECT_EQ(key_page[2 * 24 + 5], 127);
  EXPECT_EQ(value_page[2 * 24 + 5], -127);
  float scale = 0;
  std::memcpy(&scale, key_page + 128 + 2 * sizeof scale, sizeof scale);
  EXPECT_EQ(scale, 2);
  std::memcpy(&scale, value_page + 128 + 2 * sizeof scale, sizeof scale);
  EXPECT_EQ(scale, 1.0F / 127);
}

TEST_F(ReferenceTest, SiluMultiply) {
  const OwnedTensor gate_up(DType::kF32, {1, 8}), out(DType::kF32, {1, 4});
  const float gates[] = {0, 1, -100, 100};
  for (int i = 0; i < 4; ++i) {
    gate_up.tensor().row<float>(0)[i] = gates[i];
    gate_up.tensor().row<float>(0)[4 + i] = 2;
  }
  backend_->silu_multiply(gate_up, out);
  EXPECT_EQ(out.values()[0], 0);
  EXPECT_NEAR(out.values()[1], 2 * std::numbers::e / (std::numbers::e + 1), 1e-6);
  EXPECT_NEAR(out.values()[2], 0, 1e-30);
  EXPECT_EQ(out.values()[3], 200);
}

TEST_F(ReferenceTest, StoreSkipsNegativeSlotsAndGatherAndEmbedPickRows) {
  const OwnedTensor k = data_.f32({3, 2, 4}, 8), v = data_.f32({3, 2, 4});
  const std::vector<std::int32_t> slots = {4, -1, 0};
  // Of one slot each, whose four floats stand in a cache line.
  const StoredPages pages =
      store(*backend_, k, v, slots, no_pages(DType::kF32, {.num_pages = 5, .num_kv_heads = 2}, 4));
  const std::vector<float> stored = pages.keys.values(), stored_values = pages.values.values();
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t at = i / 4 * 16 + i % 4;
    EXPECT_EQ(stored[4 * 32 + at], k.values()[i]);
    EXPECT_EQ(stored[at], k.values()[16 + i]);
    EXPECT_EQ(stored_values[4 * 32 + at], v.values()[i]);
    EXPECT_EQ(stored[32 + at], 0);
  }
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    const OwnedTensor table = data_.of(dtype, {6, 3}), out(DType::kF32, {2, 3}), picked(DType::kF32, {1, 3});
    const std::vector<TokenId> tokens = {5, 1};
    backend_->embed(*backend_->begin({.token_ids = tokens}), table, out);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(out.values()[i], table.values()[15 + i]);
    const std::vector<std::int32_t> rows = {1};
    backend_->gather_prediction_rows(*backend_->begin({.prediction_rows = rows}), out, picked);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(picked.values()[i], table.values()[3 + i]);
  }
}

}  // namespace
}  // namespace wedlm
