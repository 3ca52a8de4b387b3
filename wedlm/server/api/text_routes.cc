#include "wedlm/server/api/text_routes.h"

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/frontend/render_prompt.h"
#include "wedlm/server/wire/anthropic_messages.h"
#include "wedlm/server/wire/call_reader.h"

namespace wedlm::server {
namespace {

const ChatTemplate& template_of(const ServedModel& served) {
  if (const ChatTemplate* chat_template = served.model.chat_template()) return *chat_template;
  throw ApiError({.status = 422, .message = "messages: this model has no chat template", .param = "messages"});
}

std::vector<TokenId> encode_messages(CallReader& reader, const ServedModel& served) {
  const Prompt prompt = reader.chat_prompt(reader.required("messages", "an array with at least one message"));
  template_of(served);
  return with_param("messages", [&] { return served.encoder.encode(prompt); });
}

}  // namespace

Json tokenize(const Json& body, const CallRules& rules, const ServedModel& served) {
  CallReader reader(body, rules);
  const Tokenizer& tokenizer = served.encoder.tokenizer();
  std::vector<TokenId> ids;
  if (reader.find("messages") != nullptr) {
    ids = encode_messages(reader, served);
  } else {
    const std::optional<std::string> content = reader.text("content");  // as llama.cpp's server calls it
    const std::optional<std::string> text = content ? content : reader.text("prompt");
    if (!text) refuse("prompt", "prompt: expected a text, or messages instead, got nothing");
    reader.text_prompt(*text);  // what is for messages has to be right here too
    ids = reader.boolean("add_special_tokens", true) ? tokenizer.encode_whole(*text) : tokenizer.encode(*text);
  }
  Json json = Json::object({{"tokens", Json::Array(ids.begin(), ids.end())},
                            {"count", static_cast<std::uint64_t>(ids.size())},
                            {"max_model_len", served.engine.options().max_model_len}});
  if (reader.boolean("return_token_strs", false)) {
    Json::Array texts;
    for (const TokenId id : ids) texts.emplace_back(tokenizer.decode({&id, 1}, SpecialOutput::kShow));
    json.set("token_strs", std::move(texts));
  }
  return json;
}

Json detokenize(const Json& body, const CallRules& rules, const ServedModel& served) {
  CallReader reader(body, rules);
  const Json& tokens = reader.required("tokens", "an array of token ids");
  const auto vocab_size = static_cast<std::int64_t>(served.encoder.tokenizer().vocab_size());
  const auto fail = [&](const Json& got) {
    refuse("tokens",
           "tokens: expected an array of token ids below " + std::to_string(vocab_size) + ", got " + shown(got));
  };
  if (!tokens.is_array()) fail(tokens);
  std::vector<TokenId> ids;
  for (const Json& id : tokens.as_array()) {
    if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() >= vocab_size) fail(id);
    ids.push_back(static_cast<TokenId>(id.as_integer()));
  }
  return Json::object({{"prompt", served.encoder.tokenizer().decode(ids, SpecialOutput::kShow)}});
}

Json apply_template(const Json& body, const CallRules& rules, const ServedModel& served) {
  CallReader reader(body, rules);
  const Prompt prompt = reader.chat_prompt(reader.required("messages", "an array with at least one message"));
  const ChatTemplate& chat_template = template_of(served);
  return Json::object({{"prompt", with_param("messages", [&] { return render_prompt(chat_template, prompt); })}});
}

Json count_tokens(const Json& body, const CallRules& rules, const ServedModel& served) {
  const Call call = read_count_tokens_call(body, rules);
  template_of(served);
  const auto ids = with_param("messages", [&] { return served.encoder.encode(call.requests.front().prompt); });
  return Json::object({{"input_tokens", static_cast<std::uint64_t>(ids.size())}});
}

}  // namespace wedlm::server
