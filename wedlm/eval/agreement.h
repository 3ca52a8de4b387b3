// How close one answer is to another of the same prompt, token by token.
#pragma once

#include <span>

#include "wedlm/base/token_id.h"

namespace wedlm {

struct Agreement {
  bool is_equal = false;
  double prefix_share = 0;  // tokens of the common beginning over those of the longer answer; 1 where both are empty
};

Agreement agreement(std::span<const TokenId> base, std::span<const TokenId> other);

}  // namespace wedlm
