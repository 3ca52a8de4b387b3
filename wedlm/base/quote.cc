#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::size_t kKeptAtEachEnd = 95;

}  // namespace

std::string shortened(std::string_view text) {
  if (text.size() <= kLongest) return replace_ill_formed_utf8(text);
  return replace_ill_formed_utf8(text.substr(0, kKeptAtEachEnd)) + "..." +
         replace_ill_formed_utf8(text.substr(text.size() - kKeptAtEachEnd));
}

std::string quote(std::string_view text) {
  return write_json(Json(shortened(text)));
}

std::string shown(const Json& value) {
  if (value.is_string()) return quote(value.as_string());
  if (value.is_real() && !value.is_number()) return shortened(value.non_finite_text());
  return shortened(write_json(value));
}

std::string on_one_line(std::string_view message) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : replace_ill_formed_utf8(message)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace wedlm
