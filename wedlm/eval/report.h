// What settings of decoding came to over the same prompts: one row each, against the first one, which is the base
// (autoregressive decoding): speed, forwards, agreement with the base's texts, and accuracy where answers are known.
// It runs nothing; it is given the answers.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/engine/request.h"
#include "wedlm/eval/exercises.h"

namespace wedlm {

/// How a setting is called.
struct SettingName {
  std::string text;        // "streaming entropy-threshold=0.4 window-size=32"
  std::string mode;        // "streaming": its colour in a plot
  std::string short_text;  // beside its point in a plot; may be empty
};

struct SettingRuns {
  SettingName name;
  std::vector<Result> answers;      // of the first run; answers[i] belongs to prompt i
  std::vector<double> run_seconds;  // what each run over all prompts took, at least one
};

/// A share of things that were counted.
struct Tally {
  std::int64_t num_good = 0;
  std::int64_t num_all = 0;

  void add(bool is_good);
  /// 0 to 1; 0 of nothing.
  double share() const;
};

struct ReportRow {
  SettingName name;
  std::int64_t tokens = 0;
  std::int64_t decode_forwards = 0;
  std::int64_t decode_rows = 0;
  double seconds = 0;  // of the median run; of an even number the slower one in the middle
  double tokens_per_second = 0;
  double speed_up = 0;  // tokens_per_second over the base's
  double tokens_per_forward = 0;
  double forward_ratio = 0;  // the base's decoding forwards over this one's
  double rows_per_forward = 0;
  Tally equal;              // answers whose token ids are the base's
  double prefix_share = 0;  // mean share of the common beginning
  Tally right;              // of the answers that are known
  std::map<std::string, Tally> right_by_kind;
  std::map<std::string, Tally> equal_by_kind;  // kinds of prompts with known answers
};

/// `settings` begins with the base; all have as many answers as `known`, which has nullopt for an answer that nobody
/// knows. A quotient whose divisor is 0 is 0. Throws InternalError where counts differ.
std::vector<ReportRow> report_rows(std::span<const SettingRuns> settings,
                                   std::span<const std::optional<KnownAnswer>> known);

/// A table for a person, without colours, one line a setting under a line of headings.
std::string report_table(std::span<const ReportRow> rows);

/// The members of each row as an array of objects, described in docs/command-line.md.
Json report_json(std::span<const ReportRow> rows);

}  // namespace wedlm
