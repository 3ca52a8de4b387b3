// The argument "a.b.0" of filters that look into items: map, selectattr, sort, join and others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/text/jinja/runtime.h"

namespace wedlm::jinja {

struct AttributePath {
  std::vector<Value> keys;
  std::optional<Value> otherwise{};  // instead of an undefined result
};

AttributePath parse_attribute_path(std::string_view text);
/// Of a parameter that is a text or an index; nullopt where it was not given: the item itself.
std::optional<AttributePath> attribute_path(const Bound& bound, std::size_t parameter);
Value follow(const Value& item, const std::optional<AttributePath>& path, Runtime& runtime);

std::vector<std::string> split_text(std::string_view text, char separator);

}  // namespace wedlm::jinja
