// Equal bits where the contract promises them: a row alone and in a batch, a token in a page and in a row, one thread
// and three.
#include <gtest/gtest.h>

#include "tests/backend/attention_data.h"

namespace wedlm {
namespace {

class InvarianceTest : public testing::TestWithParam<BackendCase> {
 protected:
  std::unique_ptr<Backend> backend_ = GetParam().make();
  OpData data_;
};

TEST_P(InvarianceTest, ARowOfALinearIsTheSameAloneAndInABatch) {
  for (const DType dtype : {DType::kF32, DType::kBF16}) {
    for (const std::int64_t in_features : {1, 17, 331, 2100}) {
      const OwnedTensor weight = data_.of(dtype, {83, in_features}), x = data_.f32({37, in_features});
      const OwnedTensor bias = data_.f32({83}), all(DType::kF32, {37, 83});
      const ConstTensor part = weight;
      const auto packed = backend_->pack({&part, 1});
      backend_->linear(x, *packed, bias, all);
      for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 29}) {
        for (std::int64_t first = 0; first + rows <= 37; first += rows) {
          const OwnedTensor some(DType::kF32, {rows, 83});
          backend_->linear(x.tensor().rows_from(first, rows), *packed, bias, some);
          ASSERT_EQ(std::memcmp(some.tensor().data(), all.tensor().row<float>(first),
                                static_cast<std::size_t>(rows * 83) * sizeof(float)),
                    0)
              << dtype_name(dtype) << " " << in_features << ": rows " << first << " to " << first + rows;
        }
      }
    }
  }
}

TEST_P(InvarianceTest, ARowIsTheSameInEveryNumberOfRowsInEveryFormat) {
  constexpr std::int64_t kMostRows = 64;
  for (const WeightFormat& format : kConvertedFormats) {
    for (const std::int64_t in_features : {1, 35, 331, 2100}) {
      const OwnedTensor weight = data_.of(DType::kBF16, {43, in_features}), x = data_.f32({kMostRows, in_features});
      const OwnedTensor bias = data_.f32({43}), all(DType::kF32, {kMostRows, 43});
      const ConstTensor part = weight;
      const auto packed = backend_->pack({&part, 1}, format);
      backend_->linear(x, *packed, bias, all);
      for (std::int64_t rows = 1; rows < kMostRows; ++rows) {
        const OwnedTensor some(DType::kF32, {rows, 43});
        const std::int64_t first = (rows * 7) % (kMostRows - rows + 1);
        backend_->linear(x.tensor().rows_from(first, rows), *packed, bias, some);
        ASSERT_EQ(std::memcmp(some.tensor().data(), all.tensor().row<float>(first),
                              static_cast<std::size_t>(rows * 43) * sizeof(float)),
                  0)
            << format_text(format) << " " << in_features << ": rows " << first << " to " << first + rows;
      }
    }
  }
}

TEST_P(InvarianceTest, ManyRowsAreTheSameAsFew) {
  const OwnedTensor weight = data_.of(DType::kBF16, {40, 1100}), x = data_.f32({300, 1100});
  const OwnedTensor all(DType::kF32, {300, 40}), one(DType::kF32, {1, 40});
  const ConstTensor part = weight;
  for (const WeightFormat& format : kConvertedFormats) {
    const auto packed = backend_->pack({&part, 1}, format);
    backend_->linear(x, *packed, {}, all);
    for (std::int64_t r = 0; r < 300; ++r) {
      backend_->linear(x.tensor().rows_from(r, 1), *packed, {}, one);
      ASSERT_EQ(std::memcmp(one.tensor().data(), all.tensor().row<float>(r), 40 * sizeof(float)), 0)
          << format_text(format) << " " << r;
    }
  }
}

TEST_P(InvarianceTest, AttentionDoesNotSeeWhereThePrefixEnds) {
  for (const HeadShape& heads : {HeadShape{7, 1, 16}, HeadShape{4, 2, 64}, HeadShape{3, 3, 6}}) {
    constexpr std::int64_t kLength = 90;
    const auto row_elements = static_cast<std::size_t>(heads.num_heads * heads.head_dim);
    const AttentionSequence sequence(data_, heads, kLength), other(data_, heads, 25);
    for (const DType page_type : kPageTypes) {
      const std::vector<float> all = attend(*backend_, data_, heads, {&sequence}, {{0, kLength}}, 16, page_type);
      for (const std::int64_t page_size : {1, 3, 16}) {
        for (const Part& part : {Part{0, 1}, Part{1, 89}, Part{16, 16}, Part{17, 40}, Part{50, 1}, Part{89, 1}}) {
          // In one batch with another sequence, before and after it.
          const std::vector<float> got = attend(*backend_, data_, heads, {&other, &sequence, &other},
                                                {{4, 21}, part, {24, 1}}, page_size, page_type);
          const auto num_floats = static_cast<std::size_t>(part.num_rows) * row_elements;
          ASSERT_EQ(std::memcmp(got.data() + 21 * row_elements,
                                all.data() + static_cast<std::size_t>(part.prefix_length) * row_elements,
                                num_floats * sizeof(float)),
                    0)
              << part.prefix_length << "+" << part.num_rows << ", pages of " << page_size << " slots of "
              << dtype_name(page_type);
        }
      }
    }
  }
}

TEST_P(InvarianceTest, AttentionOverChunksDoesNotSeeRowsThreadsOrPages) {
  const auto single = BackendCase{GetParam().isa, 1}.make();
  for (const HeadShape& heads : {HeadShape{4, 2, 16}, HeadShape{7, 1, 6}, HeadShape{16, 2, 64}}) {
    constexpr std::int64_t kLength = 600;
    const auto row_elements = static_cast<std::size_t>(heads.num_heads * heads.head_dim);
    const AttentionSequence sequence(data_, heads, kLength);
    for (const DType page_type : kPageTypes) {
      const std::vector<float> all = attend(*single, data_, heads, {&sequence}, {{0, kLength}}, 16, page_type);
      for (const Part& part : {Part{599, 1}, Part{511, 2}, Part{512, 1}, Part{500, 100}, Part{250, 13}, Part{3, 597}}) {
        const std::vector<float> got = attend(*backend_, data_, heads, {&sequence}, {part}, 16, page_type);
        ASSERT_EQ(std::memcmp(got.data(), all.data() + static_cast<std::size_t>(part.prefix_length) * row_elements,
                              got.size() * sizeof(float)),
                  0)
            << part.prefix_length << "+" << part.num_rows << ", pages of " << dtype_name(page_type);
      }
    }
  }
}

TEST_P(InvarianceTest, ThreadsDoNotChangeAnything) {
  const auto single = BackendCase{GetParam().isa, 1}.make();
  const HeadShape heads{6, 2, 32};
  const AttentionSequence sequence(data_, heads, 150);
  EXPECT_TRUE(same_bits(attend(*backend_, data_, heads, {&sequence}, {{50, 100}}, 16),
                        attend(*single, data_, heads, {&sequence}, {{50, 100}}, 16)));
  const OwnedTensor weight = data_.of(DType::kBF16, {2000, 331}), x = data_.f32({37, 331}), scale = data_.f32({331});
  const ConstTensor part = weight;
  const std::vector<SamplingRow> sampling(37, {.temperature = 1, .filters = {.top_k = 50, .top_p = 0.9F}});
  std::vector<std::vector<float>> results;
  std::vector<std::vector<Prediction>> predictions;
  for (Backend* backend : {backend_.get(), single.get()}) {
    OwnedTensor normed(DType::kF32, {37, 331}), logits(DType::kF32, {37, 2000});
    const auto head = backend->pack({&part, 1});
    backend->rms_norm(x, scale, 1e-6F, normed);
    predictions.push_back(predict(*backend, normed, *head, sampling, &logits));
    results.push_back(logits.values());
  }
  EXPECT_TRUE(same_bits(results[0], results[1]));
  EXPECT_EQ(std::memcmp(predictions[0].data(), predictions[1].data(), 37 * sizeof(Prediction)), 0);
}

TEST_P(InvarianceTest, TheFusedNormIsItsParts) {
  for (const std::int64_t n : {1, 17, 64, 331}) {
    const OwnedTensor x = data_.f32({5, n}), weight = data_.f32({n}), residual = data_.f32({5, n});
    const OwnedTensor sum(DType::kF32, {5, n}), fused(DType::kF32, {5, n}), composed(DType::kF32, {5, n});
    std::memcpy(sum.tensor().data(), residual.tensor().data(), static_cast<std::size_t>(5 * n) * sizeof(float));
    backend_->add_rms_norm(x, sum, weight, 1e-6F, fused);
    backend_->add(x, residual);
    backend_->rms_norm(residual, weight, 1e-6F, composed);
    EXPECT_TRUE(same_bits(sum.values(), residual.values()));
    EXPECT_TRUE(same_bits(fused.values(), composed.values()));
  }
}

INSTANTIATE_TEST_SUITE_P(Cpu, InvarianceTest, testing::ValuesIn(cpu_and_model_cases({1, 3})), case_name);

}  // namespace
}  // namespace wedlm
