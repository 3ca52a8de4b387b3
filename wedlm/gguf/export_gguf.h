// A checkpoint as one GGUF file, which llama.cpp and its kin load: so that others can time their engine on the same
// function. What they make of it is plain autoregressive decoding; of the mask token they know the number.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/checkpoint/output_folder.h"
#include "wedlm/gguf/gguf_type.h"
#include "wedlm/model/model_shapes.h"

namespace wedlm {

/// "bf16", "f16", "q8_0", "q4_0", "f32".
std::vector<std::string_view> gguf_type_names();
/// Throws InvalidInput for any other name, listing these.
GgufType parse_gguf_type(std::string_view name);

struct GgufOptions {
  /// Of the matrices. With kQ4_0 embeddings and head are kQ8_0; matrices whose rows are no multiple of 32 are kF16
  /// where blocks were asked for. Norms and biases are float32.
  GgufType type = GgufType::kBF16;
  std::optional<ModelShape> inflate{};  // inside this larger shape (model/inflated_weights.h)
  Existing existing = Existing::kRefuse;
  int num_threads = 0;  // 0: one for each processor this process may use
  /// Called with bytes written and bytes to write in all. What it throws ends the work, which then leaves nothing.
  std::function<void(std::size_t done, std::size_t total)> progress{};
};

/// Writes the file `out` with weights, tokenizer and chat template, where the folder has these. One weight at a time is
/// in memory, and a piece of it as it is written. Throws InvalidInput where something stands at `out`, unless that is a
/// GGUF file which kReplace gives up; for a checkpoint that is not sound, is quantized, or is one that the file cannot
/// describe (gguf_metadata(), load_tokenizer_tables()); for weights that are not finite or too large for the type; and
/// as inflated_config(). ResourceError naming the file that cannot be read or written.
void export_gguf(const Checkpoint& checkpoint, const std::filesystem::path& out, const GgufOptions& options);

}  // namespace wedlm
