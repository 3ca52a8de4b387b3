#include "wedlm/text/regex_dialect.h"

#include <array>
#include <cctype>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

// White_Space. PCRE2's own \s has U+180E besides, which lost the property in Unicode 6.3.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{D}\x{20}\x{85}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{E}-\x{1F}\x{21}-\x{84}\x{86}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027})"
    R"(\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
// PCRE2's own \w has neither marks nor connectors but the underscore.
constexpr std::string_view kWord = R"(\p{L}\p{M}\p{N}\p{Pc})";

class Translator {
 public:
  explicit Translator(std::string_view expression) : in_(expression) {}

  std::string run() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        class_character(c);
      } else if (c == '[') {
        open_class();
      } else if (c == '(') {
        open_group();
      } else if (c == '{') {
        counted_repeat();
      } else {
        copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view construct) const {
    throw InvalidInput("the regular expression uses " + quote(construct) + ", which is not supported");
  }

  bool next_is(std::string_view text) const { return in_.substr(at_).starts_with(text); }

  void copy(std::size_t length) {
    out_ += in_.substr(at_, length);
    at_ += length;
  }

  void replace(std::size_t length, std::string_view text) {
    out_ += text;
    at_ += length;
  }

  void set(std::string_view members, bool negated) {
    out_ += in_class_ ? "" : negated ? "[^" : "[";
    replace(2, members);
    out_ += in_class_ ? "" : "]";
  }

  void escape() {
    if (at_ + 1 >= in_.size()) refuse("\\ at the end");
    const char c = in_[at_ + 1];
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) return copy(2);
    switch (c) {
      case 'a':
      case 'e':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        return copy(2);
      case 'v':
        return replace(2, "\\x{B}");
      case 's':
        return set(kSpace, false);
      case 'S':
        return in_class_ ? set(kNotSpace, false) : set(kSpace, true);
      case 'd':
        return replace(2, "\\p{Nd}");
      case 'D':
        return replace(2, "\\P{Nd}");
      case 'w':
        return set(kWord, false);
      case 'W':
        if (in_class_) refuse("\\W in a character class");
        return set(kWord, true);
      case 'p':
      case 'P':
        return property();
      case 'u':
        return replace(6, "\\x{" + std::string(hexadecimal(at_ + 2, 4)) + "}");
      case 'x':
        return code_point();
      default:
        refuse(in_.substr(at_, 2));
    }
  }

  void property() {
    const std::size_t end = in_.find('}', at_);
    if (at_ + 2 >= in_.size() || in_[at_ + 2] != '{' || end == std::string_view::npos) refuse("\\p without braces");
    copy(end + 1 - at_);
  }

  void code_point() {
    if (next_is("\\x{")) {
      const std::size_t end = in_.find('}', at_);
      if (end == std::string_view::npos) refuse("\\x{ without an end");
      hexadecimal(at_ + 3, end - at_ - 3);
      return copy(end + 1 - at_);
    }
    // Past ASCII, two digits are a byte of UTF-8 there and a code point here.
    if (hexadecimal(at_ + 2, 2)[0] >= '8') refuse(in_.substr(at_, 4));
    copy(4);
  }

  std::string_view hexadecimal(std::size_t begin, std::size_t length) const {
    const std::string_view digits = begin < in_.size() ? in_.substr(begin, length) : std::string_view();
    const bool valid = digits.size() == length && !digits.empty() &&
                       digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (!valid) refuse("a code point without its hexadecimal digits");
    return digits;
  }

  void open_class() {
    in_class_ = true;
    copy(next_is("[^") ? 2 : 1);
    if (next_is("]")) replace(1, "\\]");  // first in a class it is itself
  }

  void class_character(char c) {
    if (c == '[') refuse("[ in a character class");
    if (next_is("&&")) refuse("&& in a character class");
    in_class_ = c != ']';
    copy(1);
  }

  void open_group() {
    static constexpr std::array<std::string_view, 9> kGroups = {"(?:", "(?=",  "(?!",   "(?<=", "(?<!",
                                                                "(?>", "(?i:", "(?-i:", "(?i)"};
    if (next_is("(*")) refuse("(*");
    if (!next_is("(?")) return copy(1);
    for (const std::string_view group : kGroups) {
      if (next_is(group)) return copy(group.size());
    }
    refuse(in_.substr(at_, 3));
  }

  void counted_repeat() {
    if (next_is("{,")) refuse("{,n}");
    const std::size_t end = in_.find_first_not_of("0123456789,", at_ + 1);
    if (end == std::string_view::npos || in_[end] != '}' || end == at_ + 1) return copy(1);
    // {n,m}+ repeats the repetition there and is possessive here.
    if (in_.substr(end + 1).starts_with('+')) refuse("{n,m}+");
    copy(end + 1 - at_);
  }

  std::string_view in_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

}  // namespace

std::string pcre2_of_oniguruma(std::string_view expression) {
  return Translator(expression).run();
}

}  // namespace wedlm
