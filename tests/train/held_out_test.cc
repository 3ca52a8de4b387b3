#include "wedlm/train/data/held_out.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

/// Sample i is its number, i + 1 times.
DataSet numbered(std::size_t count) {
  SampleSetBuilder samples;
  for (std::size_t i = 0; i < count; ++i) {
    Sample sample;
    sample.append(std::vector<TokenId>(i + 1, static_cast<TokenId>(i)), true);
    samples.add(sample, i % 3);
  }
  return {.samples = std::move(samples).take(), .files = std::vector<TrainingFile>(3)};
}

std::vector<TokenId> numbers_of(const DataSet& data) {
  std::vector<TokenId> numbers;
  std::size_t num_tokens = 0;
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    const TokenId number = data.samples[i].ids.front();
    numbers.push_back(number);
    num_tokens += data.samples[i].size();
    EXPECT_EQ(data.samples[i].size(), static_cast<std::size_t>(number) + 1);
    EXPECT_EQ(data.samples.file_of(i), static_cast<std::size_t>(number) % 3);
  }
  EXPECT_EQ(data.samples.num_tokens(), num_tokens);
  return numbers;
}

TEST(HeldOutTest, EverySampleIsInOneOfTheParts) {
  const RunData data = hold_out(numbered(200), 0.1, 7);
  auto all = numbers_of(data.training);
  const auto held_out = numbers_of(*data.held_out);
  EXPECT_EQ(held_out.size(), 20U);
  EXPECT_GT(held_out.back() - held_out.front(), 100) << "from everywhere";
  all.insert(all.end(), held_out.begin(), held_out.end());
  std::ranges::sort(all);
  EXPECT_EQ(all, numbers_of(numbered(200)));
}

TEST(HeldOutTest, WhichFollowsFromTheSeed) {
  const auto held_out = [](std::uint64_t seed) { return numbers_of(*hold_out(numbered(100), 0.1, seed).held_out); };
  EXPECT_EQ(held_out(7), held_out(7));
  EXPECT_NE(held_out(7), held_out(8));
}

TEST(HeldOutTest, SomethingIsHeldOutAndSomethingLeft) {
  const RunData data = hold_out(numbered(2), 0.001, 0);
  EXPECT_EQ(data.held_out->samples.size(), 1U);
  EXPECT_EQ(data.training.samples.size(), 1U);
  EXPECT_THROW(hold_out(numbered(1), 0.5, 0), InvalidInput);
  EXPECT_THROW(hold_out(numbered(4), 0.9, 0), InvalidInput);
}

TEST(HeldOutTest, APartOfAPartIsTakenFromTheWhole) {
  const DataSet data = numbered(30);
  const SampleSet part = data.samples.subset({3, 5, 7, 9}).subset({1, 3});
  EXPECT_EQ(numbers_of({.samples = part}), (std::vector<TokenId>{5, 9}));
}

}  // namespace
}  // namespace wedlm::train
