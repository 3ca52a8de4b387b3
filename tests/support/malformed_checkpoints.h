// Checkpoints that must be refused: each one is a small valid checkpoint with one thing wrong, and says how it has to
// be refused. The library's tests and the command line's run all of them.
#pragma once

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace wedlm {

/// A safetensors file of this header (which need not be one) and this data.
std::string safetensors_file(std::string_view header, std::string_view data);

/// The two parts of a sound one.
struct SafetensorsParts {
  std::string header;
  std::string data;
};
SafetensorsParts safetensors_parts(const std::filesystem::path& path);

/// Writes a complete checkpoint of about 900 parameters: one Qwen3-like layer, float32, weights untied, no tokenizer.
void write_small_checkpoint(const std::filesystem::path& folder);

struct MalformedCheckpoint {
  enum class Refusal { kInvalidInput, kResourceError };

  std::string name;  // letters, digits and underscores
  Refusal refusal = Refusal::kInvalidInput;
  std::vector<std::string> words;                           // all stand in the message
  std::function<void(const std::filesystem::path&)> write;  // `folder` exists and is empty
  bool needs_ordinary_user = false;                         // what is wrong is a permission, which root does not need
};

/// So that a test's name shows the checkpoint's name.
inline std::ostream& operator<<(std::ostream& out, const MalformedCheckpoint& checkpoint) {
  return out << checkpoint.name;
}

const std::vector<MalformedCheckpoint>& malformed_checkpoints();

}  // namespace wedlm
