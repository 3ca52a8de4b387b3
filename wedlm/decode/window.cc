#include "wedlm/decode/window.h"

#include <algorithm>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {

void Window::refill(int size) {
  if (size > this->size()) positions_.resize(static_cast<std::size_t>(size));
}

void Window::fill(int index, TokenId token) {
  if (index < 0 || index >= size() || positions_[static_cast<std::size_t>(index)].filled) {
    throw InternalError("Window: " + std::to_string(index) + " is not an empty position of " + std::to_string(size()));
  }
  positions_[static_cast<std::size_t>(index)] = {.token = token, .filled = true};
}

std::vector<TokenId> Window::take_leading_run() {
  const auto end = std::find_if(positions_.begin(), positions_.end(), [](const Position& it) { return !it.filled; });
  std::vector<TokenId> tokens;
  for (auto it = positions_.begin(); it != end; ++it) tokens.push_back(it->token);
  positions_.erase(positions_.begin(), end);
  return tokens;
}

}  // namespace wedlm
