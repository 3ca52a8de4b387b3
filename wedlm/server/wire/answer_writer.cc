#include "wedlm/server/wire/answer_writer.h"

#include <algorithm>

namespace wedlm::server {

std::string sse_event(const Json& data, std::string_view name) {
  std::string text;
  if (!name.empty()) text.append("event: ").append(name).append("\n");
  return text.append("data: ").append(write_json(data)).append("\n\n");
}

Usage usage_of(const AnswerContext& context, std::span<const FinishedAnswer> answers) {
  Usage usage;
  for (const auto& prompt : context.prompts) usage.prompt_tokens += std::ssize(prompt);
  const std::size_t answers_per_prompt = context.prompts.empty() ? 1 : answers.size() / context.prompts.size();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const RequestStats& stats = answers[i].result.stats;
    usage.completion_tokens += stats.generated_tokens;
    usage.reasoning_tokens +=
        static_cast<std::int64_t>(answers[i].num_thinking_tokens - answers[i].num_inserted_tokens);
    if (i % std::max<std::size_t>(answers_per_prompt, 1) == 0) usage.cached_prompt_tokens += stats.cached_prompt_tokens;
  }
  return usage;
}

Json stop_reason_json(const Result& result, const ChatRequest& request) {
  if (result.finish_reason != FinishReason::kStop || result.token_ids.empty()) return {};
  if (result.stop_text) return *result.stop_text;
  const Json settings = request.settings.json();
  const Json* asked = settings.find("stop_token_ids");
  const Json last(result.token_ids.back());
  const bool is_asked =
      asked != nullptr && (*asked == last || (asked->is_array() && std::ranges::count(asked->as_array(), last) > 0));
  return is_asked ? last : Json();
}

RequestStats sum_of(std::span<const FinishedAnswer> answers) {
  RequestStats sum;
  const auto keep_longest = [](double& longest, double seconds) { longest = std::max(longest, seconds); };
  for (const FinishedAnswer& answer : answers) {
    const RequestStats& one = answer.result.stats;
    sum.prompt_tokens += one.prompt_tokens;
    sum.cached_prompt_tokens += one.cached_prompt_tokens;
    sum.generated_tokens += one.generated_tokens;
    sum.first_tokens += one.first_tokens;
    sum.prefill_forwards += one.prefill_forwards;
    sum.decode_forwards += one.decode_forwards;
    sum.prompt_rows += one.prompt_rows;
    sum.decode_rows += one.decode_rows;
    keep_longest(sum.queue_seconds, one.queue_seconds);
    keep_longest(sum.prefill_seconds, one.prefill_seconds);
    keep_longest(sum.decode_seconds, one.decode_seconds);
    keep_longest(sum.time_to_first_token_seconds, one.time_to_first_token_seconds);
  }
  return sum;
}

Json timings_json(std::span<const FinishedAnswer> answers) {
  const RequestStats sum = sum_of(answers);
  Json json = Json::object({{"queue_seconds", sum.queue_seconds},
                            {"prompt_seconds", sum.prefill_seconds},
                            {"decode_seconds", sum.decode_seconds},
                            {"tokens_per_second", sum.speed()},
                            {"prompt_tokens_per_second", sum.prefill_speed()},
                            {"decode_tokens_per_second", sum.decode_speed()},
                            {"prompt_tokens", sum.prompt_tokens},
                            {"cached_prompt_tokens", sum.cached_prompt_tokens},
                            {"completion_tokens", sum.generated_tokens},
                            {"forwards", sum.forwards()},
                            {"decode_forwards", sum.decode_forwards},
                            {"tokens_per_forward", sum.tokens_per_forward()},
                            {"rows", sum.rows()}});
  if (!answers.empty()) json.set("seed", answers.front().result.seed);
  return json;
}

}  // namespace wedlm::server
