// The timer counts each op under its kind and nothing else, on every backend; and an observer changes no result.
#include "wedlm/backend/op_timer.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "tests/backend/page_data.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/backend/rotary.h"

namespace wedlm {
namespace {

class OpTimerTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend_ = make_backend({.name = GetParam(), .cpu = {.num_threads = 2}});
  OpTimer timer_;
  OpData data_;

  /// Runs the op without and with the timer, into outputs of the same shape: the bits must be the same and the time be
  /// that of `kind` alone.
  void expect_kind(const char* op, OpKind kind, Shape out_shape, const std::function<void(const Tensor& out)>& run) {
    const OwnedTensor expected(DType::kF32, out_shape), got(DType::kF32, out_shape);
    run(expected);
    timer_.reset();
    backend_->observe(&timer_);
    run(got);
    backend_->observe(nullptr);
    EXPECT_TRUE(same_bits(got.values(), expected.values())) << op;
    for (int k = 0; k < kNumOpKinds; ++k) {
      EXPECT_EQ(timer_.seconds()[static_cast<OpKind>(k)] > 0, static_cast<OpKind>(k) == kind) << op << ", kind " << k;
    }
  }
};

TEST_P(OpTimerTest, OpsOfRows) {
  const OwnedTensor table = data_.of(DType::kBF16, {9, 16}), weight = data_.of(DType::kBF16, {20, 16}),
                    bias = data_.f32({20}), x = data_.f32({3, 16}), norm = data_.f32({16}),
                    heads = data_.f32({3, 2, 8}), angles = data_.f32({3, 8}), head_norm = data_.f32({8});
  const std::vector<TokenId> ids = {1, 8, 3};
  const std::vector<std::int32_t> positions = {4, 0, 99}, rows = {2, 0};
  const ConstTensor part = weight;
  const auto packed = backend_->pack({&part, 1});
  const auto forward = backend_->begin({.token_ids = ids, .positions = positions, .prediction_rows = rows});
  expect_kind("embed", OpKind::kOther, {3, 16}, [&](const Tensor& out) { backend_->embed(*forward, table, out); });
  expect_kind("linear", OpKind::kProducts, {3, 20},
              [&](const Tensor& out) { backend_->linear(x, *packed, bias.tensor(), out); });
  expect_kind("rms_norm", OpKind::kOther, {3, 16}, [&](const Tensor& out) { backend_->rms_norm(x, norm, 1e-6F, out); });
  expect_kind("add", OpKind::kOther, {3, 16}, [&](const Tensor& out) { backend_->add(x, out); });
  expect_kind("add_rms_norm", OpKind::kOther, {3, 16}, [&](const Tensor& out) {
    const OwnedTensor residual(DType::kF32, {3, 16});
    backend_->add_rms_norm(x, residual, norm, 1e-6F, out);
  });
  expect_kind("rope_angles", OpKind::kOther, {3, 8},
              [&](const Tensor& out) { backend_->rope_angles(*forward, plain_rotation(1e4, 8), out); });
  expect_kind("rope", OpKind::kOther, {3, 2, 8}, [&](const Tensor& out) {
    backend_->upload(heads, out);
    backend_->rope(out, angles);
  });
  expect_kind("rotate_heads", OpKind::kOther, {3, 2, 8}, [&](const Tensor& out) {
    const OwnedTensor keys(DType::kF32, {3, 2, 8});
    backend_->upload(heads, out);
    backend_->rotate_heads({.queries = out,
                            .keys = keys,
                            .query_norm = head_norm.tensor(),
                            .key_norm = head_norm.tensor(),
                            .eps = 1e-6F,
                            .angles = angles});
  });
  expect_kind("silu_multiply", OpKind::kOther, {3, 8}, [&](const Tensor& out) { backend_->silu_multiply(x, out); });
  expect_kind("gather_prediction_rows", OpKind::kOther, {2, 16},
              [&](const Tensor& out) { backend_->gather_prediction_rows(*forward, x, out); });
}

TEST_P(OpTimerTest, AttentionAndItsPages) {
  const OwnedTensor q = data_.f32({3, 4, 8}), k = data_.f32({3, 2, 8}), v = data_.f32({3, 2, 8});
  const StoredPages stored = random_pages(data_, DType::kF32, {.num_pages = 2, .num_kv_heads = 2, .page_size = 4}, 8);
  const KvPages pages = stored.pages();
  const std::vector<std::int32_t> slots = {5, -1, 6}, page_table = {1};
  const AttentionSegment segment{.num_rows = 3, .prefix_length = 3, .page_table = page_table};
  const auto forward = backend_->begin({.slots = slots, .segments = {&segment, 1}});
  expect_kind("store_kv", OpKind::kOther, pages.keys.shape(), [&](const Tensor& out) {
    backend_->store_kv(*forward, k, v, {out, pages.values, pages.page_size, pages.head_dim});
  });
  expect_kind("attention", OpKind::kAttention, {3, 4, 8}, [&](const Tensor& out) {
    backend_->attention(
        *forward,
        {.queries = q.tensor(), .keys = k.tensor(), .values = v.tensor(), .pages = pages, .scale = 0.5F, .out = out});
  });
}

TEST_P(OpTimerTest, TheHeadStandsApart) {
  const OwnedTensor head = data_.of(DType::kBF16, {300, 16}), hidden = data_.f32({70, 16});
  const ConstTensor part = head;
  const auto packed = backend_->pack({&part, 1});
  std::vector<SamplingRow> sampling(70, {.temperature = 0.8F, .seed = 3});
  for (const bool any_filter : {false, true}) {
    if (any_filter) sampling[69].filters.top_k = 5;  // of the second block
    const std::vector<Prediction> expected = predict(*backend_, hidden, *packed, sampling);
    timer_.reset();
    backend_->observe(&timer_);
    const std::vector<Prediction> got = predict(*backend_, hidden, *packed, sampling);
    backend_->observe(nullptr);
    EXPECT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof(Prediction)), 0);
    EXPECT_GT(timer_.seconds()[OpKind::kHead], 0);
    const bool keeps_logits = any_filter || GetParam() != "cpu";
    EXPECT_EQ(timer_.seconds()[OpKind::kLogits] > 0, keeps_logits) << "the CPU keeps logits only for a filter";
    EXPECT_EQ(timer_.seconds()[OpKind::kProducts], 0);
  }
}

TEST(OpTimerAloneTest, APartCountsForItselfAlone) {
  const auto wait = [](int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); };
  const auto now = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  OpTimer timer;
  const double begin = now();
  timer.op_begins(OpKind::kHead);
  wait(5);
  timer.op_begins(OpKind::kLogits);
  wait(40);
  timer.op_ends();
  wait(5);
  timer.op_ends();
  const double seconds = now() - begin;  // which other programs make longer
  wait(20);                              // between ops
  const double before_other = now();
  timer.op_begins(OpKind::kOther);
  timer.op_ends();
  const double other_seconds = now() - before_other;
  EXPECT_GE(timer.seconds()[OpKind::kLogits], 0.04);
  EXPECT_GE(timer.seconds()[OpKind::kHead], 0.01);
  EXPECT_LE(timer.seconds()[OpKind::kHead] + timer.seconds()[OpKind::kLogits], seconds);
  EXPECT_LE(timer.seconds()[OpKind::kOther], other_seconds);
}

INSTANTIATE_TEST_SUITE_P(All, OpTimerTest, testing::ValuesIn(backend_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace wedlm
