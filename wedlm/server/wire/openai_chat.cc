#include "wedlm/server/wire/openai_chat.h"

#include "wedlm/base/quote.h"
#include "wedlm/decode/sampling_options.h"
#include "wedlm/server/wire/logprobs_json.h"
#include "wedlm/server/wire/openai_members.h"
#include "wedlm/server/wire/openai_writer.h"

namespace wedlm::server {
namespace {

/// Tools of a call that may not use any are for the template alone.
void check_tools(CallReader& reader) {
  const Json* choice = reader.find("tool_choice");
  const bool is_unused = choice != nullptr && *choice == Json("none");
  if (!is_unused) {
    reader.refuse_unbuilt("tools",
                          "tools: calling tools is not built yet; with tool_choice \"none\" the template shows them");
  }
  if (choice != nullptr && !is_unused && *choice != Json("auto")) {
    refuse("tool_choice",
           "tool_choice: calling tools is not built yet; expected \"none\" or \"auto\", got " + shown(*choice));
  }
  reader.refuse_unbuilt("functions", "functions: calling functions is not built yet");
  reader.ignore({"function_call", "parallel_tool_calls"});
}

/// In this API logprobs says whether, and top_logprobs how many alternatives.
void read_logprobs(CallReader& reader, SamplingSettings& settings) {
  const bool wants = reader.boolean("logprobs", false);
  const Json* count = reader.find("top_logprobs");
  if (count != nullptr && !wants && *count != Json(0)) {
    refuse("top_logprobs", "top_logprobs: expected logprobs to be true beside it");
  }
  if (!wants) return;
  if (count != nullptr) return reader.give(settings, "top_logprobs", "logprobs");
  settings.give(*find_json_option("logprobs"), 0);
}

class ChatWriter final : public OpenAiWriter {
 public:
  explicit ChatWriter(AnswerContext context)
      : OpenAiWriter(std::move(context),
                     {.id_prefix = "chatcmpl-", .chunk = "chat.completion.chunk", .whole = "chat.completion"}) {}

 private:
  void begin_choice(Json& choice, std::size_t) const override {
    choice.set("delta", Json::object({{"role", "assistant"}, {"content", ""}}));
  }

  void fill_delta(Json& choice, const AnswerDelta& delta) override {
    Json message = Json::object({});
    if (!delta.text.empty()) message.set("content", delta.text);
    if (!delta.reasoning.empty()) set_reasoning(message, delta.reasoning);
    choice.set("delta", message);
    choice.set("logprobs", logprobs_of(delta.event.token_ids, delta.event.scores));
  }

  void fill_end(Json& choice) const override {
    choice.set("delta", Json::object({}));
    choice.set("logprobs", Json());
  }

  void fill_whole(Json& choice, const FinishedAnswer& answer) const override {
    Json message = Json::object({{"role", "assistant"}, {"content", answer.text}, {"refusal", Json()}});
    if (!answer.reasoning.empty()) set_reasoning(message, answer.reasoning);
    choice.set("message", message);
    choice.set("logprobs", logprobs_of(answer.result.token_ids, answer.result.scores));
  }

  /// Under both names that clients look for.
  static void set_reasoning(Json& message, const std::string& reasoning) {
    message.set("reasoning_content", reasoning);
    message.set("reasoning", reasoning);
  }

  Json logprobs_of(const std::vector<TokenId>& tokens, const std::vector<TokenScore>& scores) const {
    return scores.empty() ? Json() : chat_logprobs_json(tokens, scores, *context().tokenizer);
  }
};

}  // namespace

Call read_chat_call(const Json& body, const CallRules& rules) {
  CallReader reader(body, rules);
  Call call = reader.begin_call();
  ChatRequest& request = call.requests.front();
  check_tools(reader);
  request.prompt = reader.chat_prompt(reader.required("messages", "an array with at least one message"));
  request.num_answers = reader.num_answers(1);
  read_logprobs(reader, request.settings);
  reader.give(request.settings, "max_tokens", "max_tokens");
  reader.give(request.settings, "max_completion_tokens", "max_tokens");
  if (const Json* kinds = reader.find("modalities"); kinds != nullptr && *kinds != Json(Json::Array{"text"})) {
    refuse("modalities", "modalities: expected [\"text\"], got " + shown(*kinds));
  }
  reader.refuse_unbuilt("audio", "audio: this server writes text only");
  reader.ignore({"reasoning_effort", "verbosity", "prediction", "include_reasoning"});
  read_openai_members(reader, rules, call);
  reader.end_call(call);
  return call;
}

std::unique_ptr<AnswerWriter> make_chat_writer(AnswerContext context) {
  return std::make_unique<ChatWriter>(std::move(context));
}

}  // namespace wedlm::server
