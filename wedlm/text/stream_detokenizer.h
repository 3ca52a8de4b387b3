// Turns tokens into text as they come. A character may be spread over several tokens, so what is given out ends where a
// character ends; all that is given out, together, is Tokenizer::decode() of all the tokens.
#pragma once

#include <string>

#include "wedlm/base/token_id.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {

class StreamDetokenizer {
 public:
  /// `tokenizer` must outlive this.
  explicit StreamDetokenizer(const Tokenizer& tokenizer, SpecialOutput specials = SpecialOutput::kSkip)
      : tokenizer_(&tokenizer), specials_(specials) {}

  /// The text that this token completes: well-formed UTF-8, often empty in the middle of a character.
  std::string add(TokenId id);

  /// What is left at the end: U+FFFD where the last character is incomplete. The next add() begins a new text.
  std::string finish();

 private:
  const Tokenizer* tokenizer_;
  SpecialOutput specials_;
  std::string held_back_;  // at most 3 bytes, the beginning of a character
};

}  // namespace wedlm
