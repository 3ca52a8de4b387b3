// Reading whole texts and lines from a file or from standard input.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wedlm {

/// A text and what to call it in messages.
struct TextInput {
  std::string name;  // the path, or "standard input"
  std::string text;
};

/// Reads the file, which may be a named pipe or a shell's `<(...)`, or standard input where `path` is "-" or absent.
/// Throws ResourceError for what cannot be read, and InvalidInput for text that is not UTF-8.
TextInput read_input(const std::optional<std::string>& path);

/// Calls visit(line, "line 3 of prompts.jsonl") for every line that is not blank.
void for_each_line(const TextInput& input,
                   const std::function<void(std::string_view line, const std::string& name)>& visit);

}  // namespace wedlm
