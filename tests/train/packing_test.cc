#include "wedlm/train/data/packing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "wedlm/train/draws.h"

namespace wedlm::train {
namespace {

SampleSet set_of(const std::vector<std::size_t>& lengths) {
  SampleSetBuilder set;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    Sample sample;
    sample.append(std::vector<TokenId>(lengths[i], static_cast<TokenId>(i)), true);
    set.add(sample, i % 2);
  }
  return std::move(set).take();
}

TEST(PackingTest, EverySampleIsInOnePackAndPacksAreNearlyFull) {
  Draws draws(5, Draws::Purpose::kOrder, 0);
  std::vector<std::size_t> lengths;
  for (int i = 0; i < 3000; ++i) lengths.push_back(1 + draws.below(700));
  const SampleSet set = set_of(lengths);
  const std::vector<TrainingFile> files(2);
  const auto order = epoch_order(set, files, 1, 0);
  const auto packs = packed(set, order, 2048);
  std::vector<std::size_t> all;
  std::size_t tokens = 0;
  for (const Pack& pack : packs) {
    std::size_t in_pack = 0;
    for (const std::size_t i : pack) in_pack += set[i].size();
    EXPECT_LE(in_pack, 2048U);
    tokens += in_pack;
    all.insert(all.end(), pack.begin(), pack.end());
  }
  EXPECT_EQ(tokens, set.num_tokens());
  std::ranges::sort(all);
  std::vector<std::size_t> wanted(set.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;
  EXPECT_EQ(all, wanted);
  EXPECT_GT(static_cast<double>(tokens), 0.97 * 2048 * static_cast<double>(packs.size()));
}

TEST(PackingTest, ASampleThatIsTooLongStandsAlone) {
  const SampleSet set = set_of({10, 300, 20});
  const auto packs = packed(set, std::vector<std::size_t>{0, 1, 2}, 100);
  EXPECT_THAT(packs, testing::UnorderedElementsAre(testing::ElementsAre(1), testing::ElementsAre(0, 2)));
}

TEST(EpochOrderTest, WeightsSayHowOftenASampleComes) {
  const SampleSet set = set_of(std::vector<std::size_t>(400, 3));
  const std::vector<TrainingFile> files = {{.path = "a", .weight = 2}, {.path = "b", .weight = 0.5}};
  const auto order = epoch_order(set, files, 9, 3);
  std::map<std::size_t, int> per_file;
  for (const std::size_t i : order) ++per_file[set.file_of(i)];
  EXPECT_EQ(per_file[0], 400);
  EXPECT_NEAR(per_file[1], 100, 35);
  EXPECT_EQ(order, epoch_order(set, files, 9, 3));
  EXPECT_NE(order, epoch_order(set, files, 9, 4));
  EXPECT_FALSE(std::ranges::is_sorted(order));
}

}  // namespace
}  // namespace wedlm::train
