// Predictions that are read out of the head's product as it comes, against those that are read out of logits in memory:
// the same bits, whatever the format, the vocabulary, the rows and the threads. And both against predict_row(), which
// looks at one logit after the other.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

#include "tests/backend/page_data.h"
#include "tests/support/sanitized.h"
#include "wedlm/backend/sampling.h"

// Sanitizers bring operators of their own, of which no two may be mixed.
#ifndef WEDLM_IS_SANITIZED
#define WEDLM_COUNTS_ALLOCATIONS

namespace {

std::atomic<int> num_allocations{0};

void* allocate(std::size_t bytes, std::size_t alignment) {
  ++num_allocations;
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  return memory != nullptr ? memory : throw std::bad_alloc();
}

}  // namespace

// Those of the whole program; the other forms call these. Inlined, GCC takes new and free for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}

#endif

namespace wedlm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class PredictTest : public testing::TestWithParam<BackendCase> {
 protected:
  std::unique_ptr<Backend> backend_ = GetParam().make();
  OpData data_;

  static OwnedTensor copy_of(const Tensor& matrix) {
    OwnedTensor copy(DType::kF32, matrix.shape());
    for (std::int64_t r = 0; r < matrix.rows(); ++r) {
      std::copy_n(matrix.row<float>(r), matrix.shape()[1], copy.tensor().row<float>(r));
    }
    return copy;
  }

  std::unique_ptr<PackedWeight> pack(const OwnedTensor& head, const WeightFormat& format = {}) {
    const ConstTensor part = head;
    return backend_->pack({&part, 1}, format);
  }

  std::vector<Prediction> predict(const OwnedTensor& hidden, const PackedWeight& head,
                                  std::span<const SamplingRow> sampling, OwnedTensor* logits = nullptr) {
    return wedlm::predict(*backend_, hidden, head, sampling, logits);
  }

  /// Greedy rows and rows that draw, side by side.
  std::vector<SamplingRow> sampling(std::int64_t rows, std::int64_t vocab_size) {
    constexpr float kTemperatures[] = {0, 0.7F, 0, 1.3F, 1e-3F};
    std::vector<SamplingRow> all(static_cast<std::size_t>(rows));
    for (std::size_t r = 0; r < all.size(); ++r) {
      const auto token = [&] { return static_cast<TokenId>(data_.below(static_cast<int>(vocab_size))); };
      all[r] = {.temperature = kTemperatures[r % 5],
                .seed = r << (r % 2 == 0 ? 0 : 40),
                .position = static_cast<std::int64_t>(r) << (r % 3 == 0 ? 33 : 0),
                .banned = r % 2 == 0 ? token() : kNoToken,
                .scored = r % 3 == 0 ? token() : kNoToken};
    }
    return all;
  }

  /// Bit for bit the same with logits in memory; and of the same tokens and nearly the same numbers as predict_row().
  void check(const OwnedTensor& hidden, const PackedWeight& head, std::span<const SamplingRow> sampling,
             const std::string& what) {
    const std::int64_t vocab_size = head.out_features();
    OwnedTensor logits(DType::kF32, {hidden.tensor().rows(), vocab_size}, 3);
    const std::vector<Prediction> online = predict(hidden, head, sampling);
    const std::vector<Prediction> kept = predict(hidden, head, sampling, &logits);
    for (std::size_t r = 0; r < sampling.size(); ++r) {
      ASSERT_EQ(std::memcmp(&online[r], &kept[r], sizeof(Prediction)), 0) << what << ", row " << r;
      const float* row = logits.tensor().row<float>(static_cast<std::int64_t>(r));
      const Prediction expected = predict_row({row, static_cast<std::size_t>(vocab_size)}, sampling[r]);
      ASSERT_EQ(online[r].best, expected.best) << what << ", row " << r;
      ASSERT_EQ(online[r].sampled, expected.sampled) << what << ", row " << r;
      ASSERT_NEAR(online[r].entropy, expected.entropy, kTolerances.entropy) << what << ", row " << r;
      const auto expect_near = [&](float got, float wanted) {
        if (got != wanted) {  // infinities
          ASSERT_NEAR(got, wanted, kTolerances.log_prob * std::max(1.0F, std::abs(wanted))) << what << ", row " << r;
        }
      };
      expect_near(online[r].sampled_certainty, expected.sampled_certainty);
      expect_near(online[r].best_log_prob, expected.best_log_prob);
      expect_near(online[r].sampled_log_prob, expected.sampled_log_prob);
      expect_near(online[r].scored_log_prob, expected.scored_log_prob);
      expect_near(online[r].drawn_log_prob, expected.drawn_log_prob);
      ASSERT_NEAR(online[r].drawn_entropy, expected.drawn_entropy, kTolerances.entropy) << what << ", row " << r;
      ASSERT_EQ(online[r].num_alternatives, expected.num_alternatives) << what << ", row " << r;
      for (std::size_t i = 0; i < online[r].alternatives().size(); ++i) {
        ASSERT_EQ(online[r].best_tokens[i].token, expected.best_tokens[i].token) << what << ", row " << r;
        expect_near(online[r].best_tokens[i].log_prob, expected.best_tokens[i].log_prob);
      }
    }
  }

  /// A head of one input, by which these are the logits of its row.
  void check_logits(const std::vector<float>& logits, std::span<const SamplingRow> sampling, const std::string& what) {
    const ConstTensor part(logits.data(), DType::kF32, {static_cast<std::int64_t>(logits.size()), 1});
    const auto head = backend_->pack({&part, 1});
    const OwnedTensor ones(DType::kF32, {static_cast<std::int64_t>(sampling.size()), 1});
    std::fill_n(ones.tensor().row<float>(0), sampling.size(), 1.0F);
    check(ones, *head, sampling, what);
  }
};

TEST_P(PredictTest, EveryFormatAndVocabulary) {
  std::vector<WeightFormat> formats = {{}};
  formats.insert(formats.end(), std::begin(kConvertedFormats), std::end(kConvertedFormats));
  for (const WeightFormat& format : formats) {
    for (const std::int64_t vocab_size : {2, 31, 33, 511, 512, 513, 1700}) {
      for (const DType dtype : {DType::kF32, DType::kBF16}) {
        const auto head = pack(data_.of(dtype, {vocab_size, 70}), format);
        for (const std::int64_t rows : {1, 7, 33}) {
          check(data_.f32({rows, 70}, 2), *head, sampling(rows, vocab_size),
                format_text(format) + " of " + std::string(dtype_name(dtype)) + ", " + std::to_string(rows) +
                    " rows of " + std::to_string(vocab_size));
        }
      }
    }
  }
}

TEST_P(PredictTest, EveryNumberOfRows) {
  const OwnedTensor weight = data_.of(DType::kBF16, {1100, 1100});  // two blocks of depth
  const OwnedTensor hidden = data_.f32({70, 1100});
  const std::vector<SamplingRow> all = sampling(70, 1100);
  for (const WeightFormat& format : {WeightFormat{}, WeightFormat{.type = WeightType::kInt8}}) {
    const auto head = pack(weight, format);
    const std::vector<Prediction> expected = predict(hidden, *head, all);
    for (std::int64_t rows = 1; rows <= 33; ++rows) {
      const std::int64_t first = 70 - rows;
      const auto some = std::span(all).subspan(static_cast<std::size_t>(first));
      const OwnedTensor last = copy_of(hidden.tensor().rows_from(first, rows));
      check(last, *head, some, std::to_string(rows) + " rows");
      const std::vector<Prediction> got = predict(last, *head, some);
      ASSERT_EQ(std::memcmp(got.data(), &expected[static_cast<std::size_t>(first)], got.size() * sizeof(Prediction)), 0)
          << rows << " rows of 70";
    }
  }
}

TEST_P(PredictTest, ThreadsDoNotChangeAnything) {
  const auto single = BackendCase{GetParam().isa, 1}.make();
  const OwnedTensor weight = data_.of(DType::kBF16, {5003, 40}), hidden = data_.f32({33, 40});
  const ConstTensor part = weight;
  const std::vector<SamplingRow> all = sampling(33, 5003);
  const std::vector<Prediction> got = predict(hidden, *pack(weight), all);
  const std::vector<Prediction> expected = wedlm::predict(*single, hidden, *single->pack({&part, 1}), all);
  EXPECT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof(Prediction)), 0);
}

TEST_P(PredictTest, RowsWithFiltersBesideRowsWithout) {
  const auto head = pack(data_.of(DType::kBF16, {1300, 33}));
  const OwnedTensor hidden = data_.f32({70, 33});
  std::vector<SamplingRow> all = sampling(70, 1300);
  const std::vector<Prediction> without = predict(hidden, *head, all);
  // The second of these draws nothing, and the other block has none.
  all[1].filters.top_k = 3, all[2].filters.top_k = 3, all[3].filters.top_p = 0.5F, all[8].filters.min_p = 0.5F;
  all[5].num_alternatives = 4, all[6].wants_drawn = true;  // its token is scored, and that of the next is not
  all[7].wants_drawn = true;
  all[10].adjustments = {{.token = 3, .bias = 2}, {.token = 1200, .divisor = 1.5F, .penalty = 0.5F}};
  all[11].adjustments = all[10].adjustments, all[11].filters.top_p = 0.8F, all[11].num_alternatives = 3;
  check(hidden, *head, all, "filters");
  const std::vector<Prediction> with = predict(hidden, *head, all);
  EXPECT_EQ(with[5].num_alternatives, 4);
  EXPECT_GT(with[6].drawn_entropy, 0);
  for (std::size_t r = 0; r < with.size(); ++r) {
    if (r == 1 || r == 3 || r == 5 || r == 6 || r == 8 || r == 10 || r == 11) continue;
    EXPECT_EQ(std::memcmp(&with[r], &without[r], sizeof(Prediction)), 0) << "row " << r;
  }
}

TEST_P(PredictTest, NoiseIsThatOfEachTokenAtEveryTemperature) {
  for (const float spread : {0.0F, 0.01F, 1.0F, 8.0F, 1e4F, 1e30F}) {
    std::vector<float> logits(2500);
    for (float& logit : logits) logit = spread * std::round(8 * data_.normal()) / 8;  // many ties
    logits[1234] = 1e3F * spread;                                                     // the banned one
    std::vector<SamplingRow> all;
    for (const float temperature : {1e-45F, 1e-30F, 1e-13F, 1e-6F, 1e-3F, 0.3F, 1.0F, 5.0F, 1e4F, 1e30F, 3e38F}) {
      for (std::uint64_t seed = 0; seed < 6; ++seed) {
        all.push_back({.temperature = temperature,
                       .seed = seed * 0x123456789ABCDEFU,
                       .position = static_cast<std::int64_t>(seed) << (8 * seed),
                       .banned = seed % 3 == 0 ? kNoToken : 1234});
      }
    }
    check_logits(logits, all, "spread " + std::to_string(spread));
  }
}

TEST_P(PredictTest, NearTiesAreDecidedByTheNoiseItself) {
  // So many that some are won by less than a thousandth.
  const std::vector<float> logits(2000, 1.5F);
  std::vector<SamplingRow> all(4000, {.temperature = 0.9F, .seed = 12});
  for (std::size_t i = 0; i < all.size(); ++i) all[i].position = static_cast<std::int64_t>(i);
  check_logits(logits, all, "flat");
}

TEST_P(PredictTest, ExtremeLogits) {
  std::vector<SamplingRow> all;
  for (const float temperature : {0.0F, 1e-30F, 0.8F, 1e30F}) {
    for (const TokenId banned : {kNoToken, 0, 700, 1199}) {
      all.push_back({.temperature = temperature, .seed = 3, .position = banned, .banned = banned, .scored = 700});
    }
  }
  std::vector<float> ordinary(1200);
  for (float& logit : ordinary) logit = data_.normal();
  const auto with = [&](std::vector<float> logits, std::initializer_list<std::pair<std::size_t, float>> changes) {
    for (const auto& [index, logit] : changes) logits[index] = logit;
    return logits;
  };
  const std::vector<float> nan(1200, kNan), minus(1200, -kInfinity), low(1200, -3e38F), flat(1200, 0.25F);
  check_logits(flat, all, "all the same");
  check_logits(nan, all, "no number");
  check_logits(minus, all, "minus infinity");
  check_logits(low, all, "the lowest");
  check_logits(with(nan, {{0, -kInfinity}, {600, -kInfinity}}), all, "no number and minus infinity");
  check_logits(with(nan, {{700, 1}}), all, "one number");
  check_logits(with(minus, {{700, 1}}), all, "one that is finite");
  check_logits(with(minus, {{700, -3e38F}, {701, -1}}), all, "two that are finite");
  check_logits(with(ordinary, {{700, kInfinity}}), all, "one infinity");
  check_logits(with(ordinary, {{0, kInfinity}, {700, kInfinity}, {1199, kInfinity}}), all, "three infinities");
  check_logits(with(ordinary, {{0, kNan}, {511, kNan}, {512, -kInfinity}, {700, kNan}}), all, "some are no numbers");
  check_logits(with(ordinary, {{700, 3e38F}}), all, "one is huge");
  check_logits(with(low, {{700, 3e38F}, {1100, 3e38F}}), all, "two are huge, the others low");
  check_logits(std::vector<float>(513, -0.0F), {{{.banned = 512}, {.banned = 0}}}, "a tile of the banned token alone");
}

#ifdef WEDLM_COUNTS_ALLOCATIONS
TEST_P(PredictTest, ASizeThatWasSeenBeforeAllocatesNothing) {
  for (const WeightFormat& format : {WeightFormat{}, WeightFormat{.type = WeightType::kInt8}}) {
    const auto head = pack(data_.of(DType::kBF16, {1300, 64}), format);
    const OwnedTensor hidden = data_.f32({20, 64});
    const std::vector<SamplingRow> all = sampling(20, 1300);
    const std::unique_ptr<Forward> forward = backend_->begin({.sampling = all});
    const PredictArgs args{.hidden = hidden.tensor(), .head = head.get()};
    backend_->predict(*forward, args);
    const int before = num_allocations;
    EXPECT_GT(before, 0);
    backend_->predict(*forward, args);
    EXPECT_EQ(num_allocations, before);
  }
}
#endif

INSTANTIATE_TEST_SUITE_P(Cpu, PredictTest, testing::ValuesIn(cpu_cases({1, 3})), case_name);

}  // namespace
}  // namespace wedlm
