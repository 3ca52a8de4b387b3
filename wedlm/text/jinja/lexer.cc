#include "wedlm/text/jinja/lexer.h"

#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/text/jinja/characters.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Bytes past ASCII are letters here: a name may be written in any script.
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_tag_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Line ends become \n, and one at the end of the template is dropped.
std::string normalized(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      text += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      text += source[i];
    }
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lowered = static_cast<char>(c | 32);
  return lowered >= 'a' && lowered <= 'f' ? lowered - 'a' + 10 : -1;
}

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view what) : source_(source), what_(what) {}

  std::vector<Token> run() {
    while (position_ < source_.size()) lex_text();
    add(TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  char at(std::size_t position) const { return position < source_.size() ? source_[position] : '\0'; }
  bool starts(std::string_view text) const { return source_.substr(position_).starts_with(text); }

  [[noreturn]] void fail(std::string_view message) const { throw_at(what_, line_, message); }

  void add(TokenKind kind, std::string text = {}) {
    tokens_.push_back({.kind = kind, .line = line_, .text = std::move(text)});
  }

  void advance_to(std::size_t position) {
    for (; position_ < position; ++position_) line_ += source_[position_] == '\n' ? 1 : 0;
  }

  void skip_tag_space() {
    std::size_t end = position_;
    while (is_tag_space(at(end))) ++end;
    advance_to(end);
  }

  /// Removes all white space that follows, as -%} asks.
  void skip_text_space() {
    const std::string_view rest = source_.substr(position_);
    advance_to(source_.size() - strip(rest, Side::kLeft).size());
  }

  /// Adds the text before a tag that begins at `end`, less the white space that the tag takes.
  void add_text(std::size_t end, char sign, bool is_print) {
    std::string_view text = source_.substr(position_, end - position_);
    if (sign == '-') {
      text = strip(text, Side::kRight);
    } else if (sign != '+' && !is_print) {
      const std::size_t newline = text.rfind('\n');
      const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
      const bool starts_line = line_start > 0 || at_line_start_;
      if (starts_line && strip(text.substr(line_start), Side::kBoth).empty()) text = text.substr(0, line_start);
    }
    if (!text.empty()) add(TokenKind::kText, std::string(text));
    advance_to(end);
  }

  char sign_at(std::size_t position) const {
    const char c = at(position);
    return c == '-' || c == '+' ? c : '\0';
  }

  void lex_text() {
    std::size_t begin = position_;
    for (;; ++begin) {
      begin = source_.find('{', begin);
      if (begin == std::string_view::npos) {
        add(TokenKind::kText, std::string(source_.substr(position_)));
        advance_to(source_.size());
        return;
      }
      const char next = at(begin + 1);
      if (next == '{' || next == '%' || next == '#') break;
    }
    const char kind = at(begin + 1);
    const char sign = sign_at(begin + 2);
    add_text(begin, sign, kind == '{');
    advance_to(begin + (sign == '\0' ? 2 : 3));
    if (kind == '#') {
      lex_comment();
    } else if (kind == '{') {
      add(TokenKind::kPrintBegin);
      lex_tag(TokenKind::kPrintEnd);
    } else if (!lex_raw()) {
      add(TokenKind::kBlockBegin);
      lex_tag(TokenKind::kBlockEnd);
    }
  }

  /// The end of a tag: '-' strips the text that follows, a plain one takes the newline that follows.
  void end_tag(char sign, bool trims_newline) {
    const std::size_t begin = position_;
    if (sign == '-') {
      skip_text_space();
    } else if (sign != '+' && trims_newline && at(position_) == '\n') {
      advance_to(position_ + 1);
    }
    at_line_start_ = position_ > begin && source_[position_ - 1] == '\n';
  }

  void lex_comment() {
    const std::size_t end = source_.find("#}", position_);
    if (end == std::string_view::npos) fail("a comment has no end '#}'");
    const char sign = end > position_ ? sign_at(end - 1) : '\0';
    advance_to(end + 2);
    end_tag(sign, true);
  }

  /// Reads "NAME -%}" at `position`, of which a sign may be one of `signs`; returns the position after it, or npos.
  std::size_t match_bare_tag(std::size_t position, std::string_view name, std::string_view signs, char& sign) const {
    while (is_tag_space(at(position))) ++position;
    if (!source_.substr(position).starts_with(name)) return std::string_view::npos;
    position += name.size();
    while (is_tag_space(at(position))) ++position;
    sign = signs.find(at(position)) != std::string_view::npos && at(position) != '\0' ? at(position) : '\0';
    if (sign != '\0') ++position;
    return source_.substr(position).starts_with("%}") ? position + 2 : std::string_view::npos;
  }

  bool lex_raw() {
    char sign = '\0';
    const std::size_t after = match_bare_tag(position_, "raw", "-", sign);
    if (after == std::string_view::npos) return false;
    advance_to(after);
    end_tag(sign, false);
    for (std::size_t begin = source_.find("{%", position_); begin != std::string_view::npos;
         begin = source_.find("{%", begin + 1)) {
      const char begin_sign = sign_at(begin + 2);
      char end_sign = '\0';
      const std::size_t end = match_bare_tag(begin + (begin_sign == '\0' ? 2 : 3), "endraw", "-+", end_sign);
      if (end == std::string_view::npos) continue;
      add_text(begin, begin_sign, false);
      advance_to(end);
      end_tag(end_sign, true);
      return true;
    }
    fail("a raw block has no {% endraw %}");
  }

  void lex_tag(TokenKind end_kind) {
    const std::string_view end_text = end_kind == TokenKind::kPrintEnd ? "}}" : "%}";
    std::string open;  // the brackets that are to be closed
    for (;;) {
      skip_tag_space();
      if (position_ >= source_.size()) fail("a tag has no end '" + std::string(end_text) + "'");
      if (open.empty()) {
        char sign = sign_at(position_);
        if (sign == '+' && end_kind == TokenKind::kPrintEnd) sign = '\0';
        const std::size_t end = position_ + (sign == '\0' ? 0 : 1);
        if (source_.substr(end).starts_with(end_text)) {
          add(end_kind);
          advance_to(end + 2);
          end_tag(sign, end_kind == TokenKind::kBlockEnd);
          return;
        }
      }
      lex_token(open);
    }
  }

  void lex_token(std::string& open) {
    const char c = at(position_);
    if (is_digit(c)) {
      lex_number();
    } else if (is_name_start(c)) {
      std::size_t end = position_;
      while (is_name_start(at(end)) || is_digit(at(end))) ++end;
      add(TokenKind::kName, std::string(source_.substr(position_, end - position_)));
      advance_to(end);
    } else if (c == '\'' || c == '"') {
      lex_string(c);
    } else {
      lex_operator(open);
    }
  }

  void lex_operator(std::string& open) {
    static constexpr std::array<std::string_view, 7> kLong = {"//", "**", "==", "!=", ">=", "<=", "!="};
    static constexpr std::string_view kShort = "+-/*%~[](){}><=.:|,;";
    std::string_view text = source_.substr(position_, 2);
    bool is_long = false;
    for (const std::string_view op : kLong) is_long = is_long || op == text;
    if (!is_long) text = text.substr(0, 1);
    if (!is_long && kShort.find(text.front()) == std::string_view::npos) {
      const std::size_t length = sequence_length(text.front());
      fail("unexpected character '" + std::string(source_.substr(position_, length)) + "'");
    }
    if (text == "(" || text == "[" || text == "{") {
      open += text == "(" ? ')' : text == "[" ? ']' : '}';
    } else if (text == ")" || text == "]" || text == "}") {
      if (open.empty()) fail("unexpected '" + std::string(text) + "'");
      if (open.back() != text.front()) {
        fail("unexpected '" + std::string(text) + "', expected '" + std::string(1, open.back()) + "'");
      }
      open.pop_back();
    }
    add(TokenKind::kOperator, std::string(text));
    advance_to(position_ + text.size());
  }

  /// Digits with single underscores between them, from `end` on.
  void append_digits(std::size_t& end, std::string& digits) const {
    while (is_digit(at(end)) || (at(end) == '_' && is_digit(at(end + 1)))) {
      if (at(end) != '_') digits += at(end);
      ++end;
    }
  }

  void lex_number() {
    const char mark = static_cast<char>(at(position_ + 1) | 32);
    const int radix = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
    std::string digits;
    std::size_t end = position_;
    bool is_real = false;
    if (at(position_) == '0' && radix != 10) {
      for (end += 2; hex_value(at(end)) >= 0 || at(end) == '_'; ++end) {
        if (at(end) != '_') digits += at(end);
      }
      finish_number(digits, end, radix, false);
      return;
    }
    append_digits(end, digits);
    const bool after_dot = position_ > 0 && source_[position_ - 1] == '.';
    if (!after_dot && at(end) == '.' && is_digit(at(end + 1))) {
      is_real = true;
      digits += '.';
      append_digits(++end, digits);
    }
    const bool exponent_has_sign = at(end + 1) == '+' || at(end + 1) == '-';
    if (!after_dot && (at(end) | 32) == 'e' && is_digit(at(end + (exponent_has_sign ? 2 : 1)))) {
      is_real = true;
      digits += 'e';
      ++end;
      if (exponent_has_sign) {
        if (at(end) == '-') digits += '-';
        ++end;
      }
      append_digits(end, digits);
    }
    finish_number(digits, end, 10, is_real);
  }

  void finish_number(const std::string& digits, std::size_t end, int radix, bool is_real) {
    Token token{.kind = is_real ? TokenKind::kReal : TokenKind::kInteger, .line = line_, .text = digits};
    const char* last = digits.data() + digits.size();
    bool is_valid = true;
    if (is_real) {
      const std::optional<double> real = parse_real(digits);
      is_valid = real.has_value();
      token.real = real.value_or(0);
    } else {
      const auto [number_end, error] = std::from_chars(digits.data(), last, token.integer, radix);
      token.is_long = error == std::errc::result_out_of_range && radix == 10;
      is_valid = (error == std::errc() || token.is_long) && number_end == last;
    }
    if (!is_valid) {
      fail("'" + std::string(source_.substr(position_, end - position_)) + "' is no number that fits 64 bits");
    }
    tokens_.push_back(std::move(token));
    advance_to(end);
  }

  void lex_string(char quote) {
    std::string text;
    std::size_t i = position_ + 1;
    while (at(i) != quote) {
      if (i >= source_.size()) fail("a string has no closing quote");
      if (at(i) == '\\') {
        i = append_escape(i + 1, text);
      } else {
        text += at(i++);
      }
    }
    add(TokenKind::kString, std::move(text));
    advance_to(i + 1);
  }

  /// Appends what the escape whose letter stands at `i` means, as in a Python string; returns the position after it.
  std::size_t append_escape(std::size_t i, std::string& text) const {
    static constexpr std::string_view kLetters = "abfnrtv\\'\"";
    static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\'\"";
    const char letter = at(i);
    if (letter == '\n') return i + 1;
    if (i < source_.size() && kLetters.find(letter) != std::string_view::npos) {
      text += kMeanings[kLetters.find(letter)];
      return i + 1;
    }
    const int num_digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    if (num_digits > 0) {
      char32_t c = 0;
      for (int k = 1; k <= num_digits; ++k) {
        const int digit = hex_value(at(i + static_cast<std::size_t>(k)));
        if (digit < 0) fail("a string has a truncated \\" + std::string(1, letter) + " escape");
        c = (c << 4) | static_cast<char32_t>(digit);
      }
      append_code_point(text, c);
      return i + 1 + static_cast<std::size_t>(num_digits);
    }
    if (letter >= '0' && letter <= '7') {
      char32_t c = 0;
      std::size_t end = i;
      while (end < i + 3 && at(end) >= '0' && at(end) <= '7') c = c * 8 + static_cast<char32_t>(at(end++) - '0');
      append_code_point(text, c);
      return end;
    }
    text += '\\';
    return i;
  }

  std::string_view source_;
  std::string_view what_;
  std::size_t position_ = 0;
  int line_ = 1;
  bool at_line_start_ = true;  // whether the text at position_ starts a line
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, std::string_view what) {
  const std::string text = normalized(source);
  return Lexer(text, what).run();
}

void throw_at(std::string_view what, int line, std::string_view message) {
  throw InvalidInput(std::string(what) + " line " + std::to_string(line) + ": " + std::string(message));
}

}  // namespace wedlm::jinja
