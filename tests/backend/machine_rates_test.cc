#include "wedlm/backend/machine_rates.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/backend/cpu_peaks.h"
#include "wedlm/base/cache_folder.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

class KeptRatesTest : public testing::Test {
 protected:
  double rate_of(const std::string& key) {
    return kept_rates(folder_, key,
                      [this] {
                        ++num_measured_;
                        return MachineRates{.read_gb_per_s = 40.0 + num_measured_, .multiply_tflops = 0.25};
                      })
        .read_gb_per_s;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_)) files.push_back(entry.path());
    return files;
  }

  TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "caches" / "wedlm";
  int num_measured_ = 0;
};

TEST_F(KeptRatesTest, AreMeasuredOnceForEachKey) {
  EXPECT_EQ(rate_of("a, 2 threads"), 41);
  EXPECT_EQ(rate_of("a, 2 threads"), 41);
  EXPECT_EQ(num_measured_, 1);
  EXPECT_EQ(rate_of("a, 4 threads"), 42);
  EXPECT_EQ(rate_of("a, 2 threads"), 41);
  EXPECT_EQ(files().size(), 2U) << "nothing else is left there";
}

TEST_F(KeptRatesTest, AreMeasuredAnewWhereTheFileIsNoGood) {
  EXPECT_EQ(rate_of("a"), 41);
  ASSERT_EQ(files().size(), 1U);
  const fs::path file = files()[0];
  const std::string whole = read_text(file);
  double expected = 42;
  for (const std::string& text :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("[]"), std::string("\0\xFF", 2),
        std::string(R"({"key": "b", "read_gb_per_s": 1.0, "multiply_tflops": 1.0})"),
        std::string(R"({"key": "a", "read_gb_per_s": 0, "multiply_tflops": 1.0})"),
        std::string(R"({"key": "a", "read_gb_per_s": -1.5, "multiply_tflops": 1.0})"),
        std::string(R"({"key": "a", "read_gb_per_s": NaN, "multiply_tflops": 1.0})"),
        std::string(R"({"key": "a", "read_gb_per_s": 1.0, "multiply_tflops": "fast"})")}) {
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(rate_of("a"), expected) << text;
    EXPECT_EQ(rate_of("a"), expected) << "it is whole again: " << text;
    ++expected;
  }
  std::ofstream(file) << R"({"key": "a", "read_gb_per_s": 7.5, "multiply_tflops": 1})";
  EXPECT_EQ(rate_of("a"), 7.5);
}

TEST_F(KeptRatesTest, NothingIsSaidWhereNothingCanBeWritten) {
  fs::create_directories(folder_.parent_path());
  std::ofstream(folder_) << "a file";
  EXPECT_EQ(rate_of("a"), 41);
  EXPECT_EQ(rate_of("a"), 42);
  EXPECT_EQ(read_text(folder_), "a file");
  folder_ = "/proc/wedlm";
  EXPECT_EQ(rate_of("a"), 43);
  folder_ = "/dev/full/wedlm";
  EXPECT_EQ(rate_of("a"), 44);
  folder_.clear();
  EXPECT_EQ(rate_of("a"), 45);
}

TEST_F(KeptRatesTest, WhatCouldNotBeMeasuredIsNotKept) {
  EXPECT_EQ(kept_rates(folder_, "a", [] { return MachineRates{}; }).read_gb_per_s, 0);
  EXPECT_EQ(rate_of("a"), 41);
}

TEST_F(KeptRatesTest, TwoAtOnceAreNoHarm) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        const MachineRates rates = kept_rates(folder_, "key " + std::to_string(repeat),
                                              [] { return MachineRates{.read_gb_per_s = 3, .multiply_tflops = 4}; });
        EXPECT_EQ(rates.read_gb_per_s, 3);
        EXPECT_EQ(rates.multiply_tflops, 4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(rate_of("key 0"), 3);
}

TEST(CpuRatesTest, AreOfThisMachine) {
  const MachineRates rates = cpu_rates(select_kernels("portable"), 1, WeightType::kInt8);
  EXPECT_GT(rates.read_gb_per_s, 0.05);
  EXPECT_LT(rates.read_gb_per_s, 10'000);
  EXPECT_GT(rates.multiply_tflops, 1e-4);
  EXPECT_EQ(cpu_rates(select_kernels("portable"), 1, WeightType::kInt8).read_gb_per_s, rates.read_gb_per_s);
}

}  // namespace
}  // namespace wedlm
