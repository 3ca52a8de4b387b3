#include "wedlm/checkpoint/adapter.h"

#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kWeights[] = {"adapter_model.safetensors", "adapter_model.bin"};

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

std::string Adapter::description() const {
  return "a" + (type.empty() ? "n" : " " + type) + " adapter of " + (base.empty() ? "an unnamed base" : base) + " (" +
         file + ")";
}

std::optional<Adapter> find_adapter(const fs::path& folder) {
  if (!is_file(folder / kConfig)) {
    for (const char* name : kWeights) {
      if (is_file(folder / name)) return Adapter{.file = name};
    }
    return std::nullopt;
  }
  Adapter adapter{.file = kConfig};
  try {
    const MappedFile file(folder / kConfig);
    const Json json = parse_json(file.text(), kConfig);
    const JsonMembers members(json, kConfig);
    adapter.type = shortened(members.text("peft_type").value_or(""));
    adapter.base = shortened(members.text("base_model_name_or_path").value_or(""));
  } catch (const Error&) {
    return adapter;  // it matters that there is one
  }
  return adapter;
}

std::optional<std::string> unapplied_adapter_note(const fs::path& folder) {
  const std::optional<Adapter> adapter = find_adapter(folder);
  if (!adapter) return std::nullopt;
  return folder.string() + " also holds " + adapter->description() +
         ": it is not applied, and the model beside it answers as it is";
}

}  // namespace wedlm
