#include "wedlm/tensor/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

TEST(TensorTest, ViewsShareTheMemory) {
  std::vector<float> values(24);
  std::iota(values.begin(), values.end(), 0.0F);
  const Tensor matrix(values.data(), DType::kF32, {4, 6});
  const Tensor part = matrix.rows_from(1, 2).columns(2, 4);
  EXPECT_EQ(part.shape(), (Shape{2, 4}));
  EXPECT_FALSE(part.is_contiguous());
  EXPECT_EQ(part.row<float>(1)[3], values[2 * 6 + 5]);
  const Tensor heads = part.split_rows(2);
  EXPECT_EQ(heads.shape().to_string(), "[2, 2, 2]");
  heads.row<float>(0)[3] = -1;
  EXPECT_EQ(values[1 * 6 + 5], -1);
}

TEST(TensorTest, RefusesViewsOutside) {
  float value = 0;
  const Tensor matrix(&value, DType::kF32, {1, 1});
  EXPECT_THROW(matrix.rows_from(1, 1), InternalError);
  EXPECT_THROW(matrix.columns(0, 2), InternalError);
  EXPECT_THROW(matrix.split_rows(2), InternalError);
  EXPECT_THROW((Shape{-1}), InternalError);
}

TEST(BufferTest, IsAlignedAndMoves) {
  Buffer buffer = allocate_host(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
  Buffer other;
  other = std::move(buffer);
  EXPECT_EQ(other.bytes(), 100U);
}

TEST(BufferTest, MemoryToReadIsOfAnySizeAndWritable) {
  constexpr std::size_t kLargePage = std::size_t{2} << 20;
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, kLargePage - 1, kLargePage, 2 * kLargePage + 5}) {
    const Buffer buffer = allocate_host_to_read(bytes);
    EXPECT_EQ(buffer.bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % (bytes < kLargePage ? 64 : kLargePage), 0U);
    std::memset(buffer.data(), 7, bytes);
    const auto* first = static_cast<const unsigned char*>(buffer.data());
    EXPECT_EQ(std::count(first, first + bytes, 7), static_cast<std::ptrdiff_t>(bytes));
  }
}

}  // namespace
}  // namespace wedlm
