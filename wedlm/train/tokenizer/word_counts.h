// The words of texts, as a tokenizer of the Qwen family cuts them (its normalisation and regular expression), and how
// often each occurs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wedlm/base/watcher.h"
#include "wedlm/text/pre_tokenizer.h"

namespace wedlm::train {

struct WordHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
};

/// By the word's bytes.
using WordCounts = std::unordered_map<std::string, std::int64_t, WordHash, std::equal_to<>>;

class WordCounter {
 public:
  WordCounter();

  /// Adds the words of a text, well-formed UTF-8.
  void add(std::string_view text);

  const WordCounts& counts() const { return counts_; }
  std::int64_t num_bytes() const { return num_bytes_; }  // of all texts

 private:
  PreTokenizer pre_tokenizer_;
  WordCounts counts_;
  std::int64_t num_bytes_ = 0;
};

/// The end of the first part of a text of at least `least` bytes, 1 or more, that can be counted alone: words of the
/// rest are the same as in the whole. It is a place between a line's end and what is no white space.
std::size_t end_of_part(std::string_view text, std::size_t least);

}  // namespace wedlm::train
