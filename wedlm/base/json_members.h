// Reads the members of an object that came from outside, a configuration file or a request, and says, where one is not
// as it should be, in which of them, under which key, what was expected and what came.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/number_range.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

/// The members of one object, which has to live as long. A member that is null counts as absent, as in Hugging Face's
/// own reader. All of these throw InvalidInput for a value of a wrong kind or out of range.
class JsonMembers {
 public:
  /// `what` begins every message: "config.json", "line 3 of prompts.jsonl". Throws InvalidInput for what is no object.
  JsonMembers(const Json& object, std::string what);

  const std::string& what() const { return what_; }
  [[noreturn]] void fail(std::string_view key, std::string_view expected, const Json& got) const;
  [[noreturn]] void fail_missing(std::string_view key) const;

  /// nullptr where it is absent.
  const Json* find(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  /// From 1 to `high`; has to be there.
  std::int64_t size(std::string_view key, std::int64_t high) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<float> number(std::string_view key, const NumberRange& range) const;
  bool boolean(std::string_view key, bool fallback) const;
  std::optional<std::string> text(std::string_view key) const;
  /// An integer that has to be there and to be one of these.
  std::int64_t one_of(std::string_view key, std::span<const int> allowed) const;
  /// One token id, a list of them, or none.
  std::vector<TokenId> token_ids(std::string_view key, std::int64_t vocab_size) const;

 private:
  const Json& object_;
  std::string what_;
};

}  // namespace wedlm
