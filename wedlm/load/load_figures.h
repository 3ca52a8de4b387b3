// The figures of a run: how many requests went well, how fast, and why others failed; as a table and as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "wedlm/base/json.h"
#include "wedlm/load/distribution.h"
#include "wedlm/load/outcome.h"

namespace wedlm::load {

enum class TokensFrom {
  kUsage,    // the server counted them
  kEvents,   // some answers had no usage: of these each event that brought text counts as one token
  kNothing,  // and those were not streamed: their tokens are not known
};

struct FailureTally {
  std::int64_t count = 0;
  std::string example{};  // the message of one of them
};

/// Rates and times are those of the requests that went well. Times are in seconds.
struct LoadFigures {
  std::int64_t num_succeeded = 0;
  std::int64_t num_failed = 0;
  std::int64_t num_cancelled = 0;
  std::int64_t num_unsent = 0;
  std::map<std::string, FailureTally> failures{};  // by kind: "connection", "timeout", "HTTP 429", "broken stream"
  double seconds = 0;
  double requests_per_second = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_prompt_tokens = 0;
  std::int64_t output_tokens = 0;
  TokensFrom tokens_from = TokensFrom::kUsage;
  double output_tokens_per_second = 0;
  double total_tokens_per_second = 0;         // prompt and output
  double tokens_per_event = 0;                // 0 where nothing was streamed
  std::optional<Distribution> first_token{};  // from sending to the first text
  std::optional<Distribution> per_token{};    // of each answer, first to last text, over its tokens after the first
  std::optional<Distribution> between_events{};
  std::optional<Distribution> total{};  // from sending to the end
  std::optional<Distribution> wait{};   // from arrival to sending
};

LoadFigures load_figures(const LoadResult& result);

/// Lines for a person.
std::string load_table(const LoadFigures& figures);

/// Described in docs/command-line.md, as are the members of outcome_json().
Json load_json(const LoadFigures& figures);
Json outcome_json(const Outcome& outcome);

/// "connection", "HTTP 429"
std::string ending_name(const Outcome& outcome);

}  // namespace wedlm::load
