// Predictions against a softmax, an entropy and filters that are written here, naively and in double; and draws against
// the distribution that they should have.
#include "wedlm/backend/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/backend/op_data.h"
#include "wedlm/base/random.h"

namespace wedlm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<double> softmax(const std::vector<float>& logits, double temperature = 1) {
  const double max = *std::max_element(logits.begin(), logits.end());
  std::vector<double> probabilities;
  for (const float logit : logits) {
    probabilities.push_back(std::exp((static_cast<double>(logit) - max) / temperature));
  }
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  for (double& p : probabilities) p /= sum;
  return probabilities;
}

/// The distribution that sampling should have: all tokens sorted, the filters applied to the sorted list.
std::vector<double> filtered_distribution(const std::vector<float>& logits, const SamplingRow& sampling) {
  const bool is_original = sampling.filters.order == FilterOrder::kOriginal;
  const std::vector<double> seen = softmax(logits, is_original ? 1 : static_cast<double>(sampling.temperature));
  std::vector<std::size_t> order;
  for (std::size_t v = 0; v < logits.size(); ++v) {
    if (static_cast<TokenId>(v) != sampling.banned) order.push_back(v);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  if (sampling.filters.top_k > 0) {
    std::size_t kept = std::min(order.size(), static_cast<std::size_t>(sampling.filters.top_k));
    while (kept < order.size() && logits[order[kept]] == logits[order[kept - 1]]) ++kept;
    order.resize(kept);
  }
  double total = 0;
  for (const std::size_t v : order) total += seen[v];
  double sum = 0;
  std::size_t count = 0;
  while (count < order.size() && (count == 0 || sum < static_cast<double>(sampling.filters.top_p) * total)) {
    sum += seen[order[count++]];
  }
  order.resize(count);
  const double least = static_cast<double>(sampling.filters.min_p) * seen[order[0]];
  std::erase_if(order, [&](std::size_t v) { return seen[v] < least; });
  std::vector<double> result(logits.size(), 0);
  for (const std::size_t v : order) {
    result[v] = std::exp(static_cast<double>(logits[v] - logits[order[0]]) / static_cast<double>(sampling.temperature));
  }
  const double norm = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& p : result) p /= norm;
  return result;
}

std::vector<float> adjusted_naively(std::vector<float> logits, const SamplingRow& sampling) {
  for (const LogitAdjustment& it : sampling.adjustments) {
    float& logit = logits[static_cast<std::size_t>(it.token)];
    logit += it.bias;
    if (logit > 0) {
      logit /= it.divisor;
    } else {
      logit *= it.divisor;
    }
    logit -= it.penalty;
  }
  return logits;
}

/// Pearson's statistic of draws at many positions; `degrees` is set to the number of possible tokens less one. A token
/// that is not possible must not come.
double chi_square(const std::vector<float>& logits, SamplingRow sampling, int num_draws, int& degrees) {
  const std::vector<double> expected = filtered_distribution(adjusted_naively(logits, sampling), sampling);
  std::vector<int> counts(logits.size(), 0);
  for (int i = 0; i < num_draws; ++i) {
    sampling.position = i;
    ++counts[static_cast<std::size_t>(predict_row(logits, sampling).sampled)];
  }
  degrees = -1;
  double statistic = 0;
  for (std::size_t v = 0; v < logits.size(); ++v) {
    if (expected[v] == 0) {
      EXPECT_EQ(counts[v], 0) << "token " << v << " was filtered out";
      continue;
    }
    ++degrees;
    const double mean = expected[v] * num_draws;
    statistic += (counts[v] - mean) * (counts[v] - mean) / mean;
  }
  return statistic;
}

TEST(SamplingTest, EntropyAndLogProbabilitiesAgainstTheSoftmax) {
  OpData data;
  for (const std::size_t size : {2U, 3U, 17U, 1000U}) {
    for (const float spread : {0.0F, 0.1F, 3.0F, 30.0F}) {
      std::vector<float> logits(size);
      for (float& logit : logits) logit = spread * data.normal();
      const std::vector<double> p = softmax(logits);
      double entropy = 0;
      for (const double each : p) entropy -= each > 0 ? each * std::log(each) : 0;
      const auto banned = static_cast<TokenId>(size / 2);
      const Prediction prediction =
          predict_row(logits, {.temperature = 0.8F, .seed = 5, .banned = banned, .scored = 1});
      EXPECT_NEAR(prediction.entropy, entropy, 1e-5);
      EXPECT_NEAR(prediction.scored_log_prob, std::log(p[1]), 1e-4);
      EXPECT_NE(prediction.best, banned);
      EXPECT_NE(prediction.sampled, banned);
      EXPECT_NEAR(prediction.best_log_prob, std::log(p[static_cast<std::size_t>(prediction.best)]), 1e-5);
      EXPECT_NEAR(prediction.sampled_log_prob, std::log(p[static_cast<std::size_t>(prediction.sampled)]), 1e-4);
    }
  }
}

TEST(SamplingTest, TheScoredTokenAsADrawWouldTakeIt) {
  OpData data(5);
  for (const std::size_t size : {2U, 40U, 3000U}) {
    for (const float spread : {0.0F, 0.3F, 3.0F, 30.0F}) {
      std::vector<float> logits(size);
      for (float& logit : logits) logit = spread * std::round(8 * data.normal()) / 8;  // many ties
      for (const float temperature : {0.0F, 0.2F, 1.0F, 1.7F}) {
        for (const std::int32_t top_k : {0, 1, 7}) {
          for (const float top_p : {0.4F, 1.0F}) {
            SamplingRow sampling{.temperature = temperature == 0 ? 1 : temperature,
                                 .filters = {.top_k = top_k, .top_p = top_p},
                                 .banned = static_cast<TokenId>(size / 2),
                                 .wants_drawn = true};
            const std::vector<double> p = filtered_distribution(logits, sampling);
            sampling.temperature = temperature;
            double entropy = 0;
            for (const double each : p) entropy -= each > 0 ? each * std::log(each) : 0;
            for (const std::size_t scored : {std::size_t{0}, size / 2, size - 1}) {
              sampling.scored = static_cast<TokenId>(scored);
              const Prediction prediction = predict_row(logits, sampling);
              EXPECT_NEAR(prediction.drawn_entropy, entropy, 1e-5);
              EXPECT_NEAR(std::exp(static_cast<double>(prediction.drawn_log_prob)), p[scored], 1e-6);
              const bool is_worse = logits[scored] < logits[static_cast<std::size_t>(prediction.best)];
              const bool is_dropped = sampling.scored == sampling.banned || (top_k == 1 && is_worse);
              if (is_dropped) {
                EXPECT_EQ(prediction.drawn_log_prob, -kInfinity);
              }
            }
          }
        }
      }
    }
  }
}

TEST(SamplingTest, AlternativesAreTheHeadOfASortedList) {
  OpData data(6);
  std::vector<float> logits(500);
  for (float& logit : logits) logit = std::round(8 * data.normal()) / 4;  // many ties
  const std::vector<double> p = softmax(logits);
  std::vector<TokenId> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](TokenId v) { return logits[static_cast<std::size_t>(v)]; });
  const TokenId banned = order[1];
  std::erase(order, banned);
  for (const std::int32_t count : {0, 1, 5, kMaxAlternatives}) {
    const Prediction prediction =
        predict_row(logits, {.temperature = 1, .filters = {.top_k = 3}, .banned = banned, .num_alternatives = count});
    const auto alternatives = prediction.alternatives();
    ASSERT_EQ(std::ssize(alternatives), count);
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
      EXPECT_EQ(alternatives[i].token, order[i]);
      EXPECT_NEAR(alternatives[i].log_prob, std::log(p[static_cast<std::size_t>(order[i])]), 1e-5);
    }
    if (count > 0) {
      EXPECT_EQ(alternatives[0].log_prob, prediction.best_log_prob);
    }
  }
  EXPECT_EQ(predict_row(std::vector<float>{1, 2, 3}, {.banned = 0, .num_alternatives = 20}).num_alternatives, 2);
}

TEST(SamplingTest, BestIsTheLargestAllowedLogitAndTheLowestIdOnTies) {
  const std::vector<float> logits = {1, 5, 7, 5, -3, 7};
  EXPECT_EQ(predict_row(logits, {}).best, 2);
  EXPECT_EQ(predict_row(logits, {.banned = 2}).best, 5);
  EXPECT_EQ(predict_row(std::vector<float>{4, 4, 4}, {.banned = 0}).best, 1);
  const Prediction greedy = predict_row(logits, {.banned = 2});
  EXPECT_EQ(greedy.sampled, greedy.best);
  EXPECT_EQ(greedy.sampled_log_prob, greedy.best_log_prob);
}

TEST(SamplingTest, TopKKeepsWhatTiesWithTheLast) {
  const std::vector<float> logits = {0, 2, 1, 1, 2, 1, 1};
  SamplingRow sampling{.temperature = 100, .filters = {.top_k = 4}};
  std::vector<int> counts(logits.size(), 0);
  for (int i = 0; i < 1000; ++i) {
    sampling.position = i;
    ++counts[static_cast<std::size_t>(predict_row(logits, sampling).sampled)];
  }
  for (std::size_t kept = 1; kept < logits.size(); ++kept) EXPECT_GT(counts[kept], 100) << kept;
  EXPECT_EQ(counts[0], 0);
}

TEST(SamplingTest, TopPOfAUniformRowKeepsTheFirstIds) {
  const std::vector<float> logits(8, 0.25F);
  SamplingRow sampling{.temperature = 1, .filters = {.top_p = 0.5F}, .banned = 1};
  TokenId largest = 0;
  for (int i = 0; i < 500; ++i) {
    sampling.position = i;
    largest = std::max(largest, predict_row(logits, sampling).sampled);
  }
  EXPECT_EQ(largest, 4);  // 0 2 3 4: the fourth of seven is the first to reach a half
}

TEST(SamplingTest, TopPIsAShareOfWhatIsAllowedEvenIfThatIsNearlyNothing) {
  const std::vector<float> logits = {60, 0, 0, 0, 0};
  SamplingRow sampling{.temperature = 1, .filters = {.top_p = 0.6F}, .banned = 0};
  TokenId largest = 0;
  for (int i = 0; i < 500; ++i) {
    sampling.position = i;
    largest = std::max(largest, predict_row(logits, sampling).sampled);
  }
  EXPECT_EQ(largest, 3);  // the third of four is the first to reach 0.6
}

TEST(SamplingTest, MinPKeepsWhatIsAShareAsProbableAsTheBest) {
  // The best one is banned; of the others ln 2 apart, 1/4 keeps three.
  const float ln2 = std::log(2.0F);
  const std::vector<float> logits = {3, -3 * ln2, 0, -ln2, -2 * ln2 + 1e-4F, -2 * ln2 - 1e-4F};
  SamplingRow sampling{.temperature = 50, .filters = {.min_p = 0.25F, .order = FilterOrder::kOriginal}, .banned = 0};
  std::vector<int> counts(logits.size(), 0);
  for (int i = 0; i < 1000; ++i) {
    sampling.position = i;
    ++counts[static_cast<std::size_t>(predict_row(logits, sampling).sampled)];
  }
  for (const std::size_t kept : {2U, 3U, 4U}) EXPECT_GT(counts[kept], 250) << kept;
  for (const std::size_t dropped : {0U, 1U, 5U}) EXPECT_EQ(counts[dropped], 0) << dropped;
}

TEST(SamplingTest, FiltersAgreeWithASortedListOnManyTokens) {
  OpData data(3);
  std::vector<float> logits(20'000);
  for (float& logit : logits) logit = std::round(8 * data.normal()) / 4;  // many ties
  for (const std::int32_t top_k : {0, 1, 7, 100, 5000, 19'999, 30'000}) {
    for (const auto& [top_p, min_p] : {std::pair{1e-6F, 0.0F},
                                       {0.1F, 0.0F},
                                       {0.9F, 0.0F},
                                       {0.999F, 0.0F},
                                       {1.0F, 0.0F},
                                       {0.9F, 0.03F},
                                       {0.999F, 0.03F},
                                       {1.0F, 0.03F},
                                       {1.0F, 0.7F},
                                       {1.0F, 1.0F}}) {
      SamplingRow sampling{
          .temperature = 1.5F, .filters = {.top_k = top_k, .top_p = top_p, .min_p = min_p}, .seed = 9, .banned = 12};
      if (top_k % 2 == 1) sampling.filters.order = FilterOrder::kOriginal;
      const std::vector<double> allowed = filtered_distribution(logits, sampling);
      for (int i = 0; i < 10; ++i) {
        sampling.position = i;
        // The noise belongs to the token, so an argmax over everything that is allowed finds the same one.
        TokenId expected = kNoToken;
        double best_score = 0;
        for (std::size_t v = 0; v < logits.size(); ++v) {
          if (allowed[v] == 0) continue;
          const double score =
              static_cast<double>(logits[v]) / 1.5 +
              static_cast<double>(gumbel(9, static_cast<std::uint64_t>(i), static_cast<std::uint32_t>(v)));
          if (expected == kNoToken || score > best_score) {
            expected = static_cast<TokenId>(v);
            best_score = score;
          }
        }
        EXPECT_EQ(predict_row(logits, sampling).sampled, expected) << top_k << " " << top_p << " " << min_p;
      }
    }
  }
}

TEST(SamplingTest, DrawsFollowTheDistribution) {
  OpData data(4);
  std::vector<float> logits(12);
  for (float& logit : logits) logit = 1.5F * data.normal();
  const SamplingRow cases[] = {
      {.temperature = 1},
      {.temperature = 0.5F, .banned = 3},
      {.temperature = 2, .filters = {.top_k = 5}, .seed = 1},
      {.temperature = 1, .filters = {.top_p = 0.8F}, .seed = 2},
      {.temperature = 0.7F, .filters = {.top_k = 8, .top_p = 0.9F}, .seed = 3, .banned = 0},
      {.temperature = 1.5F, .filters = {.min_p = 0.1F}, .seed = 4, .banned = 5},
      {.temperature = 0.6F, .filters = {.top_p = 0.97F}, .seed = 5},
      {.temperature = 0.6F, .filters = {.top_p = 0.97F, .order = FilterOrder::kOriginal}, .seed = 6},
      {.adjustments = {{.token = 2, .bias = 1}, {.token = 7, .divisor = 3, .penalty = 0.5F}},
       .temperature = 0.9F,
       .filters = {.top_k = 6},
       .seed = 7},
      {.temperature = 1.3F, .filters = {.top_k = 100}, .seed = std::uint64_t{1} << 40}};
  for (const SamplingRow& sampling : cases) {
    int degrees = 0;
    const double statistic = chi_square(logits, sampling, 20'000, degrees);
    ASSERT_GE(degrees, 1);
    // Mean plus five standard deviations of the chi-square distribution.
    EXPECT_LT(statistic, degrees + 5 * std::sqrt(2.0 * degrees))
        << sampling.filters.top_k << " " << sampling.filters.top_p << " " << sampling.filters.min_p;
  }
}

TEST(SamplingTest, SeedAndPositionChooseTheNoise) {
  const std::vector<float> logits(1000, 0.0F);
  const auto drawn = [&](std::uint64_t seed, std::int64_t position) {
    return predict_row(logits, {.temperature = 1, .seed = seed, .position = position}).sampled;
  };
  EXPECT_EQ(drawn(1, 2), drawn(1, 2));
  EXPECT_TRUE(drawn(1, 2) != drawn(2, 2) || drawn(1, 3) != drawn(2, 3));
  EXPECT_TRUE(drawn(1, 2) != drawn(1, 3) || drawn(2, 2) != drawn(2, 3));
}

TEST(SamplingTest, ChoicesGoByAdjustedLogitsAndReportsByRawOnes) {
  OpData data(8);
  std::vector<float> logits(300);
  for (float& logit : logits) logit = 3 * data.normal();
  const std::vector<double> raw = softmax(logits);
  const auto raw_best = static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin());
  for (const float temperature : {0.0F, 0.8F}) {
    SamplingRow sampling{
        .temperature = temperature, .seed = 2, .scored = 5, .wants_drawn = true, .num_alternatives = 4};
    for (TokenId token = 0; token < 300; token += 3) {
      const auto amount = static_cast<float>(token % 7);
      sampling.adjustments.push_back(
          {.token = token, .bias = -amount, .divisor = 1 + amount / 4, .penalty = amount - 3});
    }
    sampling.adjustments.front() = {.token = 0, .bias = 30};
    std::erase_if(sampling.adjustments, [&](const LogitAdjustment& it) { return it.token == raw_best; });
    sampling.adjustments.push_back({.token = raw_best, .bias = -kInfinity});
    std::ranges::sort(sampling.adjustments, {}, &LogitAdjustment::token);

    const std::vector<float> adjusted = adjusted_naively(logits, sampling);
    SamplingRow plain = sampling;
    plain.adjustments.clear();
    const Prediction expected = predict_row(adjusted, plain);
    const Prediction got = predict_row(logits, sampling);
    EXPECT_EQ(got.best, 0);
    EXPECT_EQ(got.sampled, expected.sampled);
    EXPECT_EQ(got.entropy, expected.entropy);
    EXPECT_EQ(got.sampled_certainty, expected.sampled_log_prob);
    EXPECT_EQ(got.drawn_log_prob, expected.drawn_log_prob);
    EXPECT_EQ(got.drawn_entropy, expected.drawn_entropy);
    EXPECT_NEAR(got.best_log_prob, std::log(raw[0]), 1e-4);
    EXPECT_NEAR(got.sampled_log_prob, std::log(raw[static_cast<std::size_t>(got.sampled)]), 1e-4);
    EXPECT_NEAR(got.scored_log_prob, std::log(raw[5]), 1e-4);
    ASSERT_EQ(got.num_alternatives, 4);
    EXPECT_EQ(got.best_tokens[0].token, raw_best) << "what the row finds likely, whatever is done to it";
  }
}

TEST(SamplingTest, ATokenThatIsSuppressedIsNotChosenWhileThereIsAnother) {
  const std::vector<float> logits = {5, 1, kInfinity, 4};
  for (const float temperature : {0.0F, 1.0F, 100.0F}) {
    for (std::int64_t position = 0; position < 100; ++position) {
      const Prediction prediction =
          predict_row(logits, {.adjustments = {{.token = 0, .bias = -kInfinity}, {.token = 2, .bias = -kInfinity}},
                               .temperature = temperature,
                               .position = position});
      EXPECT_TRUE(prediction.sampled == 1 || prediction.sampled == 3) << prediction.sampled;
      EXPECT_TRUE(std::isfinite(prediction.entropy));
    }
  }
}

TEST(SamplingTest, ExtremeRows) {
  const std::vector<std::vector<float>> rows = {
      {0, 0, 0, 0},
      {-kInfinity, 2, -kInfinity, -kInfinity},
      {3e38F, -3e38F, 3e38F, 0},
      {kInfinity, 0, kInfinity, -kInfinity},
      {kNan, 1, kNan, 2},
      {kNan, kNan, kNan, kNan},
      {-kInfinity, -kInfinity, -kInfinity, -kInfinity},
      {kNan, -kInfinity, 1e-45F, -1e38F},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const float temperature : {0.0F, 1e-30F, 1.0F, 1e30F}) {
      for (const TokenFilters& filters : {TokenFilters{},
                                          {.top_p = 0.5F},
                                          {.top_k = 2},
                                          {.top_k = 2, .top_p = 0.5F},
                                          {.min_p = 0.5F},
                                          {.top_p = 0.5F, .order = FilterOrder::kOriginal},
                                          {.top_k = 2, .min_p = 0.5F, .order = FilterOrder::kOriginal},
                                          {.top_k = 2, .top_p = 0.5F, .min_p = 1.0F}}) {
        for (const TokenId banned : {kNoToken, 0, 2}) {
          const Prediction prediction = predict_row(rows[i], {.temperature = temperature,
                                                              .filters = filters,
                                                              .seed = 3,
                                                              .banned = banned,
                                                              .scored = 1,
                                                              .wants_drawn = true,
                                                              .num_alternatives = 3});
          for (const TokenId token : {prediction.best, prediction.sampled}) {
            ASSERT_TRUE(token >= 0 && token < 4) << "row " << i;
            EXPECT_NE(token, banned);
          }
          EXPECT_TRUE(prediction.entropy >= 0 && prediction.entropy < 1.3863F) << "row " << i;
          EXPECT_TRUE(prediction.drawn_entropy >= 0 && prediction.drawn_entropy < 1.3863F) << "row " << i;
          EXPECT_LE(prediction.drawn_log_prob, 0);
          for (const TokenLogProb& it : prediction.alternatives()) EXPECT_LE(it.log_prob, 0);
          EXPECT_LE(prediction.best_log_prob, 0);
          EXPECT_LE(prediction.sampled_log_prob, 0);
        }
      }
    }
  }
  EXPECT_NEAR(predict_row(rows[0], {}).entropy, std::log(4.0), 1e-6);
  EXPECT_EQ(predict_row(rows[1], {.temperature = 1}).sampled, 1);
  EXPECT_EQ(predict_row(rows[1], {}).entropy, 0);
  EXPECT_NEAR(predict_row(rows[2], {}).entropy, std::log(2.0), 1e-6);
  EXPECT_NEAR(predict_row(rows[3], {}).entropy, std::log(2.0), 1e-6);
  EXPECT_EQ(predict_row(rows[4], {}).best, 3);
}

}  // namespace
}  // namespace wedlm
