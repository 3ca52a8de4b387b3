// What a person asks, read from the command line, a file or a pipe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options/template_flags.h"
#include "wedlm/base/json.h"
#include "wedlm/frontend/prompt.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct PromptOptions {
  std::vector<std::string> texts{};
  std::optional<std::string> file{};
  std::optional<std::string> system{};
  bool raw = false;
  TemplateFlags template_flags{};
};

/// A prompt with the line of the file that it came from.
struct PromptLine {
  Prompt prompt;
  Json object{};  // all of a .jsonl file's line, or null
};

void add_prompt_options(CLI::App& app, PromptOptions& options);

/// The prompts of -p, else of --file, else of standard input where it is not a keyboard. At least one, none of them
/// empty. Throws InvalidInput naming file and line, and ResourceError for a file that cannot be read.
std::vector<Prompt> read_prompts(const PromptOptions& options);

/// The prompts of a file with many: a .jsonl file as read_prompts() takes it, and of any other each line that is not
/// blank. Throws as read_prompts().
std::vector<PromptLine> read_prompt_lines(const PromptOptions& options);

}  // namespace wedlm::cli
