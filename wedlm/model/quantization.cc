#include "wedlm/model/quantization.h"

#include <algorithm>
#include <span>
#include <vector>

#include "wedlm/backend/weight_panels.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/named.h"
#include "wedlm/base/quote.h"
#include "wedlm/tensor/rotation.h"

namespace wedlm {
namespace {

constexpr std::string_view kKey = "quantization_config";
constexpr std::string_view kMethod = "wedlm";
constexpr std::string_view kRotationKey = "rotation";

WeightType read_type(const JsonMembers& members, std::string_view key, std::span<const WeightType> types) {
  const auto name = members.text(key);
  if (!name) members.fail_missing(key);
  return parse_weight_type(members.what() + ": " + std::string(key), *name, types);
}

/// The method by which others quantized, as far as the file says.
std::string method_of(const Json& quantization) {
  if (const Json* method = quantization.find("quant_method"); method != nullptr && method->is_string()) {
    return shortened(method->as_string());
  }
  for (const char* key : {"load_in_4bit", "load_in_8bit", "_load_in_4bit", "_load_in_8bit"}) {
    if (const Json* flag = quantization.find(key); flag != nullptr && *flag == Json(true)) return "bitsandbytes";
  }
  return "a method that it does not name";
}

/// `quantization` has no method of ours.
[[noreturn]] void refuse_foreign(const JsonMembers& config, std::string_view key, const Json& quantization) {
  throw InvalidInput(config.what() + ": " + std::string(key) + ": the weights are quantized by " +
                     method_of(quantization) + ", and only those of \"" + std::string(kMethod) +
                     "\" are read: " + std::string(kTakeTheOriginal));
}

}  // namespace

ModelFormats formats_with(WeightType layers) {
  return {.layers = {.type = layers}, .head = {.type = traits_of(layers).head}};
}

ModelFormats chosen_formats(const FormatChoice& choice) {
  ModelFormats formats = formats_with(choice.layers.value_or(WeightType::kStored));
  if (choice.head) formats.head.type = *choice.head;
  if (choice.group_size) {
    if (!formats.layers.has_groups() && !formats.head.has_groups()) {
      throw InvalidInput(
          std::string(choice.group_size_name) + ": neither " + std::string(weight_type_name(formats.layers.type)) +
          " layers nor a head of " + std::string(weight_type_name(formats.head.type)) +
          " have groups; give it with weights or a head of " + joined(names_of(weight_types_with_groups()), " or "));
    }
    formats.layers.group_size = formats.head.group_size = *choice.group_size;
  }
  check_weight_format(formats.layers);
  check_weight_format(formats.head);
  return formats;
}

std::string describe(const ModelFormats& formats) {
  std::string layers = describe(formats.layers);
  const std::string head = describe(formats.head);
  if (layers == head) return layers;
  return (layers.empty() ? "as stored" : layers) + ", head " + (head.empty() ? "as stored" : head);
}

std::optional<Quantization> read_quantization(const JsonMembers& config) {
  const Json* value = config.find(kKey);
  // Keys of other programs: llm-compressor's older one, and MLX's.
  for (const char* key : {"compression_config", "quantization"}) {
    if (const Json* other = config.find(key); other != nullptr && value == nullptr) refuse_foreign(config, key, *other);
  }
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) config.fail(kKey, "an object", *value);
  const Json* method = value->find("quant_method");
  if (method == nullptr || *method != Json(kMethod)) refuse_foreign(config, kKey, *value);
  const JsonMembers members(*value, config.what() + ": " + std::string(kKey));
  if (members.find(kRotationKey) == nullptr) {
    throw InvalidInput(members.what() + ": missing key '" + std::string(kRotationKey) +
                       "': an earlier version rounded these weights another way; " + std::string(kTakeTheOriginal));
  }
  constexpr int kRotations[] = {static_cast<int>(kRotatedInputs)};
  (void)members.one_of(kRotationKey, kRotations);
  const WeightType layers = read_type(members, "weights", packed_weight_types());
  const WeightType head = read_type(members, "head", all_weight_types());
  const std::int64_t group_size = members.one_of("group_size", kGroupSizes);
  return Quantization{.formats = {.layers = {.type = layers, .group_size = group_size},
                                  .head = {.type = head, .group_size = group_size}},
                      .lanes = static_cast<int>(members.one_of("lanes", kPanelLanes))};
}

Json quantization_json(const Quantization& quantization) {
  const ModelFormats& formats = quantization.formats;
  return Json::object({{"quant_method", kMethod},
                       {"weights", weight_type_name(formats.layers.type)},
                       {"group_size", formats.layers.group_size},
                       {"head", weight_type_name(formats.head.type)},
                       {std::string(kRotationKey), kRotatedInputs},
                       {"lanes", quantization.lanes}});
}

ModelFormats formats_to_load(const std::optional<Quantization>& stored, const ModelFormats& wanted) {
  if (!stored) return wanted;
  // Described alike means the same: a group size counts only where there are groups.
  if (wanted != ModelFormats{} && describe(wanted) != describe(stored->formats)) {
    throw InvalidInput("weight formats: this checkpoint is stored as " + describe(stored->formats) +
                       ", and cannot be loaded as another; leave --weights out");
  }
  return stored->formats;
}

}  // namespace wedlm
