#include "wedlm/decode/window.h"

#include <algorithm>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {

void Window::refill(int size) {
  if (size > this->size()) slots_.resize(static_cast<std::size_t>(size));
}

void Window::fill(int slot, TokenId token) {
  if (slot < 0 || slot >= size() || slots_[static_cast<std::size_t>(slot)].filled) {
    throw InternalError("Window: slot " + std::to_string(slot) + " is not an empty slot");
  }
  slots_[static_cast<std::size_t>(slot)] = {.token = token, .filled = true};
}

std::vector<TokenId> Window::take_leading_run() {
  const auto end = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.filled; });
  std::vector<TokenId> tokens;
  for (auto slot = slots_.begin(); slot != end; ++slot) tokens.push_back(slot->token);
  slots_.erase(slots_.begin(), end);
  return tokens;
}

}  // namespace wedlm
