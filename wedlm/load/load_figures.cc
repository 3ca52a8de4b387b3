#include "wedlm/load/load_figures.h"

#include <algorithm>
#include <array>

#include "wedlm/base/named.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/ratio.h"

namespace wedlm::load {
namespace {

/// The samples behind the distributions.
struct Samples {
  std::vector<double> first_token, per_token, between_events, total, wait;
};

std::int64_t tokens_of(const Answer& answer) {
  return answer.usage ? answer.usage->output_tokens : answer.num_text_events;
}

void add_times(const Outcome& outcome, Samples& samples) {
  const Answer& answer = outcome.answer;
  samples.total.push_back(outcome.total_seconds);
  samples.wait.push_back(outcome.wait_seconds);
  if (!answer.first_text_seconds) return;
  samples.first_token.push_back(*answer.first_text_seconds);
  samples.between_events.insert(samples.between_events.end(), answer.event_gaps.begin(), answer.event_gaps.end());
  const std::int64_t tokens_after = tokens_of(answer) - 1;
  if (tokens_after < 1) return;
  samples.per_token.push_back((*answer.last_text_seconds - *answer.first_text_seconds) /
                              static_cast<double>(tokens_after));
}

/// How a distribution is called in the table and in JSON.
struct NamedDistribution {
  const char* text;
  const char* key;
  std::optional<Distribution> LoadFigures::*distribution;
};

constexpr std::array kTokenSources = {Named{TokensFrom::kUsage, "usage"}, Named{TokensFrom::kEvents, "events"},
                                      Named{TokensFrom::kNothing, "nothing"}};

constexpr std::array kDistributions = {
    NamedDistribution{"time to first token", "time_to_first_token", &LoadFigures::first_token},
    NamedDistribution{"time per token after it", "time_per_output_token", &LoadFigures::per_token},
    NamedDistribution{"time between events", "time_between_events", &LoadFigures::between_events},
    NamedDistribution{"whole request", "end_to_end", &LoadFigures::total},
    NamedDistribution{"wait before it was sent", "wait", &LoadFigures::wait},
};

/// Milliseconds with about three digits that count.
std::string milliseconds(double seconds) {
  const double ms = 1e3 * seconds;
  return fixed(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

/// `cells` in columns of a width that all rows share, the first to the left and the others to the right.
std::string table_line(std::string_view name, const std::array<std::string, 4>& cells) {
  std::string line(name);
  line.resize(26, ' ');
  for (const std::string& cell : cells)
    line += std::string(std::max<std::size_t>(10, cell.size()) - cell.size(), ' ') + cell;
  return line + "\n";
}

std::string counts_text(const LoadFigures& figures) {
  std::string text =
      std::to_string(figures.num_succeeded) + " requests answered, " + std::to_string(figures.num_failed) + " failed";
  if (figures.num_cancelled > 0) text += ", " + std::to_string(figures.num_cancelled) + " cancelled";
  if (figures.num_unsent > 0) text += ", " + std::to_string(figures.num_unsent) + " never sent";
  return text + ", in " + fixed(figures.seconds, 2) + " s\n";
}

std::string rates_text(const LoadFigures& figures) {
  std::string counts = std::to_string(figures.prompt_tokens) + " in prompts";
  if (figures.cached_prompt_tokens > 0) counts += " (" + std::to_string(figures.cached_prompt_tokens) + " cached)";
  counts += ", " + std::to_string(figures.output_tokens) + " in answers";
  if (figures.tokens_from == TokensFrom::kEvents) {
    counts += "; the server gave no usage, so events with text count as tokens, and those of prompts are not known";
  } else if (figures.tokens_from == TokensFrom::kNothing) {
    counts += "; the server gave no usage, so most are not known";
  }
  std::string text = fixed(figures.requests_per_second, 2) + " requests/s, " +
                     fixed(figures.output_tokens_per_second, 1) + " output tokens/s, " +
                     fixed(figures.total_tokens_per_second, 1) + " tokens/s with the prompts'\n" + "Tokens: " + counts;
  if (figures.tokens_per_event > 0) text += "; " + fixed(figures.tokens_per_event, 2) + " an event";
  return text + "\n";
}

Json distribution_json(const Distribution& distribution) {
  return Json::object({{"mean", distribution.mean},
                       {"median", distribution.median},
                       {"p90", distribution.p90},
                       {"p99", distribution.p99}});
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

std::string ending_name(const Outcome& outcome) {
  switch (outcome.ending) {
    case Ending::kSuccess:
      return "success";
    case Ending::kConnection:
      return "connection";
    case Ending::kTimeout:
      return "timeout";
    case Ending::kStatus:
      return "HTTP " + std::to_string(outcome.status);
    case Ending::kBrokenStream:
      return "broken stream";
    case Ending::kCancelled:
      break;
  }
  return "cancelled";
}

LoadFigures load_figures(const LoadResult& result) {
  LoadFigures figures{.num_unsent = result.num_unsent, .seconds = result.seconds};
  Samples samples;
  std::int64_t num_events = 0;
  for (const Outcome& outcome : result.outcomes) {
    if (outcome.ending == Ending::kCancelled) {
      ++figures.num_cancelled;
    } else if (outcome.ending != Ending::kSuccess) {
      ++figures.num_failed;
      FailureTally& tally = figures.failures[ending_name(outcome)];
      if (tally.count++ == 0) tally.example = outcome.message;
    } else {
      ++figures.num_succeeded;
      const Answer& answer = outcome.answer;
      figures.output_tokens += tokens_of(answer);
      num_events += answer.num_text_events;
      if (answer.usage) {
        figures.prompt_tokens += answer.usage->prompt_tokens;
        figures.cached_prompt_tokens += answer.usage->cached_prompt_tokens;
      } else {
        figures.tokens_from = answer.num_text_events > 0 ? TokensFrom::kEvents : TokensFrom::kNothing;
      }
      add_times(outcome, samples);
    }
  }
  figures.requests_per_second = ratio(figures.num_succeeded, figures.seconds);
  figures.output_tokens_per_second = ratio(figures.output_tokens, figures.seconds);
  figures.total_tokens_per_second = ratio(figures.prompt_tokens + figures.output_tokens, figures.seconds);
  figures.tokens_per_event = ratio(num_events > 0 ? figures.output_tokens : 0, num_events);
  figures.first_token = distribution_of(std::move(samples.first_token));
  figures.per_token = distribution_of(std::move(samples.per_token));
  figures.between_events = distribution_of(std::move(samples.between_events));
  figures.total = distribution_of(std::move(samples.total));
  const bool has_waited = std::any_of(samples.wait.begin(), samples.wait.end(), [](double wait) { return wait > 0; });
  if (has_waited) figures.wait = distribution_of(std::move(samples.wait));
  return figures;
}

std::string load_table(const LoadFigures& figures) {
  std::string text = counts_text(figures);
  if (figures.num_succeeded > 0) {
    text += rates_text(figures) + "\n" + table_line("milliseconds", {"mean", "median", "90 %", "99 %"});
    for (const NamedDistribution& named : kDistributions) {
      if (const auto& times = figures.*named.distribution) {
        text += table_line(named.text, {milliseconds(times->mean), milliseconds(times->median),
                                        milliseconds(times->p90), milliseconds(times->p99)});
      }
    }
  }
  if (!figures.failures.empty()) text += "\nFailures:\n";
  for (const auto& [kind, tally] : figures.failures) {
    text += "  " + std::to_string(tally.count) + " x " + kind + ", one of them: " + tally.example + "\n";
  }
  return text;
}

Json load_json(const LoadFigures& figures) {
  Json json = Json::object({{"succeeded", figures.num_succeeded},
                            {"failed", figures.num_failed},
                            {"cancelled", figures.num_cancelled},
                            {"unsent", figures.num_unsent},
                            {"seconds", figures.seconds},
                            {"requests_per_second", figures.requests_per_second},
                            {"prompt_tokens", figures.prompt_tokens},
                            {"cached_prompt_tokens", figures.cached_prompt_tokens},
                            {"output_tokens", figures.output_tokens},
                            {"tokens_from", name_of(figures.tokens_from, kTokenSources)},
                            {"output_tokens_per_second", figures.output_tokens_per_second},
                            {"total_tokens_per_second", figures.total_tokens_per_second},
                            {"tokens_per_event", figures.tokens_per_event}});
  for (const NamedDistribution& named : kDistributions) {
    const auto& times = figures.*named.distribution;
    json.set(named.key, times ? distribution_json(*times) : Json());
  }
  Json::Array failures;
  for (const auto& [kind, tally] : figures.failures) {
    failures.push_back(Json::object({{"kind", kind}, {"count", tally.count}, {"example", tally.example}}));
  }
  json.set("failures", std::move(failures));
  return json;
}

Json outcome_json(const Outcome& outcome) {
  const Answer& answer = outcome.answer;
  Json json = Json::object({{"index", outcome.index},
                            {"ending", ending_name(outcome)},
                            {"sent", outcome.sent_seconds},
                            {"wait", outcome.wait_seconds},
                            {"seconds", outcome.total_seconds},
                            {"time_to_first_token", optional_json(answer.first_text_seconds)},
                            {"time_to_last_token", optional_json(answer.last_text_seconds)},
                            {"events", answer.num_text_events},
                            {"prompt_tokens", answer.usage ? Json(answer.usage->prompt_tokens) : Json()},
                            {"output_tokens", answer.usage ? Json(answer.usage->output_tokens) : Json()},
                            {"finish_reason", answer.finish_reason.empty() ? Json() : Json(answer.finish_reason)}});
  if (!outcome.message.empty()) json.set("message", outcome.message);
  return json;
}

}  // namespace wedlm::load
