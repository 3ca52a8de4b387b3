// GET /models and /models/{model}: the one model that is served.
#pragma once

#include <string>
#include <string_view>

#include "wedlm/base/json.h"
#include "wedlm/server/api/served_model.h"
#include "wedlm/server/wire/call.h"

namespace wedlm::server {

/// Throws ApiError (404) where a client asks for a model of another name.
void check_model_name(const ServedModel& served, std::string_view asked);

/// With the members of OpenAI's models and of Anthropic's, whose clients ask at the same place, the model's longest
/// text in tokens, its modes, and what holds where a request does not say otherwise.
Json model_json(const ServedModel& served, const CallRules& rules);

/// The list with this model.
Json models_json(const ServedModel& served, const CallRules& rules);

/// "%41%2F" as "A/". What is no such escape stays as it is.
std::string percent_decoded(std::string_view text);

}  // namespace wedlm::server
