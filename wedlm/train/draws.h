// Random draws that depend on where they are needed and not on what was drawn before, so that a run that goes on from
// its last checkpoint draws what it would have drawn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace wedlm::train {

/// A sequence of draws for one purpose at one place (an epoch, a batch): the same arguments give the same sequence.
class Draws {
 public:
  enum class Purpose : std::uint32_t { kOrder, kMasks, kDropout, kWeights, kHeldOut };

  Draws(std::uint64_t seed, Purpose purpose, std::uint64_t place);

  /// In [0, 1), of 32 bits.
  double uniform();
  /// Of mean 0 and variance 1 (Box and Muller 1958).
  double normal();
  /// 0 to n - 1; n is at least 1.
  std::size_t below(std::size_t n);

  /// Brings the elements into a random order (Fisher and Yates).
  template <class Element>
  void shuffle(std::span<Element> elements) {
    for (std::size_t left = elements.size(); left > 1; --left) std::swap(elements[left - 1], elements[below(left)]);
  }

 private:
  std::uint32_t next();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  std::size_t num_used_ = 4;  // of the block
};

}  // namespace wedlm::train
