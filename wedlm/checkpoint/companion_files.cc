#include "wedlm/checkpoint/companion_files.h"

#include <fstream>
#include <span>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/base/presence.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

/// Files and a folder of files.
constexpr const char* kTextFiles[] = {"tokenizer.json",
                                      "tokenizer_config.json",
                                      "vocab.json",
                                      "merges.txt",
                                      "added_tokens.json",
                                      "chat_template.jinja",
                                      "special_tokens_map.json",
                                      "additional_chat_templates"};
constexpr const char* kWeightFiles[] = {"generation_config.json", "LICENSE"};

void copy_present(std::span<const char* const> names, const fs::path& from, const fs::path& to) {
  for (const char* name : names) {
    if (!is_present(from / name)) continue;
    std::error_code error;
    fs::copy(from / name, to / name, fs::copy_options::recursive, error);
    if (error) {
      throw ResourceError("cannot copy " + (from / name).string() + " to " + (to / name).string() + ": " +
                          error.message());
    }
  }
}

}  // namespace

void copy_companion_files(const fs::path& from, const fs::path& to, Companions which) {
  copy_present(kTextFiles, from, to);
  if (which == Companions::kAll) copy_present(kWeightFiles, from, to);
}

void write_json_file(const fs::path& path, const Json& value) {
  std::ofstream file(path, std::ios::binary);
  file << write_json(value) << "\n";
  if (!file.flush()) throw ResourceError("cannot write " + path.string());
}

}  // namespace wedlm
