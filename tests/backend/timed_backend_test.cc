// The timed backend gives what the backend in it gives, and counts each op under its kind.
#include "wedlm/backend/timed_backend.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "tests/backend/op_data.h"

namespace wedlm {
namespace {

class TimedBackendTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> plain_ = make_backend({.name = GetParam(), .num_threads = 2});
  TimedBackend timed_{*plain_};
  OpData data_;

  /// Runs the op on both backends, which write to outputs of the same shape; the bits must be the same and the time be
  /// that of `kind` alone.
  void expect_same(const char* op, OpKind kind, Shape out_shape,
                   const std::function<void(Backend& backend, const Tensor& out)>& run) {
    const OwnedTensor expected(DType::kF32, out_shape), got(DType::kF32, out_shape);
    run(*plain_, expected);
    timed_.reset();
    run(timed_, got);
    EXPECT_TRUE(same_bits(got.values(), expected.values())) << op;
    for (int k = 0; k < kNumOpKinds; ++k) {
      EXPECT_EQ(timed_.seconds()[static_cast<OpKind>(k)] > 0, static_cast<OpKind>(k) == kind) << op << ", kind " << k;
    }
  }
};

TEST_P(TimedBackendTest, OpsOfRowsAreThoseOfTheOther) {
  const OwnedTensor table = data_.of(DType::kBF16, {9, 16}), weight = data_.of(DType::kBF16, {20, 16}),
                    bias = data_.f32({20}), x = data_.f32({3, 16}), norm = data_.f32({16}),
                    heads = data_.f32({3, 2, 8});
  const std::vector<TokenId> ids = {1, 8, 3};
  const std::vector<std::int32_t> positions = {4, 0, 99}, rows = {2, 0};
  const ConstTensor part = weight;
  const auto packed = timed_.pack({&part, 1});
  expect_same("embed", OpKind::kOther, {3, 16}, [&](Backend& b, const Tensor& out) { b.embed(table, ids, out); });
  expect_same("linear", OpKind::kProducts, {3, 20},
              [&](Backend& b, const Tensor& out) { b.linear(x, *packed, bias.tensor(), out); });
  expect_same("rms_norm", OpKind::kOther, {3, 16},
              [&](Backend& b, const Tensor& out) { b.rms_norm(x, norm, 1e-6F, out); });
  expect_same("add", OpKind::kOther, {3, 16}, [&](Backend& b, const Tensor& out) { b.add(x, out); });
  expect_same("add_rms_norm", OpKind::kOther, {3, 16}, [&](Backend& b, const Tensor& out) {
    const OwnedTensor residual(DType::kF32, {3, 16});
    b.add_rms_norm(x, residual, norm, 1e-6F, out);
  });
  expect_same("rope_angles", OpKind::kOther, {3, 8},
              [&](Backend& b, const Tensor& out) { b.rope_angles(positions, 1e4, out); });
  const OwnedTensor angles = data_.f32({3, 8});
  expect_same("rope", OpKind::kOther, {3, 2, 8}, [&](Backend& b, const Tensor& out) {
    plain_->upload(heads, out);
    b.rope(out, angles);
  });
  const OwnedTensor head_norm = data_.f32({8});
  expect_same("rotate_heads", OpKind::kOther, {3, 2, 8}, [&](Backend& b, const Tensor& out) {
    const OwnedTensor keys(DType::kF32, {3, 2, 8});
    plain_->upload(heads, out);
    b.rotate_heads({.queries = out,
                    .keys = keys,
                    .query_norm = head_norm.tensor(),
                    .key_norm = head_norm.tensor(),
                    .eps = 1e-6F,
                    .angles = angles});
  });
  expect_same("silu_multiply", OpKind::kOther, {3, 8}, [&](Backend& b, const Tensor& out) { b.silu_multiply(x, out); });
  expect_same("gather_rows", OpKind::kOther, {2, 16},
              [&](Backend& b, const Tensor& out) { b.gather_rows(x, rows, out); });
}

TEST_P(TimedBackendTest, AttentionAndItsPagesAreThoseOfTheOther) {
  const OwnedTensor q = data_.f32({3, 4, 8}), k = data_.f32({3, 2, 8}), v = data_.f32({3, 2, 8}),
                    pages = data_.f32({2, 2, 4 * 8});
  const std::vector<std::int32_t> slots = {5, -1, 6};
  expect_same("store_kv", OpKind::kOther, {2, 2, 4 * 8}, [&](Backend& b, const Tensor& out) {
    b.store_kv(k, v, slots, {out, pages.tensor(), 4});
  });
  const std::int32_t block = 1;
  const AttentionSegment segment{.num_rows = 3, .prefix_length = 3, .block_table = &block};
  expect_same("attention", OpKind::kAttention, {3, 4, 8}, [&](Backend& b, const Tensor& out) {
    b.attention({.queries = q.tensor(),
                 .keys = k.tensor(),
                 .values = v.tensor(),
                 .pages = {pages.tensor(), pages.tensor(), 4},
                 .segments = {&segment, 1},
                 .scale = 0.5F,
                 .out = out});
  });
}

TEST_P(TimedBackendTest, PredictionsAreThoseOfTheOtherAndTheHeadStandsApart) {
  const OwnedTensor head = data_.of(DType::kBF16, {300, 16}), hidden = data_.f32({70, 16});
  const ConstTensor part = head;
  const auto packed = timed_.pack({&part, 1});
  std::vector<SamplingRow> sampling(70, {.temperature = 0.8F, .seed = 3});
  for (const bool any_filter : {false, true}) {
    if (any_filter) sampling[69].filters.top_k = 5;  // of the second block
    std::vector<Prediction> expected(70), got(70);
    const auto predict = [&](Backend& backend, std::vector<Prediction>& predictions) {
      backend.predict(
          {.hidden = hidden.tensor(), .head = packed.get(), .sampling = sampling, .predictions = predictions});
    };
    predict(*plain_, expected);
    timed_.reset();
    predict(timed_, got);
    EXPECT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof(Prediction)), 0);
    EXPECT_GT(timed_.seconds()[OpKind::kHead], 0);
    EXPECT_EQ(timed_.seconds()[OpKind::kLogits] > 0, any_filter) << "logits are kept only for a filter";
    EXPECT_EQ(timed_.seconds()[OpKind::kProducts], 0);
  }

  timed_.reset();
  const OwnedTensor out(DType::kF32, {70, 300});
  timed_.linear(hidden, *packed, {}, out);
  EXPECT_GT(timed_.seconds()[OpKind::kProducts], 0);
  EXPECT_EQ(timed_.seconds()[OpKind::kHead], 0);
}

TEST_P(TimedBackendTest, TheRestIsTheOthersToo) {
  EXPECT_EQ(timed_.name(), plain_->name());
  EXPECT_EQ(timed_.description(), plain_->description());
  const OwnedTensor host = data_.f32({2, 3}), back(DType::kF32, {2, 3});
  const Buffer memory = timed_.allocate(6 * sizeof(float));
  const Tensor device(memory.data(), DType::kF32, {2, 3});
  timed_.upload(host, device);
  timed_.download(device, back);
  EXPECT_EQ(back.values(), host.values());
  EXPECT_EQ(timed_.place(host.tensor()).data(), plain_->place(host.tensor()).data());
  for (const double seconds : timed_.seconds().of) EXPECT_EQ(seconds, 0);
}

INSTANTIATE_TEST_SUITE_P(All, TimedBackendTest, testing::ValuesIn(backend_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace wedlm
