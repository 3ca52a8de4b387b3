// Numbers as people read them in tables and messages, and as they write them.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace wedlm {

/// "512 B", "1.5 MB", "2.0 GB": powers of 1024.
std::string size_text(double bytes);
/// "4.0 M", "8.2 B": powers of 1000.
std::string count_text(double count);
/// A number with that many digits after the point.
std::string fixed(double value, int digits);
/// In the fewest digits that read back the same: "1", "0.4", "1e-05".
std::string shortest(double value);

/// The number that is all of the text, without space or a plus sign; nullopt where there is none, or none that the type
/// holds. Of doubles "nan" and "inf" are numbers too.
template <class Value>
std::optional<Value> parse_whole(std::string_view text) {
  Value value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace wedlm
