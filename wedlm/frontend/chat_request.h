// A request as a client puts it, before it is known which model will answer: a prompt, and what is asked of sampling.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/engine/request.h"
#include "wedlm/frontend/prompt.h"
#include "wedlm/frontend/prompt_encoder.h"
#include "wedlm/frontend/sampling_settings.h"

namespace wedlm {

struct ChatRequest {
  Prompt prompt;
  SamplingSettings settings;
  int priority = 0;
  int num_answers = 1;  // 1 to kMaxAnswers: so many draws for one prompt
};
inline constexpr int kMaxAnswers = 1024;

/// Reads an object with the members of a prompt (prompt_of_json()), those of sampling_options() by their JSON names or
/// the original engine's, "priority" and "n", the number of answers. null is the same as not given. Throws
/// InvalidInput, with `source` in front, that names the member, says what was expected and, for a member that nobody
/// knows, the nearest that there is.
ChatRequest request_of_json(const Json& object, const std::string& source, const SamplingSettings& defaults = {});

/// What request_of_json() reads so.
Json request_json(const ChatRequest& request);

/// What the engine takes, one for each answer. With a seed the first has that, and each further one the next; without,
/// each has a fresh one. `suggestions` are those of the model whose encoder this is. Throws as PromptEncoder::encode(),
/// and InvalidInput for a number of answers out of range.
std::vector<Request> engine_requests(const ChatRequest& request, const PromptEncoder& encoder,
                                     const GenerationDefaults& suggestions);

/// The same for a model: its tokenizer is only wanted where the prompt is not token ids already.
std::vector<Request> engine_requests(const ChatRequest& request, const LoadedModel& model);

}  // namespace wedlm
