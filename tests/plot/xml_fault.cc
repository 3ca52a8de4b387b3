#include "tests/plot/xml_fault.h"

#include <algorithm>
#include <vector>

namespace wedlm {

std::string xml_fault(const std::string& xml) {
  std::vector<std::string> open;
  std::size_t num_roots = 0;
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const std::size_t end = xml.find(';', at);
      const std::string entity = xml.substr(at, end - at + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;") return "entity " + entity;
      at = end + 1;
      continue;
    }
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return "an element without an end";
    std::string inside = xml.substr(at + 1, end - at - 1);
    at = end + 1;
    if (inside.starts_with("/")) {
      if (open.empty() || open.back() != inside.substr(1)) return "closed out of turn: " + inside;
      open.pop_back();
      continue;
    }
    if (std::count(inside.begin(), inside.end(), '"') % 2 != 0) return "quotation marks in " + inside;
    if (inside.find('<') != std::string::npos) return "an angle bracket in " + inside;
    if (open.empty()) ++num_roots;
    const bool is_empty = inside.ends_with("/");
    if (!is_empty) open.push_back(inside.substr(0, inside.find(' ')));
  }
  if (!open.empty()) return open.back() + " is never closed";
  return num_roots == 1 ? "" : "not one root";
}

}  // namespace wedlm
