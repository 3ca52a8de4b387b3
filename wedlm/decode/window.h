// The positions behind the known tokens that are being guessed: slot i stands for the i-th position after the last
// known token. A slot is empty, and then a mask in the forward, or filled with a guess. When the leading slots are all
// filled they become known tokens and leave the window; a filled slot behind an empty one waits.
//
//   known tokens            window
//   ... 12 , 13 ,          [14][  ][  ][15][  ]      slot 0 leaves as known; slots 1, 2, 4 are masks; slot 3 waits
//
// A mask is a flag and never a token id: a checkpoint's mask token in a prompt is an ordinary known token.
#pragma once

#include <span>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

class Window {
 public:
  struct Slot {
    TokenId token = kNoToken;
    bool filled = false;
  };

  std::span<const Slot> slots() const { return slots_; }
  int size() const { return static_cast<int>(slots_.size()); }

  /// Appends empty slots until there are `size` of them.
  void refill(int size);

  /// Fills an empty slot; a filled one never changes (InternalError).
  void fill(int slot, TokenId token);

  /// Removes the leading run of filled slots and returns its tokens.
  std::vector<TokenId> take_leading_run();

 private:
  std::vector<Slot> slots_;
};

}  // namespace wedlm
