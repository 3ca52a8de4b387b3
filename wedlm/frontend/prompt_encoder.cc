#include "wedlm/frontend/prompt_encoder.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/engine/loaded_model.h"

namespace wedlm {
namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";

std::string_view without_leading_space(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text;
}

std::string_view without_trailing_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

/// The text of a message; of a list of parts that of the last one that has any.
std::string final_text(const Json& message) {
  const Json* content = message.find("content");
  if (content != nullptr && content->is_array()) {
    const Json::Array& parts = content->as_array();
    const auto part = std::find_if(parts.rbegin(), parts.rend(), [](const Json& one) { return one.find("text"); });
    content = part == parts.rend() ? nullptr : part->find("text");
  }
  if (content == nullptr || !content->is_string()) {
    throw InvalidInput("continue_final_message: expected a last message with text, got " + shown(message));
  }
  return content->as_string();
}

/// Ends the text with the last message, as Hugging Face's apply_chat_template does: what the template puts after it is
/// cut off, and its own trailing space stays where the template has kept it.
std::string cut_after_message(std::string rendered, std::string_view message) {
  const std::string_view from_first_letter = without_leading_space(message);
  const std::string_view letters = without_trailing_space(from_first_letter);
  const std::size_t start = letters.empty() ? std::string::npos : rendered.rfind(letters);
  if (start == std::string::npos) {
    throw InvalidInput("continue_final_message: expected the last message in what the chat template makes of it, got " +
                       quote(rendered));
  }
  const bool keeps_space = std::string_view(rendered).substr(start).starts_with(from_first_letter);
  rendered.resize(start + (keeps_space ? from_first_letter : letters).size());
  return rendered;
}

const Tokenizer& tokenizer_of(const LoadedModel& model) {
  if (model.tokenizer() == nullptr) {
    throw InvalidInput(model.folder().string() +
                       ": expected tokenizer files (tokenizer.json, or vocab.json and merges.txt), found none");
  }
  return *model.tokenizer();
}

}  // namespace

PromptEncoder::PromptEncoder(const LoadedModel& model) : PromptEncoder(tokenizer_of(model), model.chat_template()) {}

std::vector<TokenId> PromptEncoder::encode(const Prompt& prompt) const {
  try {
    std::vector<TokenId> token_ids = encode_without_source(prompt);
    if (token_ids.empty()) throw InvalidInput("expected a text, got an empty one");
    return token_ids;
  } catch (const InvalidInput& error) {
    throw InvalidInput(prompt.source + ": " + error.what());
  }
}

std::vector<TokenId> PromptEncoder::encode_without_source(const Prompt& prompt) const {
  if (!prompt.token_ids.empty()) return prompt.token_ids;
  if (prompt.form == PromptForm::kChat && has_chat_template()) {
    return tokenizer_.encode(render_prompt(*chat_template_, prompt), SpecialTokens::kParse);
  }
  if (!prompt.messages.is_null()) {
    throw InvalidInput(has_chat_template() ? "messages need the chat template, which a raw prompt leaves out"
                                           : "messages need a chat template, and this checkpoint has none");
  }
  return tokenizer_.encode(prompt.text, SpecialTokens::kParse);
}

std::string render_prompt(const ChatTemplate& chat_template, const Prompt& prompt) {
  const Json messages = messages_of(prompt);
  Json variables =
      Json::object({{"messages", messages}, {"add_generation_prompt", prompt.turn_end == TurnEnd::kAnswer}});
  if (prompt.template_arguments.is_object()) {
    for (const JsonMember& argument : prompt.template_arguments.as_object())
      variables.set(argument.key, argument.value);
  }
  std::string rendered = chat_template.render(variables);
  if (prompt.turn_end != TurnEnd::kContinue) return rendered;
  return cut_after_message(std::move(rendered), final_text(messages.as_array().back()));
}

}  // namespace wedlm
