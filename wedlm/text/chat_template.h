// The chat template of a checkpoint: messages into the text that the model was trained on. The language is the part of
// Jinja that Hugging Face's apply_chat_template offers, with its settings: trim_blocks, lstrip_blocks, loop controls,
// the immutable sandbox, raise_exception, strftime_now, tojson without HTML escapes, and {% generation %}. Differences:
// integers are computed with in 64 bits (longer ones are shown and compared), lazy sequences (range, map, dict views)
// are lists, and nothing is ever HTML-safe. Source: Jinja 3.1 "Template Designer Documentation"; transformers' "Chat
// templates" guide.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wedlm/base/json.h"

namespace wedlm {

/// A copy shares what is parsed. All of its functions are thread-safe.
class ChatTemplate {
 public:
  /// Nothing is read or parsed before the first rendering: a template that is not needed may be wrong.
  explicit ChatTemplate(std::string source, std::string name = "chat template");

  /// The templates of a checkpoint's folder: chat_template.jinja, named "default", with additional_chat_templates/
  /// NAME.jinja, which wins where both are called so. Where there are no such files, the member chat_template of
  /// tokenizer_config.json: a string, an object with a string for each name, or an array of objects with name and
  /// template. nullopt where there is none of all these. The special tokens of tokenizer_config.json (bos_token and so
  /// on) become variables. Throws InvalidInput for a tokenizer_config.json that is no object, and ResourceError.
  static std::optional<ChatTemplate> load(const std::filesystem::path& folder);

  /// This template with the special tokens of a checkpoint's folder. Throws as load().
  ChatTemplate with_tokens_of(const std::filesystem::path& folder) const;

  /// The template of that name alone; nullopt where there is none.
  std::optional<ChatTemplate> named(std::string_view name) const;

  /// `variables` is an object: messages, tools, add_generation_prompt and whatever else the template knows (say
  /// enable_thinking). As in Hugging Face, the template "tool_use" is taken where tools are not null and there is one,
  /// else "default"; tools and documents are none where they are not given; and a variable hides the special token of
  /// the same name. Throws InvalidInput "name line 12: unknown filter 'foo'" for what is no template and for an error
  /// in it, for a rendering past the limits on steps, depth and size, where there is no such template, and with its
  /// message where the template calls raise_exception.
  std::string render(const Json& variables) const;

  /// The template that render() takes without tools, as it is written. Throws as render().
  std::string text() const;

  /// What is wrong with the first template that cannot be parsed; nullopt where all can.
  std::optional<std::string> fault() const;

  /// A special token of the checkpoint that the template sees; nullopt where there is none of that name.
  std::optional<std::string> special_token(std::string_view name) const;

 private:
  class Source;
  using Sources = std::map<std::string, std::shared_ptr<const Source>, std::less<>>;

  explicit ChatTemplate(Sources sources) : sources_(std::move(sources)) {}
  static Sources sources_of_files(const std::filesystem::path& folder);
  static Sources sources_of_config(const Json& member);
  const Source& chosen(bool has_tools) const;

  Sources sources_;  // by name; at least one
  Json special_tokens_ = Json::object({});
};

}  // namespace wedlm
