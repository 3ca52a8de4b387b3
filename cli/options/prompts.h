// What a person asks, read from the command line, a file or a pipe, and turned into the tokens of a request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/token_id.h"
#include "wedlm/engine/loaded_model.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct PromptOptions {
  std::vector<std::string> texts{};
  std::optional<std::string> file{};
  std::optional<std::string> system{};
  bool raw = false;
};

/// One prompt: either a text, or messages for the chat template.
struct Prompt {
  std::string source{};  // for messages: "line 3 of prompts.jsonl"
  std::string text{};
  Json messages{};  // an array of objects with a role, or null
  Json line{};      // the whole object of a .jsonl file's line, or null
};

void add_prompt_options(CLI::App& app, PromptOptions& options);

/// The prompts of -p, else of --file, else of standard input where it is not a keyboard. At least one, none of them
/// empty. Throws InvalidInput naming file and line, and ResourceError for a file that cannot be read.
std::vector<Prompt> read_prompts(const PromptOptions& options);

/// The prompts of a file with many: a .jsonl file as read_prompts() takes it, and of any other each line that is not
/// blank. Throws as read_prompts().
std::vector<Prompt> read_prompt_list(const PromptOptions& options);

/// The messages of a prompt, with the system message in front where there is one and they have none.
Json messages_of(const Prompt& prompt, const std::optional<std::string>& system);

/// Throws InvalidInput where the model has none.
const Tokenizer& tokenizer_of(const LoadedModel& model);

/// Whether prompts go to the model as they are, without a chat template.
bool is_raw(const PromptOptions& options, const LoadedModel& model);

/// Renders and encodes. Throws InvalidInput naming the prompt; also where the model has no tokenizer.
std::vector<TokenId> encode_prompt(const Prompt& prompt, const PromptOptions& options, const LoadedModel& model);

/// Renders messages with the model's template and encodes them.
std::vector<TokenId> encode_messages(const Json& messages, const LoadedModel& model);

}  // namespace wedlm::cli
