#include "cli/terminal/stats_text.h"

#include <algorithm>

#include "wedlm/base/number_text.h"
#include "wedlm/base/ratio.h"

namespace wedlm::cli {
namespace {

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
    depths += (i == 0 ? "" : " ") + fixed(100 * ratio(drafts.accepted[i], drafts.verified[i]), 0);
  }
  if (drafts.verified.size() > kMostDepths) depths += " ...";
  return stats_line("Drafts", std::to_string(drafts.num_accepted()) + " of " + std::to_string(drafts.num_verified()) +
                                  " accepted") +
         stats_line("By depth, %", depths);
}

}  // namespace

std::string stats_text(const Result& result) {
  const RequestStats& stats = result.stats;
  const double seconds = stats.prefill_seconds + stats.decode_seconds;
  const std::string cached = stats.cached_prompt_tokens > 0
                                 ? " (" + std::to_string(stats.cached_prompt_tokens) + " from the prefix cache)"
                                 : "";
  return "--- Stats ---\n" + stats_line("Prompt tokens", std::to_string(stats.prompt_tokens) + cached) +
         stats_line("Tokens generated", std::to_string(stats.generated_tokens) + " (" +
                                            std::string(finish_reason_name(result.finish_reason)) + ")") +
         stats_line("Time", fixed(seconds, 2) + " s") +
         stats_line("Speed", fixed(stats.decode_speed(), 1) + " tokens/s decode, " + fixed(stats.prefill_speed(), 1) +
                                 " tokens/s prefill") +
         stats_line("Forwards", std::to_string(stats.forwards()) + " (" + std::to_string(stats.rows()) + " rows)") +
         stats_line("Tokens per forward", fixed(stats.tokens_per_forward(), 2) + " (" +
                                              std::to_string(stats.forwards_saved()) + " forwards saved, " +
                                              fixed(stats.rows_per_forward(), 1) + " rows each)") +
         drafts_lines(stats.drafts) + stats_line("Cacheability", fixed(stats.cacheability(), 2)) +
         stats_line("Time to first token", fixed(stats.time_to_first_token_seconds, 3) + " s");
}

}  // namespace wedlm::cli
