// Rotations against the matrix written out from its definition, in double.
#include "wedlm/tensor/rotation.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

namespace wedlm {
namespace {

/// Of Sylvester's matrix: the parity of the bits that row and column share.
double hadamard(std::size_t row, std::size_t column) {
  return std::popcount(row & column) % 2 == 0 ? 1 : -1;
}

/// Block by block of a row, their sizes written out.
std::vector<double> rotated(const std::vector<float>& row, const std::vector<std::size_t>& sizes) {
  std::vector<double> result;
  std::size_t first = 0;
  for (const std::size_t size : sizes) {
    for (std::size_t i = 0; i < size; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < size; ++k) {
        const double sign = (kRotationSigns >> k & 1) != 0 ? -1 : 1;
        sum += sign * static_cast<double>(row[first + k]) * hadamard(k, i);
      }
      result.push_back(sum / std::sqrt(static_cast<double>(size)));
    }
    first += size;
  }
  EXPECT_EQ(first, row.size());
  return result;
}

std::vector<float> normal_numbers(std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(count));
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(random);
  return numbers;
}

TEST(RotationTest, IsTheProductWithTheMatrixOfEachBlock) {
  const std::vector<std::vector<std::size_t>> cases = {
      {64}, {64, 64}, {1}, {2}, {64, 32}, {64, 64, 32}, {64, 64, 64, 64, 64, 8, 2, 1}, {32, 16, 8, 4, 2, 1}};
  for (const std::vector<std::size_t>& sizes : cases) {
    std::size_t count = 0;
    for (const std::size_t size : sizes) count += size;
    const std::vector<float> row = normal_numbers(count);
    std::vector<float> got = row;
    rotate(got);
    const std::vector<double> expected = rotated(row, sizes);
    for (std::size_t i = 0; i < count; ++i) EXPECT_NEAR(got[i], expected[i], 3e-6) << count << " " << i;
  }
}

TEST(RotationTest, RotatingBackUndoesIt) {
  for (const std::size_t count : {0, 1, 3, 64, 100, 331}) {
    const std::vector<float> row = normal_numbers(count);
    std::vector<float> got = row;
    rotate(got);
    rotate_back(got);
    for (std::size_t i = 0; i < count; ++i) EXPECT_NEAR(got[i], row[i], 2e-6) << count << " " << i;
  }
}

/// Neither one large number nor equal ones stay together.
TEST(RotationTest, SpreadsWhatIsLarge) {
  std::vector<float> one(64, 0.0F), equal(64, 1.0F);
  one[17] = 8;
  rotate(one);
  rotate(equal);
  for (const float number : one) EXPECT_EQ(std::abs(number), 1);
  for (const float number : equal) EXPECT_LE(std::abs(number), 3);  // of 8 without the signs
}

}  // namespace
}  // namespace wedlm
