#include "wedlm/train/tokenizer/word_counts.h"

#include "wedlm/text/normalizer.h"
#include "wedlm/text/qwen_words.h"
#include "wedlm/text/unicode.h"

namespace wedlm::train {

WordCounter::WordCounter() : pre_tokenizer_({{.expression = std::string(kQwen2Expression)}}) {}

void WordCounter::add(std::string_view text) {
  num_bytes_ += static_cast<std::int64_t>(text.size());
  std::string composed;
  if (!is_surely_nfc(text)) {
    composed = to_nfc(text);
    text = composed;
  }
  pre_tokenizer_.split(text, [this](std::string_view word) {
    const auto found = counts_.find(word);
    if (found != counts_.end()) {
      ++found->second;
    } else {
      counts_.emplace(word, 1);
    }
  });
}

std::size_t end_of_part(std::string_view text, std::size_t least) {
  for (std::size_t end = text.find('\n', least - 1); end != text.npos; end = text.find('\n', end + 1)) {
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !is_white_space(first_code_point(rest).value)) return end + 1;
  }
  return text.size();
}

}  // namespace wedlm::train
