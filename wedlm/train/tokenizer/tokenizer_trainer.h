// Trains a byte-level BPE tokenizer on files of training data: on the text that a model will see of them, conversations
// by their chat template with the special tokens taken out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wedlm/base/watcher.h"
#include "wedlm/checkpoint/output_folder.h"
#include "wedlm/train/data/data_files.h"
#include "wedlm/train/tokenizer/bpe_trainer.h"
#include "wedlm/train/tokenizer/tokenizer_files.h"

namespace wedlm::train {

struct TokenizerOptions {
  std::size_t vocab_size = 32'768;     // with the special tokens
  std::int64_t min_count = 2;          // of a pair of tokens that becomes one
  std::string chat_template{kChatMl};  // in Jinja
  BadLines bad_lines = BadLines::kRefuse;
};

struct TrainedTokenizer {
  BytePairs pairs{};
  std::size_t num_words = 0;   // that differ
  std::int64_t num_bytes = 0;  // of all text
  ReadingReport report{};

  std::size_t vocab_size() const { return pairs.tokens.size() + kSpecialTokens.size(); }
};

/// Fewer tokens than asked for where the data has no more that are frequent enough. Throws InvalidInput for a
/// vocabulary without room for bytes and special tokens, for a template that is none, for data without text and as
/// read_data_file(); ResourceError; Interrupted.
TrainedTokenizer train_tokenizer(const std::vector<std::filesystem::path>& files, const TokenizerOptions& options,
                                 const Watcher& watcher);

/// Writes the folder with its two files, whole or not at all. Throws as OutputFolder; one that has other files is not
/// replaced.
void write_tokenizer(const std::filesystem::path& out, Existing existing, const BytePairs& pairs,
                     const std::string& chat_template);

}  // namespace wedlm::train
