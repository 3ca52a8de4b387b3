// What a folder or file holds that was taken for a checkpoint in safetensors and is none, and what to do about it.
#pragma once

#include <filesystem>
#include <string>

namespace wedlm {

/// For the end of a message: "; it holds llama.cpp's model.gguf: take ...". Empty where nothing in the folder is known.
std::string explain_folder(const std::filesystem::path& folder);

/// The same of one file, by its name.
std::string explain_file(const std::filesystem::path& path);

}  // namespace wedlm
