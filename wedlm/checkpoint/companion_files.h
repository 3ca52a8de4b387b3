// What a checkpoint in Hugging Face's layout has beside its weights: files of JSON, and what it takes over unchanged
// from the one that it was made of.
#pragma once

#include <filesystem>

#include "wedlm/base/json.h"

namespace wedlm {

enum class Companions {
  kAll,   // the files for tokenizer, chat template and generation, and the licence
  kText,  // those for tokenizer and chat template: for other weights
};

/// Copies those of them that are there. Throws ResourceError naming the file.
void copy_companion_files(const std::filesystem::path& from, const std::filesystem::path& to,
                          Companions which = Companions::kAll);

/// Writes a value and a newline. Throws ResourceError naming the file.
void write_json_file(const std::filesystem::path& path, const Json& value);

}  // namespace wedlm
