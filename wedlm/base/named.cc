#include "wedlm/base/named.h"

#include "wedlm/base/quote.h"

namespace wedlm {

std::string unknown_name(std::string_view what, std::span<const std::string_view> known, std::string_view got) {
  std::string message = what.empty() ? "expected one of" : std::string(what) + ": expected one of";
  for (const std::string_view name : known) message += (name == known.front() ? " " : ", ") + std::string(name);
  return message + ", got " + quote(got);
}

}  // namespace wedlm
