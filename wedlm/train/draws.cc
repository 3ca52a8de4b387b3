#include "wedlm/train/draws.h"

#include <cmath>
#include <numbers>

#include "wedlm/base/random.h"

namespace wedlm::train {

Draws::Draws(std::uint64_t seed, Purpose purpose, std::uint64_t place)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, static_cast<std::uint32_t>(place), static_cast<std::uint32_t>(place >> 32),
               static_cast<std::uint32_t>(purpose)} {}

std::uint32_t Draws::next() {
  if (num_used_ == block_.size()) {
    block_ = philox4x32(counter_, key_);
    ++counter_[0];
    num_used_ = 0;
  }
  return block_[num_used_++];
}

double Draws::uniform() {
  return static_cast<double>(next()) * 0x1p-32;
}

double Draws::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));  // 1 - u: never the logarithm of 0
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

std::size_t Draws::below(std::size_t n) {
  return static_cast<std::size_t>(uniform() * static_cast<double>(n));
}

}  // namespace wedlm::train
