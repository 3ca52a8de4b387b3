// Rounding to bfloat16, and panels made of what does not lie in panels, on every level that multiplies pairs of
// bfloat16 and on the model of the one that few machines have.
#include <gtest/gtest.h>

#include <limits>

#include "tests/backend/op_data.h"

namespace wedlm {
namespace {

std::vector<BackendCase> cases() {
  std::vector<BackendCase> with_pairs;
  for (const BackendCase& one : cpu_and_model_cases({1})) {
    if (one.rounds_to_bf16()) with_pairs.push_back(one);
  }
  return with_pairs;
}

class PairsTest : public testing::TestWithParam<BackendCase> {
 protected:
  /// Rows of which each stands somewhere else, and pointers as far ahead as kernels ask for.
  struct Scattered {
    std::vector<std::vector<std::uint16_t>> rows;
    std::vector<const std::uint16_t*> pointers;

    std::uint32_t pair(std::size_t low_row, std::size_t low, std::size_t high_row, std::size_t high) const {
      return rows[low_row][low] | std::uint32_t{rows[high_row][high]} << 16;
    }
  };

  Scattered scattered(std::size_t num_rows, std::size_t size) {
    Scattered result;
    for (std::size_t r = 0; r < num_rows; ++r) {
      result.rows.emplace_back(size);
      for (std::uint16_t& number : result.rows.back()) number = f32_to_bf16(data_.normal());
    }
    for (const auto& row : result.rows) result.pointers.push_back(row.data());
    result.pointers.resize(num_rows + kColumnsAhead, result.rows.back().data());
    return result;
  }

  const KernelTable& kernels_ = GetParam().kernels();
  OpData data_;
};

TEST_P(PairsTest, ARowIsRoundedInStepsWithZerosBehind) {
  constexpr std::int64_t kStride = 2 * kTileRowBytes;
  for (const std::int64_t count : {1, 15, 16, 17, 31, 32, 33, 48, 49, 64, 100}) {
    std::vector<float> x(static_cast<std::size_t>(count));
    for (float& value : x) value = data_.normal();
    x[0] = NAN;
    if (count > 40) x[33] = std::numeric_limits<float>::max(), x[35] = -INFINITY, x[40] = -0.0F;
    const std::int64_t steps = (count + 31) / 32;
    std::vector<std::uint16_t> got(static_cast<std::size_t>(steps * kStride / 2), 0xFFFF);
    kernels_.round_row(x.data(), count, reinterpret_cast<std::byte*>(got.data()), kStride);
    for (std::int64_t k = 0; k < 32 * steps; ++k) {
      const std::uint16_t rounded = got[static_cast<std::size_t>(k / 32 * kStride / 2 + k % 32)];
      if (k == 0) {
        EXPECT_TRUE(std::isnan(bf16_to_f32(rounded)));
      } else {
        EXPECT_EQ(rounded, k < count ? f32_to_bf16(x[static_cast<std::size_t>(k)]) : 0) << k << " of " << count;
      }
    }
  }
}

TEST_P(PairsTest, RowsAreTransposedInPairs) {
  for (int num_rows = 1; num_rows <= 9; ++num_rows) {
    for (const std::int64_t count : {1, 2, 31, 32, 33, 64, 95, 128}) {
      const OwnedTensor x = data_.f32({num_rows, count}, 5);
      const auto num_pairs = static_cast<std::size_t>((count + 1) / 2);
      const auto rows = static_cast<std::size_t>(num_rows);
      std::vector<std::int32_t> pairs(num_pairs * rows + 1, -1);
      kernels_.pair_rows(x.tensor().row<float>(0), count + 5, num_rows, count, pairs.data());
      for (std::size_t i = 0; i < num_pairs; ++i) {
        for (std::size_t r = 0; r < rows; ++r) {
          const float* row = x.tensor().row<float>(static_cast<std::int64_t>(r)) + 2 * i;
          const bool is_whole = static_cast<std::int64_t>(2 * i + 1) < count;
          const std::uint32_t expected =
              f32_to_bf16(row[0]) | (is_whole ? std::uint32_t{f32_to_bf16(row[1])} << 16 : 0U);
          ASSERT_EQ(static_cast<std::uint32_t>(pairs[i * rows + r]), expected) << num_rows << " rows of " << count;
        }
      }
      EXPECT_EQ(pairs.back(), -1) << "nothing is written after";
    }
  }
}

TEST_P(PairsTest, PanelsHaveColumnsOrInputsFromAnywhere) {
  const auto lanes = static_cast<std::size_t>(kernels_.panel_lanes);
  for (const std::size_t depth : {32, 64, 96, 128, 160, 256}) {
    const Scattered columns = scattered(lanes, depth);
    for (const bool asks_ahead : {false, true}) {
      std::vector<std::uint32_t> panel(depth / 2 * lanes);
      kernels_.pack_columns(columns.pointers.data(), static_cast<std::int64_t>(depth), asks_ahead, panel.data());
      for (std::size_t i = 0; i < panel.size(); ++i) {
        const std::size_t k = i / lanes * 2, column = i % lanes;
        ASSERT_EQ(panel[i], columns.pair(column, k, column, k + 1)) << i << " of depth " << depth;
      }
    }
  }
  for (const std::size_t depth : {1, 2, 7, 64}) {
    const std::size_t num_pairs = (depth + 1) / 2;
    const Scattered inputs = scattered(2 * num_pairs, 3 * lanes);
    std::vector<std::uint32_t> panel(num_pairs * lanes);
    kernels_.pack_inputs(inputs.pointers.data(), 5, static_cast<std::int64_t>(depth), panel.data());
    for (std::size_t i = 0; i < panel.size(); ++i) {
      const std::size_t k = i / lanes * 2, column = 5 + i % lanes;
      ASSERT_EQ(panel[i], inputs.pair(k, column, k + 1, column)) << i << " of depth " << depth;
    }
  }
}

TEST_P(PairsTest, InputsAreMultipliedAsTheirPanelsAre) {
  EXPECT_EQ(kernels_.max_unpacked_rows > 0, kernels_.multiply_inputs != nullptr);
  const std::int64_t lanes = kernels_.panel_lanes;
  for (int num_rows = 1; num_rows <= kernels_.max_unpacked_rows; ++num_rows) {
    for (const std::int64_t columns : {lanes, 2 * lanes, 3 * lanes, 4 * lanes, 5 * lanes}) {
      for (const std::int64_t depth : {1, 2, 9, 40}) {
        const std::int64_t num_pairs = (depth + 1) / 2;
        const Scattered inputs = scattered(static_cast<std::size_t>(2 * num_pairs), static_cast<std::size_t>(columns));
        const OwnedTensor x = data_.f32({num_rows, depth});
        std::vector<std::int32_t> pairs(static_cast<std::size_t>(num_pairs * num_rows));
        kernels_.pair_rows(x.tensor().row<float>(0), depth, num_rows, depth, pairs.data());
        const OwnedTensor got = data_.f32({num_rows, columns}), expected = data_.f32({num_rows, columns});
        MultiplyTile tile{.panel_stride_bytes = 4 * lanes,
                          .depth = depth,
                          .out = got.tensor().row<float>(0),
                          .out_stride = columns,
                          .num_rows = num_rows,
                          .num_columns = static_cast<int>(columns)};
        tile.rounded.words = pairs.data();
        kernels_.multiply_inputs(inputs.pointers.data(), tile);
        std::vector<std::uint32_t> panel(static_cast<std::size_t>(num_pairs * lanes));
        for (std::int64_t first = 0; first < columns; first += lanes) {
          kernels_.pack_inputs(inputs.pointers.data(), first, depth, panel.data());
          tile.panel = panel.data();
          tile.out = expected.tensor().row<float>(0) + first;
          tile.num_columns = static_cast<int>(lanes);
          kernels_.multiply_bf16(tile);
        }
        ASSERT_TRUE(same_bits(got.values(), expected.values())) << num_rows << " rows, depth " << depth;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cpu, PairsTest, testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace wedlm
