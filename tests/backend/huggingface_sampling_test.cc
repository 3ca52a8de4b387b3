// The distribution that tokens are drawn from against the one that transformers' logits processors leave: its
// probabilities, token for token, and draws by every backend.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/backend/page_data.h"
#include "tests/support/sampling_cases.h"
#include "wedlm/backend/sampling.h"

namespace wedlm {
namespace {

SamplingRow row_of(const SamplingCase& of) {
  SamplingRow row{.temperature = of.temperature, .filters = of.filters, .seed = 7};
  if (of.repetition_penalty == 1) return row;
  for (const TokenId token : std::set<TokenId>(of.prompt.begin(), of.prompt.end())) {
    row.adjustments.push_back({.token = token, .divisor = of.repetition_penalty});
  }
  return row;
}

TEST(HuggingFaceSamplingTest, EveryTokenHasTheSameProbability) {
  ASSERT_EQ(huggingface_sampling_cases().size(), 48U);
  for (const SamplingCase& one : huggingface_sampling_cases()) {
    SamplingRow row = row_of(one);
    row.wants_drawn = true;
    std::vector<double> ours(one.logits.size());
    for (std::size_t v = 0; v < ours.size(); ++v) {
      row.scored = static_cast<TokenId>(v);
      ours[v] = std::exp(static_cast<double>(predict_row(one.logits, row).drawn_log_prob));
    }
    for (std::size_t v = 0; v < ours.size(); ++v) {
      // Where the last ones that are kept tie with others, theirs need not be ours; but they are as many.
      double expected = 0, got = 0;
      for (std::size_t other = 0; other < ours.size(); ++other) {
        if (!one.are_tied(v, other)) continue;
        expected += one.probabilities[other];
        got += ours[other];
      }
      ASSERT_EQ(got > 0, expected > 0) << one.name << ", token " << v;
      ASSERT_NEAR(got, expected, 2e-6) << one.name << ", token " << v;
    }
  }
}

TEST(HuggingFaceSamplingTest, TheOrderOfTheOriginalKeepsOthers) {
  for (const SamplingCase& one : huggingface_sampling_cases()) {
    if (one.name != R"(flat {"temperature":0.7,"top_p":0.8})") continue;
    std::vector<TokenId> drawn;
    SamplingRow row = row_of(one);
    row.filters.order = FilterOrder::kOriginal;
    for (row.position = 0; row.position < 4000; ++row.position) drawn.push_back(predict_row(one.logits, row).sampled);
    const DrawFit fit = fit_of(one, drawn);
    EXPECT_FALSE(fit.fits());
    EXPECT_GT(fit.num_outside, 100) << fit.text();
    return;
  }
  FAIL() << "the case is not there";
}

class HuggingFaceDrawsTest : public testing::TestWithParam<BackendCase> {};

TEST_P(HuggingFaceDrawsTest, FollowTheSameProbabilities) {
  constexpr std::int64_t kNumDraws = 4000;
  const auto backend = GetParam().make();
  for (const SamplingCase& one : huggingface_sampling_cases()) {
    // A head of one input, by which these are the logits of its row.
    const ConstTensor part(one.logits.data(), DType::kF32, {static_cast<std::int64_t>(one.logits.size()), 1});
    const auto head = backend->pack({&part, 1});
    const OwnedTensor ones(DType::kF32, {kNumDraws, 1});
    std::fill_n(ones.tensor().row<float>(0), kNumDraws, 1.0F);
    std::vector<SamplingRow> rows(static_cast<std::size_t>(kNumDraws), row_of(one));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].position = static_cast<std::int64_t>(i);
    std::vector<TokenId> drawn;
    for (const Prediction& it : predict(*backend, ones, *head, rows)) drawn.push_back(it.sampled);
    const DrawFit fit = fit_of(one, drawn);
    EXPECT_TRUE(fit.fits()) << one.name << ": " << fit.text();
  }
}

std::vector<BackendCase> draw_cases() {
  std::vector<BackendCase> cases = cpu_cases({2});
  cases.push_back({"reference"});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Backends, HuggingFaceDrawsTest, testing::ValuesIn(draw_cases()), case_name);

}  // namespace
}  // namespace wedlm
