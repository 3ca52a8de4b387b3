// The tokens that a tokenizer adds around a text as a whole (Hugging Face's post-processors): a beginning, an end. They
// are not for text that a chat template wrote, which has its own. Internal to wedlm/text.
#pragma once

#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/token_id.h"

namespace wedlm {

/// What a whole text becomes: token ids in order, with kNoToken where the text's own tokens stand.
using WholeForm = std::vector<TokenId>;

/// Reads the section "post_processor" of a tokenizer.json; nullptr or null adds nothing. Throws InvalidInput for a type
/// that is not known (known are ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing and a Sequence of
/// them) and for a template that names a token or a text which it does not have.
WholeForm parse_post_processor(const Json* json);

/// The text's tokens in that form.
std::vector<TokenId> in_whole_form(const WholeForm& form, std::vector<TokenId> ids);

}  // namespace wedlm
