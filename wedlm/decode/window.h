// The positions after the known tokens that are being guessed: index i stands for the i-th position after the last
// known token. A position is empty, and then a mask in the forward, or filled with a guess. When the leading positions
// are all filled they become known tokens and leave the window; a filled position after an empty one waits.
//
//   known tokens            window
//   ... 12 , 13 ,          [14][  ][  ][15][  ]      0 leaves as known; 1, 2 and 4 are masks; 3 waits
//
// A mask is a flag and never a token id: a checkpoint's mask token in a prompt is an ordinary known token.
#pragma once

#include <span>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

class Window {
 public:
  struct Position {
    TokenId token = kNoToken;
    bool filled = false;
  };

  std::span<const Position> positions() const { return positions_; }
  int size() const { return static_cast<int>(positions_.size()); }

  /// Appends empty positions until there are `size` of them.
  void refill(int size);

  /// Fills an empty position; a filled one never changes (InternalError).
  void fill(int index, TokenId token);

  /// Removes the leading run of filled positions and returns its tokens.
  std::vector<TokenId> take_leading_run();

 private:
  std::vector<Position> positions_;
};

}  // namespace wedlm
