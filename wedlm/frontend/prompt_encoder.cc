#include "wedlm/frontend/prompt_encoder.h"

#include "wedlm/base/error.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/frontend/render_prompt.h"

namespace wedlm {
namespace {

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
  return tokenizer_.encode_whole(prompt.text);
}

}  // namespace wedlm
