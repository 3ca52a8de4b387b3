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
  return shortened(write_json(value));
}

}  // namespace wedlm
