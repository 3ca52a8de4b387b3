#include "wedlm/text/jinja/case_mapping.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <span>

#include "wedlm/text/jinja/case_tables.h"
#include "wedlm/text/jinja/characters.h"

namespace wedlm::jinja {
namespace {

constexpr char32_t kSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kDottedI = 0x130;

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_cased(char32_t c) {
  return is_upper(c) || is_lower(c) || is_title(c);
}

bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return is_in_ranges(c, kOtherIgnorable);
  }
}

const FullMapping* full_mapping(char32_t c) {
  const auto* const found = std::ranges::lower_bound(kFullMappings, c, {}, &FullMapping::from);
  return found != std::end(kFullMappings) && found->from == c ? found : nullptr;
}

void append_upper(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  } else if (const FullMapping* full = full_mapping(c)) {
    out += encode(full->upper);
  } else {
    append_code_point(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
  }
}

void append_title(std::string& out, char32_t c) {
  const FullMapping* full = full_mapping(c);
  if (full != nullptr && !full->title.empty()) {
    out += encode(full->title);
  } else {
    append_code_point(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
  }
}

/// A sigma ends a word where a letter stands before it and none after it, marks and the like aside (Final_Sigma of
/// Unicode's SpecialCasing.txt).
bool is_final(std::u32string_view text, std::size_t sigma) {
  std::size_t before = sigma;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  std::size_t after = sigma + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

void append_lower(std::string& out, std::u32string_view text, std::size_t i) {
  const char32_t c = text[i];
  if (c < 0x80) {
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  } else if (c == kDottedI) {
    out += encode(U"i\u0307");
  } else if (c == kSigma && is_final(text, i)) {
    append_code_point(out, kFinalSigma);
  } else {
    append_code_point(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
}

/// Calls append(out, characters, index) for each character.
template <class Append>
std::string mapped(std::string_view text, const Append& append) {
  const std::u32string characters = decode(text);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < characters.size(); ++i) append(out, characters, i);
  return out;
}

bool has_only_case(std::string_view text, bool (*wanted)(char32_t), bool (*other)(char32_t)) {
  bool has_wanted = false;
  for (const char32_t c : decode(text)) {
    if (other(c) || is_title(c)) return false;
    has_wanted = has_wanted || wanted(c);
  }
  return has_wanted;
}

}  // namespace

bool is_upper(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return category(c) == UTF8PROC_CATEGORY_LU || is_in_ranges(c, kOtherUpper);
}

bool is_lower(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z';
  return category(c) == UTF8PROC_CATEGORY_LL || is_in_ranges(c, kOtherLower);
}

bool is_title(char32_t c) {
  return c >= 0x80 && category(c) == UTF8PROC_CATEGORY_LT;
}

std::string upper(std::string_view text) {
  return mapped(text, [](std::string& out, const std::u32string& all, std::size_t i) { append_upper(out, all[i]); });
}

std::string lower(std::string_view text) {
  return mapped(text, append_lower);
}

std::string casefold(std::string_view text) {
  return mapped(text, [](std::string& out, const std::u32string& all, std::size_t i) {
    std::array<utf8proc_int32_t, 8> folded{};
    int boundary = 0;
    const utf8proc_ssize_t size =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(all[i]), folded.data(),
                                static_cast<utf8proc_ssize_t>(folded.size()), UTF8PROC_CASEFOLD, &boundary);
    for (utf8proc_ssize_t j = 0; j < size; ++j) {
      append_code_point(out, static_cast<char32_t>(folded.at(static_cast<std::size_t>(j))));
    }
  });
}

std::string capitalize(std::string_view text) {
  return mapped(text, [](std::string& out, const std::u32string& all, std::size_t i) {
    i == 0 ? append_title(out, all[i]) : append_lower(out, all, i);
  });
}

std::string swapcase(std::string_view text) {
  return mapped(text, [](std::string& out, const std::u32string& all, std::size_t i) {
    if (is_upper(all[i])) {
      append_lower(out, all, i);
    } else if (is_lower(all[i])) {
      append_upper(out, all[i]);
    } else {
      append_code_point(out, all[i]);
    }
  });
}

std::string title(std::string_view text) {
  return mapped(text, [](std::string& out, const std::u32string& all, std::size_t i) {
    i > 0 && is_cased(all[i - 1]) ? append_lower(out, all, i) : append_title(out, all[i]);
  });
}

std::string title_words(std::string_view text) {
  const std::u32string all = decode(text);
  const auto separates = [&](std::size_t i) {
    return is_space(all[i]) || std::u32string_view(U"-({[<").find(all[i]) != std::u32string_view::npos;
  };
  std::string out;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i + 1;
    while (end < all.size() && separates(end) == separates(i)) ++end;
    // A sigma ends a word of its own: what stands in other words does not count.
    const std::u32string_view word = std::u32string_view(all).substr(i + 1, end - i - 1);
    append_upper(out, all[i]);
    for (std::size_t j = 0; j < word.size(); ++j) append_lower(out, word, j);
    i = end;
  }
  return out;
}

bool is_upper_text(std::string_view text) {
  return has_only_case(text, is_upper, is_lower);
}

bool is_lower_text(std::string_view text) {
  return has_only_case(text, is_lower, is_upper);
}

bool is_title_text(std::string_view text) {
  bool has_case = false;
  bool after_cased = false;
  for (const char32_t c : decode(text)) {
    const bool begins_word = is_upper(c) || is_title(c);
    if (begins_word && after_cased) return false;
    if (!begins_word && is_lower(c) && !after_cased) return false;
    after_cased = begins_word || is_lower(c);
    has_case = has_case || after_cased;
  }
  return has_case;
}

}  // namespace wedlm::jinja
