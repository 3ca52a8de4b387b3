// The files of a checkpoint's folder that hold its tokenizer: tokenizer.json, or vocab.json with merges.txt as the Qwen
// repositories also have them. What stands beside either is read in declared_tokens.cc.
#include <algorithm>
#include <optional>
#include <string>

#include "wedlm/base/mapped_file.h"
#include "wedlm/base/presence.h"
#include "wedlm/text/qwen_words.h"
#include "wedlm/text/special_names.h"
#include "wedlm/text/tokenizer_definition.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kQwen2VocabularySize = 151'643;
struct Qwen2Token {
  std::string_view content;
  bool special;
};
/// The tokens after Qwen2's vocabulary, in order of their ids.
constexpr Qwen2Token kQwen2Tokens[] = {
    {"<|endoftext|>", true},      {"<|im_start|>", true},     {"<|im_end|>", true},      {"<|object_ref_start|>", true},
    {"<|object_ref_end|>", true}, {"<|box_start|>", true},    {"<|box_end|>", true},     {"<|quad_start|>", true},
    {"<|quad_end|>", true},       {"<|vision_start|>", true}, {"<|vision_end|>", true},  {"<|vision_pad|>", true},
    {"<|image_pad|>", true},      {"<|video_pad|>", true},    {"<tool_call>", false},    {"</tool_call>", false},
    {"<|fim_prefix|>", false},    {"<|fim_middle|>", false},  {"<|fim_suffix|>", false}, {"<|fim_pad|>", false},
    {"<|repo_name|>", false},     {"<|file_sep|>", false},
};

std::vector<std::pair<std::string, std::string>> read_merges(const fs::path& path) {
  const MappedFile file(path);
  refuse_lfs_pointer(file.text(), path.string());
  std::vector<std::pair<std::string, std::string>> merges;
  std::string_view rest = file.text();
  for (int line_number = 1; !rest.empty(); ++line_number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    merges.push_back(
        naming(path.string() + ", line " + std::to_string(line_number), [&] { return parse_merge(line); }));
  }
  return merges;
}

std::vector<AddedToken> qwen2_tokens() {
  std::vector<AddedToken> tokens;
  auto id = static_cast<TokenId>(kQwen2VocabularySize);
  for (const auto& [content, special] : kQwen2Tokens) {
    tokens.push_back({.id = id++, .content = std::string(content), .special = special, .normalized = false});
  }
  return tokens;
}

}  // namespace

bool is_qwen2_special(std::string_view content) {
  return std::ranges::any_of(kQwen2Tokens,
                             [&](const Qwen2Token& known) { return known.special && known.content == content; });
}

TokenizerDefinition definition_of_folder(const fs::path& folder) {
  TokenizerDefinition definition;
  const std::optional<Json> config = read_json_file(folder / "tokenizer_config.json");
  const fs::path json_path = folder / "tokenizer.json";
  const fs::path vocabulary_path = folder / "vocab.json";
  if (const std::optional<Json> json = read_json_file(json_path)) {
    definition = naming(json_path.string(), [&] { return definition_of_json(*json); });
    definition.source = json_path.string();
  } else if (const std::optional<Json> vocabulary = read_json_file(vocabulary_path);
             vocabulary.has_value() && is_present(folder / "merges.txt")) {
    definition.vocabulary = naming(vocabulary_path.string(), [&] { return parse_vocabulary(*vocabulary); });
    definition.merges = read_merges(folder / "merges.txt");
    // These files say nothing about normalisation and cutting: this is what Qwen2's tokenizer does.
    definition.steps = {{.expression = std::string(kQwen2Expression)}};
    definition.normalizes_to_nfc = true;
    definition.is_of_old_files = true;
    definition.source = vocabulary_path.string() + " with merges.txt";
    const bool is_alone = !config.has_value() && !is_present(folder / "added_tokens.json");
    if (is_alone && definition.vocabulary.size() == kQwen2VocabularySize) definition.added_tokens = qwen2_tokens();
  } else {
    throw InvalidInput("no tokenizer in " + folder.string() +
                       ": looked for tokenizer.json, and for vocab.json with merges.txt");
  }
  add_declared_tokens(folder, config, definition);
  return definition;
}

}  // namespace wedlm
