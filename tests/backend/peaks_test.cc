// The measured peaks: that they are rates of the machine, and are not computed away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/backend/op_data.h"
#include "wedlm/backend/cpu_peaks.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

TEST(PeaksTest, AreRatesOfAMachine) {
  for (const std::string& isa : supported_kernels()) {
    CpuPeaks peaks({.num_threads = 2, .isa = isa});
    EXPECT_EQ(peaks.isa(), isa);
    EXPECT_EQ(peaks.num_threads(), 2);
    // Wide bounds of anything that computes: a loop that was folded away would lie far above them.
    for (int i = 0; i < 2; ++i) {
      EXPECT_GT(peaks.read_gb_per_s(), 0.05);
      EXPECT_LT(peaks.read_gb_per_s(), 10'000);
      // 2 threads of 6 GHz with two units of 1024 bits (four times the products where they are of bytes), or twice the
      // tile unit that there is.
      const KernelTable& kernels = select_kernels(isa);
      const int multiply_adds = kernels.max_tiled_rows > 0      ? 2 * 16 * 64
                                : kernels.by_bytes.max_rows > 0 ? 8 * 32
                                                                : 2 * 32;
      for (const WeightType type : {WeightType::kBF16, WeightType::kInt8, WeightType::kInt4}) {
        EXPECT_THAT(std::string(peaks.multiplier(type)), testing::HasSubstr("bits wide"));
        EXPECT_GT(peaks.multiply_tflops(type), 1e-4);
        EXPECT_LT(peaks.multiply_tflops(type), 2 * 2e-12 * 6e9 * multiply_adds);
      }
    }
  }
  EXPECT_THROW(CpuPeaks({.isa = "mmx"}), InvalidInput);
}

TEST(PeaksTest, KernelsReadAndMultiplyEverything) {
  for (const std::string& isa : supported_kernels()) {
    const KernelTable& kernels = select_kernels(isa);
    // Sums of small integers are exact in any order: a number that was skipped or read twice would show.
    std::vector<float> numbers(4096);
    float sum = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) sum += numbers[i] = static_cast<float>(i * i % 251);
    EXPECT_EQ(kernels.read_floats(numbers.data(), 4096), sum);
    for (const Multiplier& multiplier : {kernels.multiplier, kernels.by_floats.multiplier, kernels.by_shorts.multiplier,
                                         kernels.by_bytes.multiplier}) {
      if (multiplier.run == nullptr) continue;
      const auto num_ones = static_cast<float>(multiplier.multiply_adds_per_round);
      for (const int rounds : {0, 1, 4}) EXPECT_EQ(multiplier.run(rounds), static_cast<float>(rounds) * num_ones);
    }
  }
}

}  // namespace
}  // namespace wedlm
