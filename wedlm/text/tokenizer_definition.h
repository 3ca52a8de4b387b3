// What the files of a tokenizer say, whichever form they have; Tokenizer is built from it. Internal to wedlm/text.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/text/added_tokens.h"
#include "wedlm/text/post_processor.h"
#include "wedlm/text/pre_tokenizer.h"

namespace wedlm {

struct TokenizerDefinition {
  std::string source{};                                       // the file or files, for messages
  std::vector<std::pair<std::string, TokenId>> vocabulary{};  // texts in the byte-level alphabet
  std::vector<std::pair<std::string, std::string>> merges{};  // likewise; in order of rank
  bool is_of_old_files = false;                               // vocab.json and merges.txt, which say nothing else
  std::vector<AddedToken> added_tokens{};
  std::vector<PreTokenizerStep> steps{};
  WholeForm whole_form{kNoToken};
  bool normalizes_to_nfc = false;
  bool ignores_merges = false;  // a word that the vocabulary has needs no merges
  std::string bos_token{};
  std::string eos_token{};
  std::string pad_token{};
  std::string mask_token{};
};

/// The definition in the value of a tokenizer.json. Throws InvalidInput; messages begin with the section.
TokenizerDefinition definition_of_json(const Json& json);

/// The definition in a folder. Throws InvalidInput; messages begin with the file.
TokenizerDefinition definition_of_folder(const std::filesystem::path& folder);

/// Adds the tokens of the files beside a tokenizer (`config`: tokenizer_config.json, where there is one) and the names
/// of special tokens. Throws InvalidInput naming the file for one that is malformed or contradicts another.
void add_declared_tokens(const std::filesystem::path& folder, const std::optional<Json>& config,
                         TokenizerDefinition& definition);

/// Whether it is one of Qwen2's special tokens, which files without descriptions do not say.
bool is_qwen2_special(std::string_view content);

/// The pieces that both forms share.
std::vector<std::pair<std::string, TokenId>> parse_vocabulary(const Json& json);
std::pair<std::string, std::string> parse_merge(std::string_view line);
AddedToken parse_added_token(const Json& json, TokenId id);
TokenId parse_token_id(std::int64_t id, std::string_view token);

/// Calls `function`; an InvalidInput from it is thrown again with "place: " before its message.
template <class Function>
decltype(auto) naming(std::string_view place, const Function& function) {
  try {
    return function();
  } catch (const InvalidInput& error) {
    throw InvalidInput(std::string(place) + ": " + error.what());
  }
}

}  // namespace wedlm
