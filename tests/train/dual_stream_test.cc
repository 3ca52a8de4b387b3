#include "wedlm/train/rows/dual_stream.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "tests/train/recorded_steps.h"

namespace wedlm::train {
namespace {

using testing::ElementsAre;

/// The rows that a row sees, its own included.
std::vector<std::int64_t> visible(const DualStream& stream, std::int64_t row) {
  for (const RowSegment& segment : stream.segments) {
    if (row < segment.first_row || row >= segment.first_row + segment.num_rows) continue;
    std::vector<std::int64_t> rows(static_cast<std::size_t>(segment.num_prefix_rows));
    std::iota(rows.begin(), rows.end(), segment.first_prefix_row);
    for (std::int64_t own = segment.first_row; own <= row; ++own) rows.push_back(own);
    return rows;
  }
  return {};
}

TEST(DualStreamTest, LaysOutWhatTheReleasedCodeLaysOut) {
  const Json::Array cases = recorded_steps();
  if (cases.empty()) GTEST_SKIP() << "no ../shared/data/training";
  EXPECT_EQ(cases.size(), 9U);
  for (const Json& recorded : cases) {
    SCOPED_TRACE(name_of(recorded));
    const RecordedBatch batch = recorded_batch(recorded);
    const auto stream =
        dual_stream(batch.views(), batch.blocks, static_cast<TokenId>(recorded.at("mask_token_id").as_integer()));
    EXPECT_EQ(std::vector<std::int64_t>(stream.ids.begin(), stream.ids.end()), integers(recorded.at("packed_ids")));
    EXPECT_EQ(std::vector<std::int64_t>(stream.tokens.begin(), stream.tokens.end()), integers(recorded.at("targets")));
    EXPECT_EQ(std::vector<std::int64_t>(stream.positions.begin(), stream.positions.end()),
              integers(recorded.at("positions")));
    const auto counts = integers(recorded.at("visible_per_row"));
    for (std::int64_t row = 0; row < stream.num_rows(); ++row) {
      EXPECT_EQ(std::ssize(visible(stream, row)), counts[static_cast<std::size_t>(row)]) << row;
    }
    for (const JsonMember& sample : recorded.at("visible_rows_sample").as_object()) {
      EXPECT_EQ(visible(stream, std::stoll(sample.key)), integers(sample.value)) << sample.key;
    }
    std::vector<std::int64_t> masked(stream.ids.size());
    for (const LossRow& loss : stream.losses) {
      if (loss.kind == LossKind::kMasked) masked[static_cast<std::size_t>(loss.row)] = 1;
    }
    EXPECT_EQ(masked, integers(recorded.at("masked")));
  }
}

TEST(DualStreamTest, PutsObservedTokensBeforeMasksAtTheirOwnPositions) {
  Sample sample;
  sample.append(std::vector<TokenId>{10, 11}, false);
  sample.append(std::vector<TokenId>{12, 13, 14, 15}, true);
  const std::vector<MaskedBlock> blocks = {{.begin = 2, .end = 6, .ratio = 0.5, .masked = {2, 4}}};
  const auto stream = dual_stream(std::vector{sample.view()}, std::vector<std::vector<MaskedBlock>>{blocks}, 99);
  EXPECT_THAT(stream.ids, ElementsAre(10, 11, 12, 13, 14, 15, 13, 15, 99, 99));
  EXPECT_THAT(stream.positions, ElementsAre(0, 1, 2, 3, 4, 5, 3, 5, 2, 4));
  EXPECT_THAT(visible(stream, 9), ElementsAre(0, 1, 6, 7, 8, 9));
  ASSERT_EQ(stream.losses.size(), 6U);  // two masks, and four tokens that follow one
  EXPECT_EQ(stream.losses[0].target, 12);
  EXPECT_EQ(stream.losses[1].target, 14);
  EXPECT_EQ(stream.losses[2].row, 1);
  EXPECT_EQ(stream.losses[2].target, 12);
}

TEST(LossWeightsTest, EachKindAddsUpToItsShare) {
  const std::vector<LossRow> losses = {
      {.ratio = 0.25}, {.ratio = 0.5}, {.kind = LossKind::kNextToken}, {.kind = LossKind::kNextToken}};
  const auto weighted = loss_weights(losses, LossWeighting::kWeighted, 1);
  EXPECT_NEAR(weighted[0], 1.0 / 3, 1e-6);  // 4 to 2, and half of the whole
  EXPECT_NEAR(weighted[1], 1.0 / 6, 1e-6);
  EXPECT_NEAR(weighted[2], 0.25, 1e-6);
  const auto uniform = loss_weights(losses, LossWeighting::kUniform, 0);
  EXPECT_THAT(uniform, ElementsAre(0.5F, 0.5F, 0.0F, 0.0F));
}

}  // namespace
}  // namespace wedlm::train
