// The text of one answer as it grows: token ids in, text that may be shown out. It finds stop texts wherever they begin
// and end, across tokens and steps, and holds back what could still become one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/token_id.h"
#include "wedlm/text/stream_detokenizer.h"

namespace wedlm {

class OutputText {
 public:
  /// Without a tokenizer there is no text, and no stop text is ever found.
  OutputText(const Tokenizer* tokenizer, std::vector<std::string> stop);

  /// Adds a token. True when a stop text is complete: the text ends before it and grows no more.
  bool add(TokenId token);

  /// No more tokens come: releases what was held back.
  void finish();

  /// What may be shown and was not taken yet.
  std::string take();
  std::size_t ready_bytes() const { return ready_.size(); }

 private:
  bool add_text(const std::string& text);

  std::optional<StreamDetokenizer> detokenizer_;
  std::vector<std::string> stop_;
  std::string held_back_;  // could be the beginning of a stop text
  std::string ready_;
  bool is_stopped_ = false;
};

}  // namespace wedlm
