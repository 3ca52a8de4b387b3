#include "wedlm/train/data/held_out.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "wedlm/base/error.h"
#include "wedlm/train/draws.h"

namespace wedlm::train {

RunData hold_out(const DataSet& data, double share, std::uint64_t seed) {
  const std::size_t size = data.samples.size();
  const auto count = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(share * static_cast<double>(size))));
  if (count >= size) {
    throw InvalidInput("held-out share: of " + std::to_string(size) + " samples none would be left to train on");
  }
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  Draws(seed, Draws::Purpose::kHeldOut, 0).shuffle(std::span(order));
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(order.begin(), middle);
  std::sort(middle, order.end());
  return {.training = {.samples = data.samples.subset({middle, order.end()}), .files = data.files},
          .held_out = DataSet{.samples = data.samples.subset({order.begin(), middle}), .files = data.files}};
}

}  // namespace wedlm::train
