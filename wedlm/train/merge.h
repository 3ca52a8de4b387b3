// A LoRA adapter into the checkpoint that it was trained on: W + scale B A in place of each weight W that it changes,
// so that every program runs the result like any other checkpoint. Free of LibTorch.
#pragma once

#include <cstddef>
#include <filesystem>

#include "wedlm/base/watcher.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/checkpoint/lora_adapter.h"
#include "wedlm/checkpoint/output_folder.h"

namespace wedlm::train {

struct MergeOptions {
  Existing existing = Existing::kRefuse;  // what is replaced is a folder that this wrote
  int num_threads = 0;                    // 0: one for each processor this process may use
};

/// Writes the folder `out`: config.json, which names the mask token that the adapter was trained with and says that it
/// is merged, one model.safetensors with the weights' own types, and copies of the files for tokenizer, template and
/// generation. Sums are double, rounded to float32 and then to the weight's type. Returns how many weights changed.
/// Throws InvalidInput for a base that is quantized or is not sound, for an adapter of another model, naming its
/// module, for results that are not finite, and as OutputFolder; ResourceError naming the file that cannot be read or
/// written; Interrupted where the watcher says so. All of these leave nothing.
std::size_t merge_adapter(const Checkpoint& base, const LoraAdapter& adapter, const std::filesystem::path& out,
                          const MergeOptions& options, const Watcher& watcher);

}  // namespace wedlm::train
