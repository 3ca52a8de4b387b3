// Cuts text into the words that byte-pair encoding sees, one after the other, by the regular expressions of the
// checkpoint's own tokenizer file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wedlm {

/// One step of the cutting; each takes the pieces of the one before.
struct PreTokenizerStep {
  enum class Kind {
    kSplit,             // at the matches: they and what is between them are pieces
    kSplitKeepMatches,  // what is between them is dropped
    kSplitDropMatches,  // the matches are dropped
    kPrefixSpace,       // a piece that does not begin with a space is given one
  };
  Kind kind = Kind::kSplit;
  std::string expression{};  // Oniguruma's dialect; not for kPrefixSpace
};

class PreTokenizer {
 public:
  PreTokenizer() = default;
  /// Throws InvalidInput where an expression cannot be compiled, saying why and where.
  explicit PreTokenizer(const std::vector<PreTokenizerStep>& steps);

  using Emit = std::function<void(std::string_view word)>;
  /// Hands each word of well-formed UTF-8 to `emit`, in order. Throws InvalidInput where an expression would take more
  /// steps or memory than its text is worth. Safe to call from several threads.
  void split(std::string_view text, const Emit& emit) const;

 private:
  struct Step;
  class Run;
  std::vector<std::shared_ptr<const Step>> steps_;
};

}  // namespace wedlm
