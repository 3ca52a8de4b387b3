#include "cli/options/prompts.h"

#include "cli/options/option_group.h"
#include "cli/terminal/terminal.h"
#include "cli/terminal/text_input.h"
#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"

namespace wedlm::cli {
namespace {

Json message(std::string_view role, const std::string& content) {
  return Json::object({{"role", role}, {"content", content}});
}

void check_messages(const Json& messages, const std::string& source) {
  if (!messages.is_array() || messages.as_array().empty()) {
    throw InvalidInput(source + ": messages: expected an array with at least one message, got " + shown(messages));
  }
  for (const Json& one : messages.as_array()) {
    const Json* role = one.find("role");
    if (role == nullptr || !role->is_string()) {
      throw InvalidInput(source + ": expected each message to be an object with a role, got " + shown(one));
    }
  }
}

Prompt prompt_of_line(std::string_view line, const std::string& source, bool raw) {
  const Json object = parse_json(line, source);
  const Json* text = object.find("prompt");
  const Json* messages = object.find("messages");
  if ((text == nullptr) == (messages == nullptr)) {
    throw InvalidInput(source + ": expected an object with either prompt or messages, got " + shown(object));
  }
  if (text != nullptr) {
    if (!text->is_string()) throw InvalidInput(source + ": prompt: expected a string, got " + shown(*text));
    return {.source = source, .text = text->as_string(), .line = object};
  }
  if (raw) throw InvalidInput(source + ": messages need the chat template, which --raw leaves out");
  check_messages(*messages, source);
  return {.source = source, .messages = *messages, .line = object};
}

std::vector<Prompt> prompts_of_lines(const TextInput& input, bool raw) {
  std::vector<Prompt> prompts;
  for_each_line(input, [&](std::string_view line, const std::string& source) {
    prompts.push_back(prompt_of_line(line, source, raw));
  });
  if (prompts.empty()) throw InvalidInput(input.name + ": expected at least one line with a prompt, found none");
  return prompts;
}

/// The newline that ends the last line of a text file is no part of a question; a raw prompt is taken to the byte.
std::string without_last_newline(std::string text, bool raw) {
  if (!raw && text.ends_with('\n')) text.pop_back();
  if (!raw && text.ends_with('\r')) text.pop_back();
  return text;
}

std::vector<Prompt> prompts_of_input(const PromptOptions& options) {
  if (!options.file && is_input_terminal()) {
    throw InvalidInput("no prompt: give one with -p TEXT or --file FILE, or pipe a text in");
  }
  TextInput input = read_input(options.file);
  if (options.file && options.file->ends_with(".jsonl")) return prompts_of_lines(input, options.raw);
  return {{.source = input.name, .text = without_last_newline(std::move(input.text), options.raw)}};
}

void check_system(const PromptOptions& options) {
  if (options.raw && options.system) {
    throw InvalidInput("--system needs the chat template, which --raw leaves out; give one of them");
  }
}

}  // namespace

void add_prompt_options(CLI::App& app, PromptOptions& options) {
  OptionGroup group(app, "Prompt");
  group.texts({.names = "-p,--prompt", .value = "TEXT", .text = "What to ask. May be repeated: all run as one batch."},
              options.texts);
  group.path({.names = "-f,--file",
              .value = "FILE",
              .text = "Read the prompt from a file, `-` for standard input. A .jsonl file has one prompt a line, "
                      "{\"prompt\": ...} or {\"messages\": [...]}, and all run as one batch."},
             options.file);
  group.text({.names = "-s,--system", .value = "TEXT", .text = "The system message."}, options.system);
  group.flag({.names = "--raw",
              .text = "Give the prompt to the model as it is, without the chat template. Special tokens in it count."},
             options.raw);
}

std::vector<Prompt> read_prompt_list(const PromptOptions& options) {
  if (!options.file || options.file->ends_with(".jsonl")) return read_prompts(options);
  check_system(options);
  std::vector<Prompt> prompts;
  for_each_line(read_input(options.file), [&](std::string_view line, const std::string& source) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    prompts.push_back({.source = source, .text = std::string(line)});
  });
  if (prompts.empty()) throw InvalidInput(*options.file + ": expected at least one line with a prompt, found none");
  return prompts;
}

std::vector<Prompt> read_prompts(const PromptOptions& options) {
  if (!options.texts.empty() && options.file) throw InvalidInput("give either --prompt or --file, not both");
  check_system(options);
  std::vector<Prompt> prompts;
  for (const std::string& text : options.texts) {
    const std::string number = options.texts.size() > 1 ? " " + std::to_string(prompts.size() + 1) : "";
    prompts.push_back({.source = "prompt" + number, .text = text});
  }
  if (prompts.empty()) prompts = prompts_of_input(options);
  for (const Prompt& prompt : prompts) {
    if (prompt.messages.is_null() && prompt.text.empty()) {
      throw InvalidInput(prompt.source + ": expected a text, got an empty one");
    }
  }
  return prompts;
}

Json messages_of(const Prompt& prompt, const std::optional<std::string>& system) {
  Json::Array messages;
  if (prompt.messages.is_null()) {
    messages.push_back(message("user", prompt.text));
  } else {
    messages = prompt.messages.as_array();
  }
  if (system && messages.front().at("role") != Json("system")) {
    messages.insert(messages.begin(), message("system", *system));
  }
  return messages;
}

bool is_raw(const PromptOptions& options, const LoadedModel& model) {
  return options.raw || model.chat_template() == nullptr;
}

std::vector<TokenId> encode_prompt(const Prompt& prompt, const PromptOptions& options, const LoadedModel& model) {
  const Tokenizer& tokenizer = tokenizer_of(model);
  if (is_raw(options, model)) {
    if (!prompt.messages.is_null()) {
      throw InvalidInput(prompt.source + ": messages need a chat template, and this checkpoint has none");
    }
    return tokenizer.encode(prompt.text, SpecialTokens::kParse);
  }
  try {
    return encode_messages(messages_of(prompt, options.system), model);
  } catch (const InvalidInput& error) {
    throw InvalidInput(prompt.source + ": " + error.what());
  }
}

std::vector<TokenId> encode_messages(const Json& messages, const LoadedModel& model) {
  const Json variables = Json::object({{"messages", messages}, {"add_generation_prompt", true}});
  return tokenizer_of(model).encode(model.chat_template()->render(variables), SpecialTokens::kParse);
}

const Tokenizer& tokenizer_of(const LoadedModel& model) {
  if (model.tokenizer() == nullptr) {
    throw InvalidInput(model.folder().string() +
                       ": expected tokenizer files (tokenizer.json, or vocab.json and merges.txt), found none");
  }
  return *model.tokenizer();
}

}  // namespace wedlm::cli
