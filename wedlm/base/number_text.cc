#include "wedlm/base/number_text.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace wedlm {
namespace {

std::string scaled(double value, double base, const std::array<const char*, 5>& units) {
  std::size_t unit = 0;
  while (value >= base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  return fixed(value, unit == 0 ? 0 : 1) + units[unit];
}

}  // namespace

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string shortest(double value) {
  constexpr double kWholeBelow = 0x1p63;  // beyond it "1e+20" is shorter than its digits
  if (std::abs(value) < kWholeBelow && value == std::floor(value)) return std::to_string(static_cast<long long>(value));
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

std::string size_text(double bytes) {
  return scaled(bytes, 1024, {" B", " KB", " MB", " GB", " TB"});
}

std::string count_text(double count) {
  return scaled(count, 1000, {"", " K", " M", " B", " T"});
}

}  // namespace wedlm
