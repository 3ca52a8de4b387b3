#include "wedlm/text/stream_detokenizer.h"

#include <string_view>
#include <utility>

#include "wedlm/base/json.h"
#include "wedlm/text/unicode.h"

namespace wedlm {

std::string StreamDetokenizer::add(TokenId id) {
  if (specials_ == SpecialOutput::kSkip && tokenizer_->is_special(id)) return "";
  held_back_ += tokenizer_->token_bytes(id);
  const std::size_t num_complete = held_back_.size() - incomplete_utf8_suffix(held_back_);
  std::string text = replace_ill_formed_utf8(std::string_view(held_back_).substr(0, num_complete));
  held_back_.erase(0, num_complete);
  return text;
}

std::string StreamDetokenizer::finish() {
  return replace_ill_formed_utf8(std::exchange(held_back_, {}));
}

}  // namespace wedlm
