// The model of the tiles against worked examples of the instructions, and the kernels over it against other levels.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "tests/backend/op_data.h"
#include "tests/backend/tile_examples.h"
#include "wedlm/backend/weight_panels.h"

namespace wedlm {
namespace {

#include "wedlm/backend/cpu/isa/model_tiles.inc"

/// Tiles 0 = 0 + 1 * 2 of `rows` x `words` and `words` x `columns`.
void configure_product(int rows, int words, int columns) {
  configure_tiles({rows, rows, words, 0, 0, 0, 0, 0}, {4 * columns, 4 * words, 4 * columns, 0, 0, 0, 0, 0});
}

/// Inputs in the order of a tile of weights: those of a word side by side.
template <class Weight>
std::vector<Weight> interleave(const std::vector<std::vector<Weight>>& weights) {
  constexpr std::size_t kPerWord = 4 / sizeof(Weight);
  const std::size_t columns = weights[0].size();
  std::vector<Weight> tile(weights.size() * columns);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    for (std::size_t n = 0; n < columns; ++n) {
      tile[(k / kPerWord * columns + n) * kPerWord + k % kPerWord] = weights[k][n];
    }
  }
  return tile;
}

/// One sum of one row and one column.
float bf16_sum(float start, const std::vector<float>& x, const std::vector<float>& weights) {
  std::vector<std::uint16_t> x_tile, weight_tile;
  for (const float value : x) x_tile.push_back(f32_to_bf16(value));
  for (const float value : weights) weight_tile.push_back(f32_to_bf16(value));
  configure_product(1, static_cast<int>(x.size() / 2), 1);
  load_tile<0>(&start, 4);
  load_tile<1>(x_tile.data(), 64);
  load_tile<2>(weight_tile.data(), 4);
  multiply_bf16_tiles<0, 1, 2>();
  store_tile<0>(&start, 4);
  return start;
}

TEST(TileModelTest, SumsOfBfloat16AreTakenInTheManualsOrder) {
  constexpr float kBig = 0x1p24F;                                           // above it only even numbers are floats
  EXPECT_EQ(bf16_sum(0, {kBig, 0, 1, 0, 1, 0}, {1, 1, 1, 1, 1, 1}), kBig);  // one after the other, each rounded
  EXPECT_EQ(bf16_sum(0, {kBig, 1, 0, 1}, {1, 1, 1, 1}), kBig + 2);          // odd inputs have a sum of their own
  EXPECT_EQ(bf16_sum(kBig, {1, 1}, {1, 1}), kBig + 2);                      // the start is added at the end
  EXPECT_EQ(bf16_sum(0, {kBig, 0, 3, 0}, {1, 1, 1, 1}), kBig + 4);          // a tie goes to the even neighbour
  EXPECT_EQ(bf16_sum(-1, {1.0078125F, 0}, {1.0078125F, 0}), 0.01568603515625F);  // a product is not rounded
}

TEST(TileModelTest, DenormalsCountAsZero) {
  EXPECT_EQ(bf16_sum(0, {0x1p-130F, 0}, {0x1p100F, 0}), 0);
  EXPECT_EQ(bf16_sum(0, {0x1p100F, 0}, {0x1p-130F, 0}), 0);
  EXPECT_EQ(bf16_sum(0, {0x1p-100F, 0}, {0x1p-30F, 0}), 0);
  EXPECT_EQ(bf16_sum(0, {0x1p-63F, 0, 0x1p-63F, 0}, {0x1p-64F, 0, 0x1p-64F, 0}), 0);  // each of them
  EXPECT_EQ(bf16_sum(0x1p-130F, {0, 0}, {0, 0}), 0);
  EXPECT_EQ(bf16_sum(0x1p-126F, {-0x1p-63F, 0}, {0x1p-64F, 0}), 0x1p-126F);  // the sum of products alone was one
  EXPECT_EQ(bf16_sum(0x1.8p-126F, {-0x1p-63F, 0}, {0x1p-63F, 0}), 0);
}

TEST(TileModelTest, ExamplesOfBfloat16) {
  constexpr int kRows = std::size(kExampleX), kInputs = std::size(kExampleX[0]), kColumns = std::size(kExampleSums[0]);
  std::vector<std::vector<std::uint16_t>> weights;
  for (const auto& row : kExampleWeights) weights.emplace_back(std::begin(row), std::end(row));
  const std::vector<std::uint16_t> weight_tile = interleave(weights);
  std::uint32_t results[kRows][kColumns];
  configure_product(kRows, kInputs / 2, kColumns);
  load_tile<0>(kExampleSums, sizeof kExampleSums[0]);
  load_tile<1>(kExampleX, sizeof kExampleX[0]);
  load_tile<2>(weight_tile.data(), 4 * kColumns);
  multiply_bf16_tiles<0, 1, 2>();
  store_tile<0>(results, sizeof results[0]);
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kColumns; ++n) {
      EXPECT_EQ(std::bit_cast<float>(results[m][n]), std::bit_cast<float>(kExampleResults[m][n])) << m << " " << n;
    }
  }
}

TEST(TileModelTest, BytesAreSummedExactly) {
  constexpr int kRows = 5, kInputs = 12, kColumns = 7;
  OpData data;
  std::vector<std::vector<std::int8_t>> x(kRows, std::vector<std::int8_t>(kInputs));
  std::vector<std::vector<std::int8_t>> weights(kInputs, std::vector<std::int8_t>(kColumns));
  const auto draw = [&] { return static_cast<std::int8_t>(data.below(4) == 0 ? -128 : data.below(256) - 128); };
  for (auto& row : x) std::ranges::generate(row, draw);
  for (auto& row : weights) std::ranges::generate(row, draw);
  const std::vector<std::int8_t> weight_tile = interleave(weights);
  for (const bool is_signed : {true, false}) {
    std::int32_t sums[kRows][kColumns + 2] = {};  // two that no store may touch
    for (auto& row : sums) std::ranges::fill(row, 1000);
    configure_product(kRows, kInputs / 4, kColumns);
    load_tile<0>(sums, sizeof sums[0]);
    std::vector<std::int8_t> x_tile;
    for (const auto& row : x) x_tile.insert(x_tile.end(), row.begin(), row.end());
    load_tile<1>(x_tile.data(), kInputs);
    load_tile<2>(weight_tile.data(), 4 * kColumns);
    is_signed ? multiply_signed_tiles<0, 1, 2>() : multiply_unsigned_tiles<0, 1, 2>();
    for (auto& row : sums) std::ranges::fill(row, 7);
    store_tile<0>(sums, sizeof sums[0]);
    for (std::size_t m = 0; m < kRows; ++m) {
      for (std::size_t n = 0; n < kColumns; ++n) {
        int expected = 1000;
        for (std::size_t k = 0; k < kInputs; ++k) {
          expected += (is_signed || x[m][k] >= 0 ? x[m][k] : x[m][k] + 256) * weights[k][n];
        }
        EXPECT_EQ(sums[m][n], expected);
      }
      EXPECT_EQ(sums[m][kColumns], 7);
    }
  }
}

TEST(TileModelTest, ALoadClearsWhatItDoesNotFill) {
  configure_tiles({2, 0, 0, 0, 0, 0, 0, 0}, {8, 0, 0, 0, 0, 0, 0, 0});
  const std::uint32_t words[2][3] = {{1, 2, 3}, {4, 5, 6}};
  load_tile<0>(words, sizeof words[0]);
  EXPECT_EQ(tile_word<std::uint32_t>(0, 1, 1), 5U);
  EXPECT_EQ(tile_word<std::uint32_t>(0, 1, 2), 0U);
  EXPECT_EQ(tile_word<std::uint32_t>(0, 2, 0), 0U);
}

TEST(TileModelDeathTest, ShapesThatDoNotFitTrap) {
  configure_tiles({2, 2, 3, 0, 0, 0, 0, 0}, {16, 16, 16, 0, 0, 0, 0, 0});
  EXPECT_DEATH((multiply_signed_tiles<0, 1, 2>()), "");
  EXPECT_DEATH(zero_tile<3>(), "");
}

TEST(TiledKernelsTest, IntegersHaveTheBitsOfOtherLevelsThatRound) {
  OpData data;
  for (const WeightFormat& format : kConvertedFormats) {
    if (!format.has_integers()) continue;
    for (const std::int64_t in_features : {35, 331, 1400}) {
      const OwnedTensor weight = data.f32({75, in_features}), x = data.f32({37, in_features}), bias = data.f32({75});
      const ConstTensor part = weight;
      const auto product = [&](Backend& backend) {
        const OwnedTensor out(DType::kF32, {37, 75});
        backend.linear(x, *backend.pack({&part, 1}, format), bias, out);
        return out.values();
      };
      for (const int bits : {8, 16}) {
        const std::vector<float> tiled = product(*BackendCase{amx_model_kernels().name, 2, bits}.make());
        for (const std::string& isa : supported_kernels()) {
          const BackendCase backend{isa, 2, bits};
          if (bits == 8 ? !backend.rounds_to_bytes(format.type) : select_kernels(isa).by_shorts.max_rows == 0) continue;
          EXPECT_TRUE(same_bits(product(*backend.make()), tiled))
              << isa << " " << bits << " bits, " << format_text(format);
        }
      }
    }
  }
}

TEST(TiledKernelsTest, PanelsOfAnyLanesAreAdopted) {
  OpData data;
  ThreadTeam team(1);
  const auto backend = BackendCase{amx_model_kernels().name, 1}.make();
  const OwnedTensor weight = data.f32({75, 200}), x = data.f32({20, 200});
  const ConstTensor part = weight;
  for (const WeightFormat& format : kConvertedFormats) {
    if (!format.is_packed()) continue;
    const OwnedTensor expected(DType::kF32, {20, 75});
    backend->linear(x, *backend->pack({&part, 1}, format), {}, expected);
    for (const int lanes : kPanelLanes) {
      PackedMatrix packed{.layout = {.out_features = 75, .in_features = 200, .format = format, .lanes = lanes}};
      std::vector<std::byte> memory(static_cast<std::size_t>(packed.layout.bytes()));
      pack_panels({&part, 1}, packed.layout, 0, packed.layout.num_panels(), memory.data(), team);
      packed.data = memory.data();
      const OwnedTensor got(DType::kF32, {20, 75});
      backend->linear(x, *backend->adopt(packed), {}, got);
      EXPECT_TRUE(same_bits(got.values(), expected.values())) << format_text(format) << ", lanes " << lanes;
    }
  }
}

TEST(TiledKernelsTest, RegistersAreMultipliedOnce) {
  const KernelTable& kernels = amx_model_kernels();
  const auto products = static_cast<float>(kernels.multiplier.multiply_adds_per_round);
  EXPECT_EQ(products, 4 * 16 * 16 * 32);
  EXPECT_EQ(kernels.multiplier.run(0), 0);
  EXPECT_EQ(kernels.multiplier.run(1), products);
  EXPECT_EQ(kernels.multiplier.run(5), 5 * products);
  EXPECT_EQ(kernels.by_bytes.multiplier.run(5), 2 * 5 * products);  // bytes are half as wide
}

}  // namespace
}  // namespace wedlm
