// Prompts into the tokens that a model reads: through its chat template, or as they are.
#pragma once

#include <vector>

#include "wedlm/frontend/prompt.h"
#include "wedlm/text/chat_template.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm {

class LoadedModel;

class PromptEncoder {
 public:
  /// `chat_template` may be nullptr; both must outlive this.
  PromptEncoder(const Tokenizer& tokenizer, const ChatTemplate* chat_template)
      : tokenizer_(tokenizer), chat_template_(chat_template) {}
  /// Those of a model, which must outlive this. Throws InvalidInput where it has no tokenizer.
  explicit PromptEncoder(const LoadedModel& model);

  const Tokenizer& tokenizer() const { return tokenizer_; }
  bool has_chat_template() const { return chat_template_ != nullptr; }

  /// At least one token. Without a chat template a text is taken as it is in either form. Throws InvalidInput with the
  /// prompt's source: for messages without a template, for an error of the template, for an empty prompt.
  std::vector<TokenId> encode(const Prompt& prompt) const;

 private:
  std::vector<TokenId> encode_without_source(const Prompt& prompt) const;

  const Tokenizer& tokenizer_;
  const ChatTemplate* chat_template_;
};

}  // namespace wedlm
