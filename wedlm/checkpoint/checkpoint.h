// A checkpoint folder in Hugging Face's layout: config.json, generation_config.json where there is one, and the weights
// in model.safetensors or in the shards that model.safetensors.index.json lists. It checks that files and index agree;
// whether the tensors are those a model needs is the model's question.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/checkpoint/safetensors.h"

namespace wedlm {

class Checkpoint {
 public:
  /// A tensor and the file that holds it. Its name is that of the model with its head: Hugging Face leaves "model." out
  /// where it stores a Qwen3Model alone.
  struct Entry : NamedTensor {
    std::size_t file = 0;  // an index into files()
  };

  /// Reads the JSON files and every tensor header; the weights themselves are mapped and not touched.
  /// Throws ResourceError for a folder or file that is missing or cannot be read, and InvalidInput for contents that
  /// are not a checkpoint.
  static Checkpoint open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  /// config.json: an object.
  const Json& config() const { return config_; }
  /// generation_config.json: an object, or nullptr where there is none.
  const Json* generation_config() const { return generation_config_ ? &*generation_config_ : nullptr; }

  /// nullptr where there is no tensor of that name. The views live as long as this object and what it is moved to.
  const Entry* find(std::string_view name) const;
  /// Every tensor, in the order of the names.
  const std::vector<Entry>& tensors() const { return tensors_; }
  const std::vector<SafetensorsFile>& files() const { return files_; }
  /// The bytes of all tensors.
  std::int64_t total_bytes() const;

 private:
  Checkpoint() = default;
  void read_shards(const std::filesystem::path& index_path);
  void add_file(const std::filesystem::path& path);
  void name_as_with_head();
  void sort_tensors();

  std::filesystem::path folder_;
  Json config_;
  std::optional<Json> generation_config_;
  std::vector<SafetensorsFile> files_;
  std::vector<Entry> tensors_;
};

}  // namespace wedlm
