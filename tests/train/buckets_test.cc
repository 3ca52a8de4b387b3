#include "wedlm/train/ranks/buckets.h"

#include <gmock/gmock.h>

#include <numeric>

namespace wedlm::train {
namespace {

const std::vector<std::int64_t> kSizes = {1, 64, 3, 1000, 7, 2};

TEST(BucketsTest, PartsOfAWeightFollowEachOtherAndAreAsGoodAsEqual) {
  for (const std::int64_t size : kSizes) {
    for (const int num_ranks : {1, 2, 3, 8}) {
      std::int64_t next = 0;
      const std::int64_t first = part_of(size, 0, num_ranks).count;
      for (int rank = 0; rank < num_ranks; ++rank) {
        const ElementRange part = part_of(size, rank, num_ranks);
        EXPECT_EQ(part.begin, next);
        EXPECT_LE(part.count, first);
        next += part.count;
      }
      EXPECT_EQ(next, size);
      EXPECT_LT((first - 1) * num_ranks, size) << "no larger than it has to be";
    }
  }
}

TEST(BucketsTest, EachElementGoesOnceAndToItsRank) {
  for (const int num_ranks : {1, 2, 3, 8}) {
    for (const std::int64_t room : {1, 16, 100, 5000}) {
      std::vector<std::vector<int>> counts;
      counts.reserve(kSizes.size());
      for (const std::int64_t size : kSizes) counts.emplace_back(static_cast<std::size_t>(size));
      for (const Bucket& bucket : make_buckets(kSizes, num_ranks, room)) {
        EXPECT_LE(bucket.count * num_ranks, std::max<std::int64_t>(room, num_ranks));
        std::int64_t sum = 0;
        for (const PartPiece& piece : bucket.pieces) {
          sum += piece.count;
          for (int rank = 0; rank < num_ranks; ++rank) {
            const ElementRange part = part_of(kSizes[piece.weight], rank, num_ranks);
            const ElementRange range = piece.of(rank, num_ranks, kSizes[piece.weight]);
            EXPECT_LE(range.count, piece.count);
            EXPECT_GE(range.begin, part.begin);
            EXPECT_LE(range.begin + range.count, part.begin + part.count);
            for (std::int64_t i = 0; i < range.count; ++i) {
              ++counts[piece.weight][static_cast<std::size_t>(range.begin + i)];
            }
          }
        }
        EXPECT_EQ(sum, bucket.count);
      }
      for (const auto& of_weight : counts) EXPECT_THAT(of_weight, testing::Each(1)) << num_ranks << " " << room;
    }
  }
}

TEST(BucketsTest, FewWeightsNeedFewBuckets) {
  const std::int64_t all = std::accumulate(kSizes.begin(), kSizes.end(), std::int64_t{0});
  EXPECT_EQ(make_buckets(kSizes, 2, 2 * all).size(), 1U);
  EXPECT_EQ(make_buckets(kSizes, 1, 500).size(), 3U);
}

}  // namespace
}  // namespace wedlm::train
