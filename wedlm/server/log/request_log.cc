#include "wedlm/server/log/request_log.h"

#include <chrono>
#include <ctime>

#include "wedlm/base/json.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"

namespace wedlm::server {
namespace {

std::string time_text() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[40];
  const std::size_t length = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string digits = std::to_string(1000 + milliseconds);
  return std::string(buffer, length) + "." + digits.substr(1) + "Z";
}

Json record_json(const RequestRecord& record) {
  Json json = Json::object({{"time", time_text()},
                            {"id", record.id},
                            {"client", record.client},
                            {"method", record.method},
                            {"path", shortened(record.path)},
                            {"status", record.status},
                            {"seconds", record.seconds}});
  if (const auto& stats = record.stats) {
    json.set("prompt_tokens", stats->prompt_tokens);
    json.set("cached_prompt_tokens", stats->cached_prompt_tokens);
    json.set("completion_tokens", stats->generated_tokens);
    json.set("forwards", stats->forwards());
    json.set("queue_seconds", stats->queue_seconds);
    json.set("time_to_first_token", stats->time_to_first_token_seconds);
    json.set("tokens_per_second", stats->speed());
  }
  if (record.num_unknown_members > 0) {
    json.set("unknown_members", static_cast<std::uint64_t>(record.num_unknown_members));
  }
  if (!record.error.empty()) json.set("error", shortened(record.error));
  if (!record.prompt.empty()) json.set("prompt", record.prompt);
  return json;
}

std::string record_text(const RequestRecord& record) {
  std::string line = time_text() + " " + record.id + " " + record.client + " " + record.method + " " +
                     on_one_line(shortened(record.path)) + " " + std::to_string(record.status) + " " +
                     fixed(record.seconds * 1000, 1) + " ms";
  if (const auto& stats = record.stats) {
    line += "; prompt " + std::to_string(stats->prompt_tokens) + " (" + std::to_string(stats->cached_prompt_tokens) +
            " cached), answer " + std::to_string(stats->generated_tokens) + " tokens in " +
            std::to_string(stats->forwards()) + " forwards, queue " + fixed(stats->queue_seconds * 1000, 1) +
            " ms, first token " + fixed(stats->time_to_first_token_seconds * 1000, 1) + " ms, " +
            fixed(stats->speed(), 1) + " tokens/s";
  }
  if (record.num_unknown_members > 0) {
    line += "; ignored " + std::to_string(record.num_unknown_members) + " unknown members";
  }
  if (!record.error.empty()) line += "; " + on_one_line(shortened(record.error));
  if (!record.prompt.empty()) line += "; prompt: " + on_one_line(record.prompt);
  return line;
}

}  // namespace

std::string log_line(const RequestRecord& record, LogFormat format) {
  return format == LogFormat::kJson ? write_json(record_json(record)) : record_text(record);
}

}  // namespace wedlm::server
