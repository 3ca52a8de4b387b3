// A checkpoint into a smaller one: matrices rounded to a packed format (tensor/weight_format.h) and stored in the
// panels that the CPU multiplies with (backend/weight_panels.h), so that loading them is mapping them. All else stays
// as it was. Results are those of rounding at load, to the bit.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>

#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/checkpoint/output_folder.h"
#include "wedlm/model/model_config.h"

namespace wedlm {

struct QuantizeOptions {
  Quantization quantization{};
  Existing existing = Existing::kRefuse;
  int num_threads = 0;  // 0: one for each processor this process may use
  /// Called with bytes read and bytes to read in all. What it throws ends the work, which then leaves nothing.
  std::function<void(std::size_t done, std::size_t total)> progress{};
};

/// Writes the folder `out`: config.json with a quantization_config, one model.safetensors, and copies of the files for
/// tokenizer, template and generation. A head that is not packed is stored as it was. One piece of a matrix at a time
/// is in memory. Throws InvalidInput for layers that are not packed, for a checkpoint that is not sound or is quantized
/// already, for weights that are not finite, and as OutputFolder does; ResourceError naming the file that cannot be
/// read or written.
void quantize_checkpoint(const Checkpoint& checkpoint, const std::filesystem::path& out,
                         const QuantizeOptions& options);

}  // namespace wedlm
