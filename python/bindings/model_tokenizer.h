// What Python calls a tokenizer: that of a model, and the model's chat template where it has one.
#pragma once

#include <optional>

#include "wedlm/text/chat_template.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::python {

struct ModelTokenizer {
  Tokenizer tokenizer;
  std::optional<ChatTemplate> chat_template;
};

}  // namespace wedlm::python
