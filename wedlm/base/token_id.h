// The name of a token.
#pragma once

#include <cstdint>

namespace wedlm {

using TokenId = std::int32_t;
inline constexpr TokenId kNoToken = -1;

}  // namespace wedlm
