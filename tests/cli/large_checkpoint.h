// A checkpoint of zeros of any size, in the shipped model's form: its file is a hole after the header, which takes no
// room on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/base/json.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {

struct LargeShape {
  std::int64_t num_layers = 40;    // of 10 million weights each
  std::int64_t vocab_size = 2048;  // of the embeddings, 1024 weights each
};

/// config.json and model.safetensors, in bfloat16.
inline ModelConfig write_large_checkpoint(const std::filesystem::path& folder, const LargeShape& shape) {
  Json::Object config = parse_json(read_text(nano_model() / "config.json"), "config.json").as_object();
  for (auto& [key, value] : config) {
    if (key == "hidden_size") value = 1024;
    if (key == "intermediate_size") value = 3072;
    if (key == "num_hidden_layers") value = shape.num_layers;
    if (key == "vocab_size") value = shape.vocab_size;
  }
  std::ofstream(folder / "config.json") << write_json(config);
  const ModelConfig read = parse_model_config(config);
  std::vector<TensorPlan> tensors;
  for (const WeightSpec& spec : weight_list(read)) {
    tensors.push_back({.name = spec.name, .dtype = DType::kBF16, .shape = spec.shape});
  }
  const std::filesystem::path file = folder / "model.safetensors";
  const std::int64_t bytes = SafetensorsWriter(file, tensors).file_bytes();
  std::filesystem::resize_file(file, static_cast<std::uintmax_t>(bytes));
  return read;
}

}  // namespace wedlm
