#include "wedlm/server/wire/openai_writer.h"

#include <array>

namespace wedlm::server {
namespace {

Json usage_json(const Usage& usage) {
  return Json::object({{"prompt_tokens", usage.prompt_tokens},
                       {"completion_tokens", usage.completion_tokens},
                       {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
                       {"prompt_tokens_details", Json::object({{"cached_tokens", usage.cached_prompt_tokens}})},
                       {"completion_tokens_details", Json::object({{"reasoning_tokens", usage.reasoning_tokens}})}});
}

Json ids_json(const std::vector<TokenId>& ids) {
  return Json::Array(ids.begin(), ids.end());
}

Json choice_of(std::size_t answer) {
  return Json::object({{"index", static_cast<std::int64_t>(answer)}});
}

}  // namespace

std::size_t OpenAiWriter::num_answers() const {
  std::size_t count = 0;
  for (const ChatRequest& request : context_.call.requests) count += static_cast<std::size_t>(request.num_answers);
  return count;
}

std::string OpenAiWriter::text_of(TokenId token) const {
  return context_.tokenizer->decode({&token, 1}, SpecialOutput::kShow);
}

Json OpenAiWriter::object(std::string_view kind, Json::Array choices) const {
  return Json::object({{"id", std::string(objects_.id_prefix) + context_.id},
                       {"object", kind},
                       {"created", context_.created},
                       {"model", context_.model},
                       {"choices", std::move(choices)}});
}

std::string OpenAiWriter::chunk(Json choice, const Json& timings) {
  Json json = object(objects_.chunk, {std::move(choice)});
  if (context_.call.shows_usage_always) {
    Usage usage = usage_of(context_, {});
    usage.completion_tokens = num_tokens_;
    json.set("usage", usage_json(usage));
  } else if (context_.call.shows_usage) {
    json.set("usage", Json());
  }
  if (!timings.is_null()) json.set("timings", timings);
  return sse_event(json);
}

std::string OpenAiWriter::begin() {
  std::string text;
  for (std::size_t answer = 0; answer < num_answers(); ++answer) {
    Json choice = choice_of(answer);
    begin_choice(choice, answer);
    choice.set("logprobs", Json());
    choice.set("finish_reason", Json());
    if (context_.call.shows_token_ids) {
      const std::size_t answers_per_prompt = num_answers() / context_.prompts.size();
      choice.set("prompt_token_ids", ids_json(context_.prompts.at(answer / answers_per_prompt)));
    }
    text += chunk(std::move(choice));
  }
  return text;
}

void OpenAiWriter::add_window(Json& choice, const AnswerDelta& delta) const {
  Json::Array window;
  for (const Window::Position& position : delta.event.window) {
    window.push_back(Json::object(
        {{"text", position.filled ? Json(text_of(position.token)) : Json()}, {"filled", position.filled}}));
  }
  choice.set("window", std::move(window));
  Json::Array rejected;
  for (const TokenId token : delta.event.rejected) rejected.emplace_back(text_of(token));
  choice.set("rejected", std::move(rejected));
  if (delta.text != delta.event.text) return;  // places of verified text count from the beginning of all of it
  Json::Array verified;
  for (const VerifiedText& part : delta.event.verified) {
    verified.emplace_back(
        Json::Array{static_cast<std::uint64_t>(part.first_byte), static_cast<std::uint64_t>(part.num_bytes)});
  }
  choice.set("verified", std::move(verified));
}

std::string OpenAiWriter::delta(const AnswerDelta& delta) {
  const Call& call = context_.call;
  num_tokens_ += std::ssize(delta.event.token_ids);
  const bool has_scores = !delta.event.scores.empty();
  if (delta.text.empty() && delta.reasoning.empty() && !has_scores && !call.shows_window &&
      (!call.shows_token_ids || delta.event.token_ids.empty())) {
    return {};
  }
  Json choice = choice_of(delta.answer);
  fill_delta(choice, delta);
  choice.set("finish_reason", Json());
  if (call.shows_token_ids) choice.set("token_ids", ids_json(delta.event.token_ids));
  if (call.shows_window) add_window(choice, delta);
  return chunk(std::move(choice));
}

std::string OpenAiWriter::finished(const FinishedAnswer& answer) {
  Json choice = choice_of(answer.answer);
  fill_end(choice);
  choice.set("finish_reason", finish_reason_name(answer.result.finish_reason));
  choice.set("stop_reason", stop_reason_json(answer.result, context_.call.requests.front()));
  if (context_.call.shows_window) add_window(choice, {});
  return chunk(std::move(choice), timings_json({&answer, 1}));
}

std::string OpenAiWriter::end(std::span<const FinishedAnswer> answers) {
  std::string text;
  if (context_.call.shows_usage) {
    Json json = object(objects_.chunk, {});
    json.set("usage", usage_json(usage_of(context_, answers)));
    text += sse_event(json);
  }
  return text + "data: [DONE]\n\n";
}

std::string OpenAiWriter::failed(const ApiFailure& failure) {
  return sse_event(openai_error(failure)) + "data: [DONE]\n\n";
}

Json OpenAiWriter::whole(std::span<const FinishedAnswer> answers) {
  Json::Array choices;
  const std::size_t answers_per_prompt = answers.size() / context_.prompts.size();
  for (const FinishedAnswer& answer : answers) {
    Json choice = choice_of(answer.answer);
    fill_whole(choice, answer);
    choice.set("finish_reason", finish_reason_name(answer.result.finish_reason));
    choice.set("stop_reason", stop_reason_json(answer.result, context_.call.requests.front()));
    if (context_.call.shows_token_ids) {
      choice.set("token_ids", ids_json(answer.result.token_ids));
      choice.set("prompt_token_ids", ids_json(context_.prompts.at(answer.answer / answers_per_prompt)));
    }
    choices.push_back(std::move(choice));
  }
  Json json = object(objects_.whole, std::move(choices));
  json.set("usage", usage_json(usage_of(context_, answers)));
  json.set("timings", timings_json(answers));
  return json;
}

}  // namespace wedlm::server
