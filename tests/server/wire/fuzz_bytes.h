// What a fuzzer's bytes stand for: small numbers, texts, and JSON with the names and values that bodies have, so that
// inputs of a few bytes reach what a body's parser is about.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wedlm/base/json.h"

namespace wedlm {

class FuzzBytes {
 public:
  FuzzBytes(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  /// From 0 on and below `count`; 0 where no byte is left.
  std::size_t below(std::size_t count) {
    if (rest_.empty() || count == 0) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % count;
  }

  bool flag() { return below(2) == 1; }

  /// Any bytes, also such as are not UTF-8.
  std::string text() {
    const std::string_view bytes = rest_.substr(0, below(24));
    rest_.remove_prefix(bytes.size());
    return std::string(bytes);
  }

  /// A body: an object with any of these names.
  template <std::size_t kNumNames>
  Json object(const std::array<std::string_view, kNumNames>& names, int depth = 0) {
    Json::Object members;
    for (std::size_t left = below(depth == 0 ? 12 : 5); left > 0; --left) {
      std::string key = below(16) == 15 ? text() : std::string(names[below(names.size())]);
      const bool is_new = std::ranges::none_of(members, [&](const JsonMember& one) { return one.key == key; });
      if (is_new) members.push_back({.key = std::move(key), .value = value(names, depth + 1)});
    }
    return members;
  }

 private:
  template <std::size_t kNumNames>
  Json value(const std::array<std::string_view, kNumNames>& names, int depth) {
    static constexpr std::array kReals = {-1.0, 0.0, 0.5, 1.0, 2.5, 1e-50, 1e300, -1e300};
    static constexpr std::array<std::int64_t, 8> kIntegers = {-1, 0, 1, 2, 20, 21, 2147483647, 9007199254740993};
    switch (below(depth > 4 ? 6 : 10)) {
      case 0:
        return {};
      case 1:
        return flag();
      case 2:
        return kIntegers[below(kIntegers.size())];
      case 3:
        return kReals[below(kReals.size())];
      case 4:
        return text();
      case 5:
        return names[below(names.size())];
      case 6:
      case 7: {
        Json::Array array;
        for (std::size_t left = below(4); left > 0; --left) array.push_back(value(names, depth + 1));
        return array;
      }
      default:
        return object(names, depth);
    }
  }

  std::string_view rest_;
};

}  // namespace wedlm
