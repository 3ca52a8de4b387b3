// Attention against the reference, on the CPU backend with every instruction set of this machine and on one that
// behaves as a device.
#include <gtest/gtest.h>

#include "tests/backend/attention_data.h"
#include "wedlm/backend/reference/reference_backend.h"

namespace wedlm {
namespace {

class AttentionConformanceTest : public testing::TestWithParam<BackendCase> {
 protected:
  /// Runs the parts, and compares with the reference or with the level's own rounding.
  void expect_agreement(const HeadShape& heads, const std::vector<const AttentionSequence*>& sequences,
                        const std::vector<Part>& parts, std::int64_t page_size, DType page_type) {
    const bool is_rounded = GetParam().rounds_to_bf16() && page_type != DType::kF32;
    std::vector<float> expected;
    if (is_rounded) {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::vector<float> rows = attend_rounded(heads, *sequences[i], parts[i], page_type);
        expected.insert(expected.end(), rows.begin(), rows.end());
      }
    } else {
      expected = attend(*reference_, data_, heads, sequences, parts, page_size, page_type);
    }
    const auto got = attend(*tested_, data_, heads, sequences, parts, page_size, page_type);
    EXPECT_LT(relative_error(got, expected), is_rounded ? kTolerances.rounded_attention : kTolerances.attention)
        << heads.num_heads << "/" << heads.num_kv_heads << " heads of " << heads.head_dim << ", "
        << parts[0].prefix_length << "+" << parts[0].num_rows << ", pages of " << page_size << " slots of "
        << dtype_name(page_type);
  }

  std::unique_ptr<Backend> tested_ = GetParam().make();
  std::unique_ptr<Backend> reference_ = make_reference_backend();
  OpData data_;
};

TEST_P(AttentionConformanceTest, AgreesWithTheReference) {
  const HeadShape shapes[] = {{7, 1, 16}, {6, 2, 32}, {4, 4, 64}, {4, 2, 128}, {6, 2, 6},
                              {2, 1, 20}, {40, 1, 8}, {5, 1, 80}, {8, 1, 64},  {3, 3, 1}};
  const std::vector<std::vector<Part>> batches = {
      {{0, 1}}, {{0, 37}}, {{1, 5}}, {{15, 3}, {0, 4}}, {{16, 17}}, {{17, 1}, {100, 9}, {0, 16}}, {{100, 33}}};
  for (const HeadShape& heads : shapes) {
    for (const std::vector<Part>& parts : batches) {
      std::vector<AttentionSequence> sequences;
      for (const Part& part : parts) sequences.emplace_back(data_, heads, part.prefix_length + part.num_rows);
      std::vector<const AttentionSequence*> views;
      for (const AttentionSequence& sequence : sequences) views.push_back(&sequence);
      for (const std::int64_t page_size : {1, 3, 16}) {
        for (const DType page_type : kPageTypes) expect_agreement(heads, views, parts, page_size, page_type);
      }
    }
  }
}

TEST_P(AttentionConformanceTest, AgreesAfterLongPrefixes) {
  // Prefixes that end before, at and after the ends of chunks of keys, and rows that begin before one and end after.
  for (const HeadShape& heads : {HeadShape{4, 2, 16}, HeadShape{5, 1, 6}, HeadShape{16, 2, 128}}) {
    const AttentionSequence sequence(data_, heads, 801);
    for (const Part& part : {Part{255, 1}, Part{256, 1}, Part{257, 3}, Part{250, 20}, Part{511, 40}, Part{800, 1}}) {
      for (const DType page_type : kPageTypes) expect_agreement(heads, {&sequence}, {part}, 16, page_type);
    }
  }
}

TEST_P(AttentionConformanceTest, LargeScoresDoNotOverflow) {
  const HeadShape heads{2, 1, 16};
  const AttentionSequence sequence(data_, heads, 20);
  // The last token's key is the only one that its query likes, by a margin beyond any float32 exponential.
  for (int i = 0; i < 32; ++i) sequence.queries.tensor().row<float>(19)[i] = 1000;
  for (int i = 0; i < 16; ++i) sequence.keys.tensor().row<float>(19)[i] = 1000;
  const auto got = attend(*tested_, data_, heads, {&sequence}, {{7, 13}}, 4);
  const std::vector<float> values = sequence.values.values();
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(got[12 * 32 + i], values[19 * 16 + i]);
}

INSTANTIATE_TEST_SUITE_P(Backends, AttentionConformanceTest, testing::ValuesIn(all_cases({1, 3})), case_name);

}  // namespace
}  // namespace wedlm
