// Template text into tokens, with the white-space control of Jinja already applied as Hugging Face sets it:
// trim_blocks and lstrip_blocks on, one trailing newline dropped. Follows the lexer of Jinja 3.1 as documented in its
// "Template Designer Documentation".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wedlm::jinja {

enum class TokenKind {
  kText,
  kBlockBegin,
  kBlockEnd,
  kPrintBegin,
  kPrintEnd,
  kName,
  kString,
  kInteger,
  kReal,
  kOperator,
  kEnd
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  int line = 1;
  std::string text;  // of a name, an operator or plain text; a string without quotes and escapes
  std::int64_t integer = 0;
  bool is_long = false;  // a decimal integer past 64 bits, which stands in `text`
  double real = 0;
};

/// The last token is kEnd. `what` names the template. Throws InvalidInput "what line 3: ...".
std::vector<Token> tokenize(std::string_view source, std::string_view what);

/// Throws InvalidInput in the form that all errors of a template have.
[[noreturn]] void throw_at(std::string_view what, int line, std::string_view message);

}  // namespace wedlm::jinja
