#include "wedlm/base/named.h"

#include <algorithm>
#include <numeric>

#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

/// Levenshtein's distance in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string unknown_name(std::string_view what, std::span<const std::string_view> known, std::string_view got) {
  std::string message = what.empty() ? "expected one of" : std::string(what) + ": expected one of";
  for (const std::string_view name : known) message += (name == known.front() ? " " : ", ") + std::string(name);
  return message + ", got " + quote(got);
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 2;  // a word with a third of its letters wrong is another word
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size() - candidate.find_first_not_of('-')) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = closest(word, candidates);
  return best.empty() ? "" : " (did you mean " + best + "?)";
}

}  // namespace wedlm
