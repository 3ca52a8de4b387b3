#include "wedlm/server/wire/anthropic_messages.h"

#include <limits>
#include <optional>

#include "wedlm/base/json_values.h"
#include "wedlm/base/quote.h"
#include "wedlm/server/wire/call_reader.h"

namespace wedlm::server {
namespace {

[[noreturn]] void refuse_value(const std::string& param, std::string_view expected, const Json& got) {
  refuse(param, param + ": expected " + std::string(expected) + ", got " + shown(got));
}

/// A text, or the texts of blocks. Thinking of former answers goes into `thinking`, or is refused where that is null.
std::string text_of(const Json& content, const std::string& param, std::string* thinking) {
  if (content.is_string()) return content.as_string();
  if (!content.is_array()) refuse_value(param, "a text or an array of blocks", content);
  std::string text;
  for (std::size_t i = 0; i < content.as_array().size(); ++i) {
    const Json& block = content.as_array()[i];
    const std::string name = param + "." + std::to_string(i);
    const Json* type = block.find("type");
    if (type == nullptr || !type->is_string()) refuse_value(name, "a block with a type", block);
    const std::string& kind = type->as_string();
    const bool is_thinking = kind == "thinking" && thinking != nullptr;
    if (kind != "text" && !is_thinking) {
      if (kind == "redacted_thinking" && thinking != nullptr) continue;
      refuse(name, name + ": blocks of type " + quote(kind) + " are not built; expected text");
    }
    const Json* value = block.find(is_thinking ? "thinking" : "text");
    if (value == nullptr || !value->is_string()) refuse_value(name, "a " + kind + " that is a text", block);
    (is_thinking ? *thinking : text) += value->as_string();
  }
  return text;
}

Json plain_messages(CallReader& reader) {
  Json::Array plain;
  if (const Json* system = reader.find("system")) {
    plain.push_back(Json::object({{"role", "system"}, {"content", text_of(*system, "system", nullptr)}}));
  }
  const Json& messages = reader.required("messages", "an array with at least one message");
  if (!messages.is_array() || messages.as_array().empty()) {
    refuse_value("messages", "an array with at least one message", messages);
  }
  for (std::size_t i = 0; i < messages.as_array().size(); ++i) {
    const Json& message = messages.as_array()[i];
    const std::string name = "messages." + std::to_string(i);
    const Json* role = message.find("role");
    if (role == nullptr || (*role != Json("user") && *role != Json("assistant"))) {
      refuse_value(name + ".role", "user or assistant", role == nullptr ? message : *role);
    }
    const Json* content = message.find("content");
    if (content == nullptr) refuse_value(name + ".content", "a text or an array of blocks", message);
    std::string thinking;
    Json one = Json::object({{"role", *role}, {"content", text_of(*content, name + ".content", &thinking)}});
    if (!thinking.empty()) one.set("reasoning_content", thinking);
    plain.push_back(std::move(one));
  }
  return plain;
}

void read_thinking(CallReader& reader, Call& call, Json& kwargs) {
  const Json* thinking = reader.find("thinking");
  if (thinking == nullptr) return;
  const Json* type = thinking->find("type");
  const bool is_enabled = type != nullptr && (*type == Json("enabled") || *type == Json("adaptive"));
  if (!is_enabled && (type == nullptr || *type != Json("disabled"))) {
    refuse_value("thinking", "an object of type enabled or disabled", *thinking);
  }
  kwargs.set("enable_thinking", is_enabled);
  const Json* budget = thinking->find("budget_tokens");
  if (!is_enabled || budget == nullptr || budget->is_null()) return;
  if (!budget->is_integer() || budget->as_integer() < 1 ||
      budget->as_integer() > std::numeric_limits<std::int32_t>::max()) {
    refuse_value("thinking.budget_tokens", "an integer from 1", *budget);
  }
  call.thinking_budget = static_cast<std::int32_t>(budget->as_integer());
}

void read_prompt(CallReader& reader, Call& call) {
  reader.refuse_unbuilt("tools", "tools: calling tools is not built yet");
  const Json* choice = reader.find("tool_choice");
  const Json* choice_type = choice == nullptr ? nullptr : choice->find("type");
  if (choice != nullptr && (choice_type == nullptr || (*choice_type != Json("none") && *choice_type != Json("auto")))) {
    refuse("tool_choice",
           "tool_choice: calling tools is not built yet; expected type none or auto, got " + shown(*choice));
  }
  reader.refuse_unbuilt("mcp_servers", "mcp_servers: calling tools is not built yet");
  Json kwargs = Json::object({});
  read_thinking(reader, call, kwargs);
  const Json messages = plain_messages(reader);
  // An answer of the assistant's that stands last is the beginning of the next.
  const bool continues = messages.as_array().back().at("role") == Json("assistant");
  Prompt& prompt = call.requests.front().prompt;
  prompt = reader.chat_prompt(messages);
  prompt = with_template_arguments(std::move(prompt), kwargs);
  if (continues) prompt.turn_end = TurnEnd::kContinue;
}

std::string_view stop_reason(const Result& result) {
  if (result.finish_reason == FinishReason::kLength) return "max_tokens";
  return result.stop_text ? "stop_sequence" : "end_turn";
}

class MessagesWriter final : public AnswerWriter {
 public:
  explicit MessagesWriter(AnswerContext context) : context_(std::move(context)) {}

  std::string begin() override {
    Json message = message_json(Json::Array{}, Json(), Json());
    message.set("usage", usage_json({}));
    return sse_event(Json::object({{"type", "message_start"}, {"message", std::move(message)}}), "message_start");
  }

  std::string delta(const AnswerDelta& delta) override {
    std::string text;
    if (!delta.reasoning.empty()) {
      text += open(Block::kThinking);
      text += block_delta(Json::object({{"type", "thinking_delta"}, {"thinking", delta.reasoning}}));
    }
    if (!delta.text.empty()) {
      text += open(Block::kText);
      text += block_delta(Json::object({{"type", "text_delta"}, {"text", delta.text}}));
    }
    return text;
  }

  std::string finished(const FinishedAnswer& answer) override {
    std::string text;
    if (block_ != Block::kText) text += open(Block::kText);  // an answer has at least one, if an empty one
    text += close();
    const Json delta = Json::object(
        {{"stop_reason", stop_reason(answer.result)}, {"stop_sequence", json_value::written(answer.result.stop_text)}});
    text += sse_event(Json::object({{"type", "message_delta"},
                                    {"delta", delta},
                                    {"usage", usage_json({&answer, 1})},
                                    {"timings", timings_json({&answer, 1})}}),
                      "message_delta");
    return text;
  }

  std::string end(std::span<const FinishedAnswer>) override {
    return sse_event(Json::object({{"type", "message_stop"}}), "message_stop");
  }

  std::string failed(const ApiFailure& failure) override { return sse_event(anthropic_error(failure), "error"); }

  Json whole(std::span<const FinishedAnswer> answers) override {
    const FinishedAnswer& answer = answers.front();
    Json::Array content;
    if (!answer.reasoning.empty()) content.push_back(block_json(Block::kThinking, answer.reasoning));
    content.push_back(block_json(Block::kText, answer.text));
    Json message = message_json(std::move(content), Json(stop_reason(answer.result)),
                                json_value::written(answer.result.stop_text));
    message.set("usage", usage_json(answers));
    message.set("timings", timings_json(answers));
    return message;
  }

 private:
  enum class Block { kNone, kThinking, kText };

  static Json block_json(Block block, const std::string& text) {
    if (block == Block::kText) return Json::object({{"type", "text"}, {"text", text}});
    return Json::object({{"type", "thinking"}, {"thinking", text}, {"signature", ""}});
  }

  Json message_json(Json::Array content, Json reason, Json sequence) const {
    return Json::object({{"id", "msg_" + context_.id},
                         {"type", "message"},
                         {"role", "assistant"},
                         {"model", context_.model},
                         {"content", std::move(content)},
                         {"stop_reason", std::move(reason)},
                         {"stop_sequence", std::move(sequence)}});
  }

  /// As there, tokens of the prompt that were cached are not among input_tokens.
  Json usage_json(std::span<const FinishedAnswer> answers) const {
    const Usage usage = usage_of(context_, answers);
    return Json::object({{"input_tokens", usage.prompt_tokens - usage.cached_prompt_tokens},
                         {"cache_creation_input_tokens", 0},
                         {"cache_read_input_tokens", usage.cached_prompt_tokens},
                         {"output_tokens", usage.completion_tokens}});
  }

  /// Makes this the block that grows.
  std::string open(Block block) {
    if (block_ == block) return {};
    std::string text = close();
    block_ = block;
    ++index_;
    return text + sse_event(Json::object({{"type", "content_block_start"},
                                          {"index", index_},
                                          {"content_block", block_json(block, "")}}),
                            "content_block_start");
  }

  std::string close() {
    if (block_ == Block::kNone) return {};
    block_ = Block::kNone;
    return sse_event(Json::object({{"type", "content_block_stop"}, {"index", index_}}), "content_block_stop");
  }

  std::string block_delta(Json delta) const {
    return sse_event(Json::object({{"type", "content_block_delta"}, {"index", index_}, {"delta", std::move(delta)}}),
                     "content_block_delta");
  }

  AnswerContext context_;
  Block block_ = Block::kNone;
  int index_ = -1;
};

}  // namespace

Call read_count_tokens_call(const Json& body, const CallRules& rules) {
  CallReader reader(body, rules);
  Call call = reader.begin_call();
  read_prompt(reader, call);
  return call;
}

Call read_messages_call(const Json& body, const CallRules& rules) {
  CallReader reader(body, rules);
  Call call = reader.begin_call();
  read_prompt(reader, call);
  SamplingSettings& settings = call.requests.front().settings;
  reader.required("max_tokens", "an integer from 1");
  reader.give(settings, "max_tokens", "max_tokens");
  reader.give(settings, "stop_sequences", "stop");
  reader.ignore({"metadata", "service_tier", "container", "context_management", "betas", "output_config"});
  reader.give_all(settings);
  reader.end_call(call);
  return call;
}

std::unique_ptr<AnswerWriter> make_messages_writer(AnswerContext context) {
  return std::make_unique<MessagesWriter>(std::move(context));
}

}  // namespace wedlm::server
