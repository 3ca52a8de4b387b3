// In which formats a model's matrices are kept, and how a checkpoint says so: the only reader and the only writer of
// quantization_config.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wedlm/base/json.h"
#include "wedlm/tensor/weight_format.h"

namespace wedlm {

class JsonMembers;

/// The formats that matrices are brought to. Embeddings, norms and biases stay as they are.
struct ModelFormats {
  WeightFormat layers{};  // the projections of attention and MLP
  WeightFormat head{};

  bool operator==(const ModelFormats&) const = default;
};

/// Layers of this type, and the head that goes with them.
ModelFormats formats_with(WeightType layers);

/// Formats as a person chooses them: what is not given follows from the rest, the head as formats_with() says.
struct FormatChoice {
  std::optional<WeightType> layers{};
  std::optional<std::int64_t> group_size{};
  std::optional<WeightType> head{};
  std::string_view group_size_name = "group_size";  // what messages call it
};

/// Throws InvalidInput for a group size that no matrix would have, and for one that the format does not know.
ModelFormats chosen_formats(const FormatChoice& choice);

/// For people: "int4 in groups of 64, head int8"; empty where all is as the checkpoint has it.
std::string describe(const ModelFormats& formats);

/// How `wedlm quantize` stored the matrices of a checkpoint: those of a packed format in panels.
struct Quantization {
  ModelFormats formats{};
  int lanes = 0;  // of the panels, one of kPanelLanes

  bool operator==(const Quantization&) const = default;
};

/// What to do about weights that another program quantized.
inline constexpr std::string_view kTakeTheOriginal =
    "take the bfloat16 original, which --weights int4 rounds while it is loaded and `wedlm quantize` for good";

/// The quantization_config among config.json's members; nullopt where there is none. Its members, all of which have to
/// be there: "quant_method" is "wedlm", "weights" and "head" are names of weight types, of which the first is packed,
/// "group_size" is one of kGroupSizes, "lanes" one of kPanelLanes and "rotation" is kRotatedInputs. A head that is not
/// packed is stored as it was. Throws InvalidInput naming the key for all else, also for weights that were rounded
/// before there was a rotation, and for what others quantized (GPTQ, AWQ, FP8, bitsandbytes, MLX, ...) the method.
std::optional<Quantization> read_quantization(const JsonMembers& config);

/// The quantization_config that read_quantization() reads so.
Json quantization_json(const Quantization& quantization);

/// In which formats the weights of a checkpoint are loaded: those of `wanted`, or those that they are stored in. Throws
/// InvalidInput where both are given and differ.
ModelFormats formats_to_load(const std::optional<Quantization>& stored, const ModelFormats& wanted);

}  // namespace wedlm
