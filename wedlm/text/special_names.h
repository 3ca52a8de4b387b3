// What tokenizer_config.json and special_tokens_map.json name as special tokens (bos_token, mask_token, ...), before
// these have ids. Internal to wedlm/text.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/text/added_tokens.h"

namespace wedlm {

struct SpecialNames {
  struct Named {
    std::string name;  // "eos_token"; or one of the model's own, "image_token"
    AddedToken token;
  };
  std::vector<Named> named;       // in the order in which transformers adds them
  std::vector<AddedToken> extra;  // additional_special_tokens, extra_special_tokens

  /// The content of that name; empty where it names none.
  std::string content(std::string_view name) const;
  bool is_named(std::string_view content) const;
  bool has(std::string_view content) const;  // named or extra
};

/// The value of a JSON file; nullopt where there is no such file. Throws as parse_json().
std::optional<Json> read_json_file(const std::filesystem::path& path);

/// Whether the files ask for transformers' class Qwen2Tokenizer, which has rules of its own for special tokens.
bool is_qwen2_class(const std::optional<Json>& config);

/// Reads tokenizer_config.json (`config`; nullopt: there is none) and, where that does not describe its tokens in
/// added_tokens_decoder, special_tokens_map.json of the folder. Throws InvalidInput naming file and member for a value
/// of a wrong kind, and where the two name different tokens.
SpecialNames read_special_names(const std::filesystem::path& folder, const std::optional<Json>& config);

}  // namespace wedlm
