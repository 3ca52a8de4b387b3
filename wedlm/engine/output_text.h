// The text of one answer as it grows: token ids in, text that may be shown out. It finds stop texts wherever they begin
// and end, across tokens and steps, and holds back what could still become one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/token_id.h"
#include "wedlm/text/stream_detokenizer.h"

namespace wedlm {

class OutputText {
 public:
  /// A stop text with a special token in it (`<|im_end|>`) is looked for in the text with its special tokens; any other
  /// in the text that is shown, which has none. Without a tokenizer there is no text, and no stop text is ever found.
  OutputText(const Tokenizer* tokenizer, std::vector<std::string> stop);

  /// Adds a token. True when a stop text is complete: the text ends before it and grows no more.
  bool add(TokenId token);

  /// The stop text that add() has found.
  const std::optional<std::string>& stop_text() const { return stop_text_; }

  /// No more tokens come: releases what was held back.
  void finish();

  /// What may be shown and was not taken yet.
  std::string take();
  std::size_t ready_bytes() const { return ready_.size(); }

 private:
  bool add_text(std::string_view text, bool is_shown);
  std::string shown_text() const;                // of held_back_
  std::size_t num_shown(std::size_t end) const;  // of the bytes of held_back_ before `end`
  /// The bytes of held_back_ before `end` cannot become a stop text any more.
  void release(std::size_t end);

  const Tokenizer* tokenizer_;
  std::optional<StreamDetokenizer> detokenizer_;
  std::vector<std::string> stop_;                // in the text that is shown
  std::vector<std::string> stop_with_specials_;  // in the text with special tokens
  std::string held_back_;                        // could be the beginning of a stop text; with special tokens
  std::vector<bool> is_shown_;                   // of each byte of held_back_: false where it is a special token's
  std::string ready_;
  bool is_stopped_ = false;
  std::optional<std::string> stop_text_;
};

}  // namespace wedlm
