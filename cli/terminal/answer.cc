#include "cli/terminal/answer.h"

#include <algorithm>
#include <chrono>

#include "cli/terminal/console.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"

namespace wedlm::cli {
namespace {

double quotient(std::int64_t count, double seconds) {
  return seconds > 0 && count > 0 ? static_cast<double>(count) / seconds : 0;
}

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string stats_line(const std::string& label, const std::string& value) {
  std::string line = label + ":";
  line.resize(std::max<std::size_t>(line.size() + 1, 22), ' ');
  return line + value + "\n";
}

/// "73 of 80 accepted; by depth 97 % 94 % 90 %": of those that were verified at that depth. Nothing without drafts.
std::string drafts_lines(const DraftCounts& drafts) {
  constexpr std::size_t kMostDepths = 16;
  if (drafts.verified.empty()) return "";
  std::string depths;
  for (std::size_t i = 0; i < std::min(drafts.verified.size(), kMostDepths); ++i) {
    depths += (i == 0 ? "" : " ") + fixed(100 * share(drafts.accepted[i], drafts.verified[i]), 0);
  }
  if (drafts.verified.size() > kMostDepths) depths += " ...";
  return stats_line("Drafts", std::to_string(drafts.num_accepted()) + " of " + std::to_string(drafts.num_verified()) +
                                  " accepted") +
         stats_line("By depth, %", depths);
}

Json counts_json(const std::vector<std::int64_t>& counts) {
  return {Json::Array(counts.begin(), counts.end())};
}

}  // namespace

double Answer::prefill_speed() const {
  return quotient(result.stats.prompt_rows, result.stats.prefill_seconds);
}

std::int64_t Answer::num_later_tokens() const {
  return result.stats.generated_tokens - result.stats.first_tokens;
}

double Answer::speed() const {
  return quotient(result.stats.generated_tokens, result.stats.prefill_seconds + result.stats.decode_seconds);
}

double Answer::decode_speed() const {
  return quotient(num_later_tokens(), result.stats.decode_seconds);
}

Answer read_answer(ResponseStream& stream, const InterruptGuard& interrupts,
                   const std::function<void(const StreamEvent& event)>& show, const std::function<void()>& cancel) {
  constexpr std::chrono::milliseconds kLookForInterrupt(50);
  Answer answer;
  bool is_cancelled = false;
  while (!stream.is_finished()) {
    if (interrupts.is_interrupted() && !is_cancelled) {
      cancel();
      is_cancelled = true;
    }
    if (const std::optional<StreamEvent> event = stream.next_for(kLookForInterrupt)) show(*event);
  }
  answer.result = stream.wait();
  return answer;
}

void check_answer(const Answer& answer, const std::string& source) {
  if (answer.result.finish_reason == FinishReason::kError) throw InternalError(source + ": " + answer.result.error);
}

Json answer_json(const Answer& answer, std::size_t index) {
  const Result& result = answer.result;
  const RequestStats& stats = result.stats;
  Json::Array token_ids;
  for (const TokenId id : result.token_ids) token_ids.emplace_back(id);
  Json json = Json::object({
      {"index", static_cast<std::int64_t>(index)},
      {"text", result.text},
      {"token_ids", token_ids},
      {"prompt_tokens", stats.prompt_tokens},
      {"finish_reason", finish_reason_name(result.finish_reason)},
      {"seed", result.seed},
      {"stats", Json::object({{"forwards", stats.forwards()},
                              {"prefill_forwards", stats.prefill_forwards},
                              {"decode_forwards", stats.decode_forwards},
                              {"rows", stats.rows()},
                              {"prompt_rows", stats.prompt_rows},
                              {"decode_rows", stats.decode_rows},
                              {"tokens", stats.generated_tokens},
                              {"tokens_per_forward", stats.tokens_per_forward()},
                              {"cacheability", stats.cacheability()},
                              {"rows_per_forward", stats.rows_per_forward()},
                              {"forwards_saved", stats.forwards_saved()},
                              {"drafts_verified", counts_json(stats.drafts.verified)},
                              {"drafts_accepted", counts_json(stats.drafts.accepted)},
                              {"prefill_seconds", stats.prefill_seconds},
                              {"decode_seconds", stats.decode_seconds},
                              {"time_to_first_token", stats.time_to_first_token_seconds},
                              {"queue_seconds", stats.queue_seconds},
                              {"prefill_speed", answer.prefill_speed()},
                              {"decode_speed", answer.decode_speed()},
                              {"cached_prompt_tokens", stats.cached_prompt_tokens},
                              {"preemptions", stats.preemptions}})},
  });
  if (!result.error.empty()) json.set("error", result.error);
  return json;
}

std::string stats_text(const Answer& answer) {
  const RequestStats& stats = answer.result.stats;
  const double seconds = stats.prefill_seconds + stats.decode_seconds;
  const std::string cached = stats.cached_prompt_tokens > 0
                                 ? " (" + std::to_string(stats.cached_prompt_tokens) + " from the prefix cache)"
                                 : "";
  return "--- Stats ---\n" + stats_line("Prompt tokens", std::to_string(stats.prompt_tokens) + cached) +
         stats_line("Tokens generated", std::to_string(stats.generated_tokens) + " (" +
                                            std::string(finish_reason_name(answer.result.finish_reason)) + ")") +
         stats_line("Time", fixed(seconds, 2) + " s") +
         stats_line("Speed", fixed(answer.decode_speed(), 1) + " tokens/s decode, " + fixed(answer.prefill_speed(), 1) +
                                 " tokens/s prefill") +
         stats_line("Forwards", std::to_string(stats.forwards()) + " (" + std::to_string(stats.rows()) + " rows)") +
         stats_line("Tokens per forward", fixed(stats.tokens_per_forward(), 2) + " (" +
                                              std::to_string(stats.forwards_saved()) + " forwards saved, " +
                                              fixed(stats.rows_per_forward(), 1) + " rows each)") +
         drafts_lines(stats.drafts) + stats_line("Cacheability", fixed(stats.cacheability(), 2)) +
         stats_line("Time to first token", fixed(stats.time_to_first_token_seconds, 3) + " s");
}

}  // namespace wedlm::cli
