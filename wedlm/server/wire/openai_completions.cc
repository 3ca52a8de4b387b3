#include "wedlm/server/wire/openai_completions.h"

#include <algorithm>
#include <vector>

#include "wedlm/base/quote.h"
#include "wedlm/server/wire/logprobs_json.h"
#include "wedlm/server/wire/openai_members.h"
#include "wedlm/server/wire/openai_writer.h"

namespace wedlm::server {
namespace {

constexpr std::int32_t kDefaultMaxTokens = 16;  // of this API, everywhere

Prompt raw_prompt(const Json& text_or_ids) {
  return with_param("prompt", [&] {
    return prompt_of_json(Json::object({{"prompt", text_or_ids}, {"raw", true}}), "the request");
  });
}

/// A text, token ids, or a list of either.
std::vector<Prompt> read_prompts(const Json& value) {
  const bool is_list = value.is_array() && !value.as_array().empty() && !value.as_array().front().is_integer();
  std::vector<Prompt> prompts;
  if (!is_list) {
    prompts.push_back(raw_prompt(value));
  } else {
    for (const Json& one : value.as_array()) prompts.push_back(raw_prompt(one));
  }
  return prompts;
}

class CompletionsWriter final : public OpenAiWriter {
 public:
  explicit CompletionsWriter(AnswerContext context)
      : OpenAiWriter(std::move(context),
                     {.id_prefix = "cmpl-", .chunk = "text_completion", .whole = "text_completion"}) {}

 private:
  void begin_choice(Json& choice, std::size_t answer) const override { choice.set("text", echo(answer)); }

  void fill_delta(Json& choice, const AnswerDelta& delta) override {
    choice.set("text", delta.reasoning + delta.text);
    if (offsets_.size() <= delta.answer) offsets_.resize(delta.answer + 1);
    choice.set("logprobs", logprobs_of(delta.event.token_ids, delta.event.scores, offsets_[delta.answer]));
  }

  void fill_end(Json& choice) const override {
    choice.set("text", "");
    choice.set("logprobs", Json());
  }

  void fill_whole(Json& choice, const FinishedAnswer& answer) const override {
    std::size_t offset = 0;
    choice.set("text", echo(answer.answer) + answer.result.text);
    choice.set("logprobs", logprobs_of(answer.result.token_ids, answer.result.scores, offset));
  }

  std::string echo(std::size_t answer) const {
    if (!context().call.shows_prompt) return {};
    const auto answers_per_prompt = static_cast<std::size_t>(context().call.requests.front().num_answers);
    const std::size_t prompt = answer / answers_per_prompt;
    const Prompt& asked = context().call.requests.at(prompt).prompt;
    return asked.token_ids.empty() ? asked.text : context().tokenizer->decode(asked.token_ids, SpecialOutput::kShow);
  }

  Json logprobs_of(const std::vector<TokenId>& tokens, const std::vector<TokenScore>& scores,
                   std::size_t& offset) const {
    return scores.empty() ? Json() : completions_logprobs_json(tokens, scores, *context().tokenizer, offset);
  }

  std::vector<std::size_t> offsets_;  // characters of each answer before the next token
};

}  // namespace

Call read_completions_call(const Json& body, const CallRules& rules) {
  CallReader reader(body, rules);
  Call call = reader.begin_call("prompt");
  ChatRequest request = call.requests.front();
  const std::vector<Prompt> prompts = read_prompts(reader.required("prompt", "a text, token ids, or a list of either"));
  request.num_answers = reader.num_answers(prompts.size());
  reader.refuse_unbuilt("suffix", "suffix: this model continues a text and cannot fill in before another");
  if (const auto best = reader.integer("best_of", 1, kMaxAnswers); best && *best != request.num_answers) {
    refuse("best_of", "best_of: choosing among more answers than n is not built; expected " +
                          std::to_string(request.num_answers) + ", got " + std::to_string(*best));
  }
  call.shows_prompt = reader.boolean("echo", false);
  if (call.shows_prompt && reader.find("logprobs") != nullptr) {
    refuse("echo", "echo: log-probabilities of a prompt are not built; leave out logprobs or echo");
  }
  if (reader.find("max_tokens") == nullptr) {
    const std::int32_t fallback = std::min(kDefaultMaxTokens, rules.settings.default_max_tokens());
    request.settings.set_default_max_tokens(fallback);
  }
  reader.give(request.settings, "max_tokens", "max_tokens");
  reader.give(request.settings, "logprobs", "logprobs");
  call.requests.assign(1, request);
  read_openai_members(reader, rules, call);
  request = call.requests.front();
  call.requests.assign(prompts.size(), request);
  for (std::size_t i = 0; i < prompts.size(); ++i) call.requests[i].prompt = prompts[i];
  reader.end_call(call);
  return call;
}

std::unique_ptr<AnswerWriter> make_completions_writer(AnswerContext context) {
  return std::make_unique<CompletionsWriter>(std::move(context));
}

}  // namespace wedlm::server
