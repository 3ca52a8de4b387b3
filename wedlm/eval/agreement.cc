#include "wedlm/eval/agreement.h"

#include <algorithm>

namespace wedlm {

Agreement agreement(std::span<const TokenId> base, std::span<const TokenId> other) {
  const std::size_t longer = std::max(base.size(), other.size());
  if (longer == 0) return {.is_equal = true, .prefix_share = 1};
  const auto num_common = std::mismatch(base.begin(), base.end(), other.begin(), other.end()).first - base.begin();
  return {.is_equal = std::ranges::equal(base, other),
          .prefix_share = static_cast<double>(num_common) / static_cast<double>(longer)};
}

}  // namespace wedlm
