// The shape of a model that is trained from nothing: a config.json as a person writes it, which may leave to the
// tokenizer what follows from it.
#pragma once

#include <string>

#include "wedlm/base/json.h"
#include "wedlm/text/tokenizer.h"

namespace wedlm::train {

/// The shape with the members that it does not name: vocab_size is the tokenizer's number of tokens, eos_token_id are
/// the ends of answers and texts, architectures follow from model_type. `what` names it in messages. Throws
/// InvalidInput for what is no object, for a vocab_size below the tokenizer's, for a quantization_config, and as
/// answer_end(); other members are parse_model_config()'s to judge.
Json config_of_shape(const Json& shape, const std::string& what, const Tokenizer& tokenizer);

/// Its initializer_range, the standard deviation of the first weights; 0.02 where it names none, as in transformers.
/// Throws InvalidInput for one that is not above 0 and at most 1.
double initializer_range(const Json& shape, const std::string& what);

}  // namespace wedlm::train
