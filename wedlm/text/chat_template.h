// The chat template of a checkpoint: messages into the text that the model was trained on. The language is the part of
// Jinja that Hugging Face's apply_chat_template offers, with its settings: trim_blocks, lstrip_blocks, loop controls,
// the immutable sandbox, raise_exception, strftime_now, tojson without HTML escapes, and {% generation %}. Differences:
// integers have 64 bits, lazy sequences (range, map, dict views) are lists, and nothing is ever HTML-safe.
// Source: Jinja 3.1 "Template Designer Documentation"; transformers' "Chat templates" guide.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "wedlm/base/json.h"

namespace wedlm {

class ChatTemplate {
 public:
  /// Parses. Throws InvalidInput "name line 12: unknown filter 'foo'" for what is no template, for a construct that is
  /// not known, and past the limits on size and nesting.
  explicit ChatTemplate(const std::string& source, std::string name = "chat template");

  /// The template of a checkpoint's folder: chat_template.jinja, else the member chat_template of
  /// tokenizer_config.json, which is a string or a list of named templates, of which "default" is taken. nullopt where
  /// there is neither. The special tokens of tokenizer_config.json (bos_token and so on) become variables.
  /// Throws InvalidInput, and ResourceError for a file that cannot be read.
  static std::optional<ChatTemplate> load(const std::filesystem::path& folder);

  /// `variables` is an object: messages, tools, add_generation_prompt and whatever else the template knows (say
  /// enable_thinking). As in Hugging Face, tools and documents are none where they are not given, and a variable hides
  /// the special token of the same name. Throws InvalidInput for an error in the template, for a rendering past the
  /// limits on steps, depth and size, and with its message where the template calls raise_exception. Thread-safe.
  std::string render(const Json& variables) const;

  /// A special token of the checkpoint that the template sees; nullopt where there is none of that name.
  std::optional<std::string> special_token(std::string_view name) const;

 private:
  struct Parsed;
  std::string name_;
  Json special_tokens_ = Json::object({});
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace wedlm
