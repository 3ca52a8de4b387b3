// The handle of a forward: what it takes over, what it refuses, and that one at a time has a backend.
#include "wedlm/backend/forward.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/backend/page_data.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/backend/rotary.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

std::unique_ptr<Backend> backend_of(const std::string& name) {
  return name == BackendCase::kQueued ? make_queued_backend() : make_backend({.name = name, .cpu = {.num_threads = 2}});
}

std::vector<std::string> names() {
  std::vector<std::string> all = backend_names();
  all.emplace_back(BackendCase::kQueued);
  return all;
}

class ForwardTest : public testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Backend> backend_ = backend_of(GetParam());
  OpData data_;
};

TEST_P(ForwardTest, NothingOfTheHostIsReadAfterItBegan) {
  const OwnedTensor table = data_.f32({9, 48}), head = data_.f32({20, 32});
  const StoredPages pages = random_pages(data_, DType::kF32, {.num_pages = 3, .num_kv_heads = 2, .page_size = 4}, 8);
  const ConstTensor part = head;
  const auto weight = backend_->pack({&part, 1});
  const auto run = [&](bool is_overwritten) {
    std::vector<TokenId> token_ids = {1, 8, 3};
    std::vector<std::int32_t> positions = {4, 5, 6}, slots = {0, -1, 1}, page_table = {2, 1}, rows = {0, 2};
    std::vector<SamplingRow> sampling(2, {.temperature = 1, .seed = 7});
    std::vector<AttentionSegment> segments = {{.num_rows = 3, .prefix_length = 6, .page_table = page_table}};
    OnBackend on(*backend_);
    const Tensor hidden = on(OwnedTensor(DType::kF32, {3, 48})), angles = on(OwnedTensor(DType::kF32, {3, 8}));
    const Tensor attended = on(OwnedTensor(DType::kF32, {3, 32})), last = on(OwnedTensor(DType::kF32, {2, 32}));
    const Tensor embeddings = on(table);
    const KvPages there = pages.pages(on);
    std::unique_ptr<Forward> forward = backend_->begin({.token_ids = token_ids,
                                                        .positions = positions,
                                                        .slots = slots,
                                                        .segments = segments,
                                                        .prediction_rows = rows,
                                                        .sampling = sampling});
    if (is_overwritten) {
      for (auto* list : {&token_ids, &positions, &slots, &page_table, &rows}) std::ranges::fill(*list, 1 << 20);
      segments[0] = {};
      sampling.assign(2, {.banned = 0});
    }
    backend_->embed(*forward, embeddings, hidden);
    backend_->rope_angles(*forward, plain_rotation(1e4, angles.shape()[1]), angles);
    const Tensor queries = hidden.columns(0, 32).split_rows(4), keys = hidden.columns(32, 16).split_rows(2);
    backend_->rope(queries, angles);
    backend_->store_kv(*forward, keys, keys, there);
    backend_->attention(*forward, {.queries = queries,
                                   .keys = keys,
                                   .values = keys,
                                   .pages = there,
                                   .scale = 0.3F,
                                   .out = attended.split_rows(4)});
    backend_->gather_prediction_rows(*forward, attended, last);
    backend_->predict(*forward, {.hidden = last, .head = weight.get()});
    std::vector<Prediction> predictions(2);
    backend_->read_predictions(*forward, predictions);
    EXPECT_NE(predictions[0].sampled, kNoToken);
    return predictions;
  };
  const std::vector<Prediction> expected = run(false), got = run(true);
  EXPECT_EQ(std::memcmp(got.data(), expected.data(), 2 * sizeof(Prediction)), 0);
}

TEST_P(ForwardTest, InputsThatAreNotSoundAreRefused) {
  const std::vector<std::int32_t> negative = {0, -1}, page = {0}, less = {-2};
  EXPECT_THROW(backend_->begin({.token_ids = negative}), InternalError);
  EXPECT_THROW(backend_->begin({.positions = negative}), InternalError);
  EXPECT_THROW(backend_->begin({.slots = less}), InternalError);
  EXPECT_THROW(backend_->begin({.prediction_rows = negative}), InternalError);
  for (const AttentionSegment& segment :
       {AttentionSegment{.first_row = 1, .num_rows = 1}, AttentionSegment{.num_rows = -1},
        AttentionSegment{.num_rows = 1, .prefix_length = -1, .page_table = page},
        AttentionSegment{.num_rows = 1, .prefix_length = 1}, AttentionSegment{.num_rows = 1, .page_table = negative}}) {
    EXPECT_THROW(backend_->begin({.segments = {&segment, 1}}), InternalError);
  }
  EXPECT_NO_THROW(backend_->begin({.slots = negative})) << "and none of them kept the turn";
}

TEST_P(ForwardTest, AnothersHandleIsRefused) {
  const auto other = backend_of(GetParam());
  const auto forward = other->begin({});
  EXPECT_THROW(backend_->read_predictions(*forward, {}), InternalError);
  std::vector<Prediction> predictions(1);
  EXPECT_THROW(other->read_predictions(*forward, predictions), InternalError) << "one for each sampling row";
}

TEST_P(ForwardTest, TheNextBeginsWhenTheOneBeforeIsGone) {
  std::unique_ptr<Forward> first = backend_->begin({});
  EXPECT_THROW(backend_->begin({}), InternalError) << "this thread would wait for itself";
  std::atomic<bool> is_over{false};
  std::thread other([&] {
    const auto second = backend_->begin({});
    EXPECT_TRUE(is_over);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  is_over = true;
  first.reset();
  other.join();
}

INSTANTIATE_TEST_SUITE_P(All, ForwardTest, testing::ValuesIn(names()), [](const auto& test) { return test.param; });

TEST(QueuedBackendTest, ItsMemoryIsClosedToTheHost) {
  const auto backend = make_queued_backend();
  const Buffer memory = backend->allocate(64);
  EXPECT_DEATH(std::memset(memory.data(), 0, 64), "");
}

}  // namespace
}  // namespace wedlm
