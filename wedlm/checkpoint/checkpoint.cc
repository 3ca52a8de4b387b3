#include "wedlm/checkpoint/checkpoint.h"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/other_contents.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxConfigBytes = 1'000'000;   // a config has about a thousand
constexpr std::size_t kMaxIndexBytes = 100'000'000;  // as a safetensors header
constexpr std::size_t kMaxShardNameBytes = 255;

/// Throws where `folder` is none; says more than a failure to open config.json would.
void check_folder(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) {
    throw ResourceError("cannot open the checkpoint " + folder.string() + ": no such folder");
  }
  if (error) throw ResourceError("cannot open the checkpoint " + folder.string() + ": " + error.message());
  if (status.type() != fs::file_type::directory) {
    throw InvalidInput("cannot open the checkpoint " + folder.string() +
                       ": it is a file; expected a folder that holds config.json and *.safetensors" +
                       explain_file(folder));
  }
}

Json read_object(const fs::path& path, std::size_t max_bytes) {
  const MappedFile file(path);
  if (file.text().size() > max_bytes) {
    throw InvalidInput(path.string() + ": it has " + std::to_string(file.text().size()) + " bytes, expected at most " +
                       std::to_string(max_bytes));
  }
  Json value = parse_json(file.text(), path.string());
  if (!value.is_object()) {
    throw InvalidInput(path.string() + ": expected a JSON object, got " + std::string(value.kind()));
  }
  return value;
}

/// A shard is a file beside the index and nothing else, whatever the index says.
bool is_plain_file_name(const std::string& name) {
  const auto is_plain = [](unsigned char c) { return c >= 0x20 && c != '/' && c != '\\' && c != 0x7F; };
  return !name.empty() && name.size() <= kMaxShardNameBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_plain);
}

/// The index's weight_map: tensor -> shard.
std::map<std::string, std::string, std::less<>> read_weight_map(const fs::path& index_path) {
  const Json index = read_object(index_path, kMaxIndexBytes);
  const Json* weight_map = index.find("weight_map");
  if (weight_map == nullptr) throw InvalidInput(index_path.string() + ": missing key 'weight_map'");
  if (!weight_map->is_object()) {
    throw InvalidInput(index_path.string() + ": weight_map should be an object, not " +
                       std::string(weight_map->kind()));
  }
  if (weight_map->as_object().empty()) throw InvalidInput(index_path.string() + ": weight_map is empty");
  std::map<std::string, std::string, std::less<>> shard_of;
  for (const JsonMember& member : weight_map->as_object()) {
    if (!member.value.is_string() || !is_plain_file_name(member.value.as_string())) {
      throw InvalidInput(index_path.string() + ": tensor " + quote(member.key) + " is mapped to " +
                         shown(member.value) + ", which is not the name of a file in the same folder");
    }
    shard_of.emplace(member.key, member.value.as_string());
  }
  return shard_of;
}

}  // namespace

Checkpoint Checkpoint::open(const fs::path& folder) {
  check_folder(folder);
  Checkpoint checkpoint;
  checkpoint.folder_ = folder;
  if (!is_present(folder / "config.json")) {
    throw ResourceError("cannot open the checkpoint " + folder.string() + ": it has no config.json" +
                        explain_folder(folder));
  }
  checkpoint.config_ = read_object(folder / "config.json", kMaxConfigBytes);
  if (is_present(folder / "generation_config.json")) {
    checkpoint.generation_config_ = read_object(folder / "generation_config.json", kMaxConfigBytes);
  }
  // The single file comes first, as in Hugging Face's own loader: a folder may hold an index for another format too.
  if (is_present(folder / "model.safetensors")) {
    checkpoint.add_file(folder / "model.safetensors");
  } else if (is_present(folder / "model.safetensors.index.json")) {
    checkpoint.read_shards(folder / "model.safetensors.index.json");
  } else {
    throw ResourceError("cannot open the checkpoint " + folder.string() +
                        ": it has neither model.safetensors nor model.safetensors.index.json" + explain_folder(folder));
  }
  checkpoint.name_as_with_head();
  checkpoint.sort_tensors();
  return checkpoint;
}

void Checkpoint::read_shards(const fs::path& index_path) {
  const auto shard_of = read_weight_map(index_path);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : shard_of) shards.insert(shard);
  for (const std::string& shard : shards) {
    if (!is_present(folder_ / shard)) {
      throw ResourceError("cannot open the checkpoint " + folder_.string() + ": the shard " + quote(shard) +
                          " that model.safetensors.index.json lists is missing" + explain_folder(folder_));
    }
    add_file(folder_ / shard);
  }
  std::set<std::string_view> found;
  for (const Entry& entry : tensors_) {
    const std::string shard = files_[entry.file].path().filename().string();
    const auto listed = shard_of.find(entry.name);
    if (listed == shard_of.end()) {
      throw InvalidInput(index_path.string() + ": tensor " + quote(entry.name) + " is in " + quote(shard) +
                         " but not in weight_map");
    }
    if (listed->second != shard) {
      throw InvalidInput(index_path.string() + ": tensor " + quote(entry.name) + " is in " + quote(shard) +
                         ", but weight_map says " + quote(listed->second));
    }
    found.insert(entry.name);
  }
  for (const auto& [tensor, shard] : shard_of) {
    if (!found.contains(tensor)) {
      throw InvalidInput(index_path.string() + ": tensor " + quote(tensor) + " is not in " + quote(shard) +
                         ", where weight_map says it is");
    }
  }
}

void Checkpoint::add_file(const fs::path& path) {
  files_.emplace_back(path);
  for (const NamedTensor& named : files_.back().tensors()) {
    tensors_.push_back({named, files_.size() - 1});
  }
}

void Checkpoint::name_as_with_head() {
  const auto is_of_model = [](const Entry& entry) { return entry.name.starts_with("model."); };
  if (std::ranges::any_of(tensors_, is_of_model)) return;
  for (Entry& entry : tensors_) {
    if (!entry.name.starts_with("lm_head.")) entry.name = "model." + entry.name;
  }
}

void Checkpoint::sort_tensors() {
  std::sort(tensors_.begin(), tensors_.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
}

const Checkpoint::Entry* Checkpoint::find(std::string_view name) const {
  const auto entry = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                      [](const Entry& a, std::string_view b) { return a.name < b; });
  return entry != tensors_.end() && entry->name == name ? &*entry : nullptr;
}

std::int64_t Checkpoint::total_bytes() const {
  std::int64_t total = 0;
  for (const Entry& entry : tensors_) total += entry.num_bytes;
  return total;
}

}  // namespace wedlm
