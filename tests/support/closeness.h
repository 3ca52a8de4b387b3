// How far what was computed is from what was expected, for every test that allows for rounding. What is not finite, and
// what differs in size, is infinitely far: std::max() keeps the number it has where the other is none, so that a
// maximum taken with it passes over results that are not numbers.
#pragma once

#include <span>

namespace wedlm {

/// The larger of two distances; infinity where one of them is not finite.
double farther(double a, double b);

/// Between two numbers; infinity where one of them is not finite.
double distance(double got, double expected);

/// The largest between numbers at the same place; infinity where the sizes differ or one number is not finite.
double largest_distance(std::span<const float> got, std::span<const float> expected);

/// The same, over the largest magnitude of what is expected, or over 1 where that is less.
double relative_error(std::span<const float> got, std::span<const float> expected);

/// The same, over the range of what is expected: its largest number less its smallest. Infinity without a range.
double share_of_range(std::span<const float> got, std::span<const float> expected);

/// Whether both are the same bits, and all of them numbers: rows of NaN are equal to nothing.
bool same_bits(std::span<const float> a, std::span<const float> b);

}  // namespace wedlm
