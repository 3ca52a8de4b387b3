#include "wedlm/server/wire/openai_responses.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "wedlm/server/wire/logprobs_json.h"

namespace wedlm::server {
namespace {

class ResponsesWriter final : public AnswerWriter {
 public:
  explicit ResponsesWriter(AnswerContext context) : context_(std::move(context)) {}

  std::string begin() override {
    std::string text = event("response.created", {{"response", response_json("in_progress", {})}});
    return text += event("response.in_progress", {{"response", response_json("in_progress", {})}});
  }

  std::string delta(const AnswerDelta& delta) override {
    std::string text;
    const StreamEvent& came = delta.event;
    tokens_.insert(tokens_.end(), came.token_ids.begin(), came.token_ids.end());
    scores_.insert(scores_.end(), came.scores.begin(), came.scores.end());
    num_told_ = std::max(num_told_, delta.num_thinking_tokens);
    if (!delta.reasoning.empty()) {
      text += open(Item::kReasoning);
      reasoning_ += delta.reasoning;
      text += part_event("response.reasoning_text.delta", {{"delta", delta.reasoning}});
    }
    if (!delta.text.empty()) {
      text += open(Item::kMessage);
      text_ += delta.text;
      text += part_event("response.output_text.delta",
                         {{"delta", delta.text}, {"logprobs", logprobs_of(tokens_, scores_, num_told_)}});
      num_told_ = tokens_.size();
    }
    return text;
  }

  std::string finished(const FinishedAnswer& answer) override {
    std::string text;
    if (item_ != Item::kMessage) text += open(Item::kMessage);  // an answer has one, if an empty one
    return text + close(is_complete(answer) ? "completed" : "incomplete", logprobs_of(answer));
  }

  std::string end(std::span<const FinishedAnswer> answers) override {
    const std::string_view type = is_complete(answers.front()) ? "response.completed" : "response.incomplete";
    return event(type, {{"response", whole(answers)}});
  }

  std::string failed(const ApiFailure& failure) override {
    const Json error = Json::object({{"code", "server_error"}, {"message", failure.message}});
    return event("response.failed", {{"response", with(response_json("failed", {}), "error", error)}});
  }

  Json whole(std::span<const FinishedAnswer> answers) override {
    const FinishedAnswer& answer = answers.front();
    const std::string_view status = is_complete(answer) ? "completed" : "incomplete";
    Json::Array output;
    if (!answer.reasoning.empty()) {
      output.push_back(item_json(Item::kReasoning, "completed", part_json(Item::kReasoning, answer.reasoning)));
    }
    output.push_back(item_json(Item::kMessage, status, part_json(Item::kMessage, answer.text, logprobs_of(answer))));
    Json response = response_json(status, std::move(output));
    if (is_complete(answer)) {
      const RequestStats stats = sum_of(answers);
      const double seconds = stats.queue_seconds + stats.prefill_seconds + stats.decode_seconds;
      response = with(response, "completed_at", context_.created + static_cast<std::int64_t>(std::llround(seconds)));
    } else {
      response = with(response, "incomplete_details", Json::object({{"reason", "max_output_tokens"}}));
    }
    const Usage usage = usage_of(context_, answers);
    response =
        with(response, "usage",
             Json::object({{"input_tokens", usage.prompt_tokens},
                           {"input_tokens_details",
                            Json::object({{"cached_tokens", usage.cached_prompt_tokens}, {"cache_write_tokens", 0}})},
                           {"output_tokens", usage.completion_tokens},
                           {"output_tokens_details", Json::object({{"reasoning_tokens", usage.reasoning_tokens}})},
                           {"total_tokens", usage.prompt_tokens + usage.completion_tokens}}));
    response.set("timings", timings_json(answers));
    return response;
  }

 private:
  enum class Item { kNone, kReasoning, kMessage };

  static bool is_complete(const FinishedAnswer& answer) { return answer.result.finish_reason != FinishReason::kLength; }

  /// The same object with another value of a member that it has.
  static Json with(const Json& object, std::string_view key, const Json& value) {
    Json::Object members = object.as_object();
    for (JsonMember& member : members) {
      if (member.key == key) member.value = value;
    }
    return members;
  }

  std::string event(std::string_view type, std::initializer_list<JsonMember> members) {
    Json json = Json::object({{"type", type}, {"sequence_number", sequence_number_++}});
    for (const JsonMember& member : members) json.set(member.key, member.value);
    return sse_event(json, type);
  }

  /// About the only part of the item that grows.
  std::string part_event(std::string_view type, std::initializer_list<JsonMember> members) {
    Json json = Json::object({{"type", type},
                              {"sequence_number", sequence_number_++},
                              {"item_id", item_id(item_)},
                              {"output_index", output_index_},
                              {"content_index", 0}});
    for (const JsonMember& member : members) json.set(member.key, member.value);
    return sse_event(json, type);
  }

  Json response_json(std::string_view status, Json::Array output) const {
    const ChatRequest& asked = context_.call.requests.front();
    const Json settings = asked.settings.json();
    const auto setting = [&](std::string_view name, const Json& fallback) {
      const Json* value = settings.find(name);
      return value == nullptr ? fallback : *value;
    };
    Json json = Json::object({{"id", "resp_" + context_.id},
                              {"object", "response"},
                              {"created_at", context_.created},
                              {"completed_at", Json()},
                              {"status", status},
                              {"background", false},
                              {"error", Json()},
                              {"incomplete_details", Json()},
                              {"instructions", Json()},
                              {"max_output_tokens", setting("max_tokens", Json())},
                              {"model", context_.model},
                              {"output", std::move(output)},
                              {"parallel_tool_calls", true},
                              {"previous_response_id", Json()},
                              {"reasoning", Json::object({{"effort", Json()}, {"summary", Json()}})},
                              {"store", false},
                              {"temperature", setting("temperature", Json())},
                              {"text", Json::object({{"format", Json::object({{"type", "text"}})}})},
                              {"tool_choice", "auto"},
                              {"tools", Json::Array{}},
                              {"top_p", setting("top_p", Json())},
                              {"truncation", "disabled"},
                              {"usage", Json()},
                              {"user", Json()},
                              {"metadata", Json::object({})}});
    for (const JsonMember& member : context_.call.repeated.as_object()) json = with(json, member.key, member.value);
    return json;
  }

  std::string item_id(Item item) const { return (item == Item::kReasoning ? "rs_" : "msg_") + context_.id; }

  static Json part_json(Item item, const std::string& text, Json logprobs = Json::Array{}) {
    if (item == Item::kReasoning) return Json::object({{"type", "reasoning_text"}, {"text", text}});
    return Json::object(
        {{"type", "output_text"}, {"text", text}, {"annotations", Json::Array{}}, {"logprobs", std::move(logprobs)}});
  }

  /// With its part, or none where there is no text yet.
  Json item_json(Item item, std::string_view status, std::optional<Json> part = std::nullopt) const {
    Json::Array content;
    if (part) content.push_back(*std::move(part));
    Json json = Json::object({{"id", item_id(item)}});
    if (item == Item::kReasoning) {
      json.set("type", "reasoning");
      json.set("summary", Json::Array{});
    } else {
      json.set("type", "message");
      json.set("role", "assistant");
    }
    json.set("status", status);
    json.set("content", std::move(content));
    return json;
  }

  std::string open(Item item) {
    if (item_ == item) return {};
    std::string text = close("completed", Json::Array{});  // thinking, before a message
    item_ = item;
    ++output_index_;
    text += event("response.output_item.added",
                  {{"output_index", output_index_}, {"item", item_json(item, "in_progress")}});
    return text + part_event("response.content_part.added", {{"part", part_json(item, "")}});
  }

  /// `logprobs` are those of a message.
  std::string close(std::string_view status, const Json& logprobs) {
    if (item_ == Item::kNone) return {};
    const bool is_message = item_ == Item::kMessage;
    const std::string& grown = is_message ? text_ : reasoning_;
    const Json part = part_json(item_, grown, logprobs);
    std::string text = is_message ? part_event("response.output_text.done", {{"text", grown}, {"logprobs", logprobs}})
                                  : part_event("response.reasoning_text.done", {{"text", grown}});
    text += part_event("response.content_part.done", {{"part", part}});
    text +=
        event("response.output_item.done", {{"output_index", output_index_}, {"item", item_json(item_, status, part)}});
    item_ = Item::kNone;
    return text;
  }

  /// Of those from `first` on.
  Json logprobs_of(std::span<const TokenId> tokens, std::span<const TokenScore> scores, std::size_t first) const {
    if (scores.size() <= first) return Json::Array{};
    return chat_logprobs_json(tokens.subspan(first), scores.subspan(first), *context_.tokenizer).at("content");
  }

  Json logprobs_of(const FinishedAnswer& answer) const {
    return logprobs_of(answer.result.token_ids, answer.result.scores, answer.num_thinking_tokens);
  }

  AnswerContext context_;
  Item item_ = Item::kNone;
  int output_index_ = -1;
  int sequence_number_ = 0;
  std::vector<TokenId> tokens_;  // so far, thinking too
  std::vector<TokenScore> scores_;
  std::size_t num_told_ = 0;  // of the tokens the first ones: thinking, or their log-probabilities were in an event
  std::string text_;
  std::string reasoning_;
};

}  // namespace

std::unique_ptr<AnswerWriter> make_responses_writer(AnswerContext context) {
  return std::make_unique<ResponsesWriter>(std::move(context));
}

}  // namespace wedlm::server
