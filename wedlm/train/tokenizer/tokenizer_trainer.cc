#include "wedlm/train/tokenizer/tokenizer_trainer.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/checkpoint/companion_files.h"
#include "wedlm/train/data/sample_maker.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kTokenizerConfig = "tokenizer_config.json";
constexpr std::size_t kPartBytes = 1 << 20;  // of a text, between two looks at the watcher

/// The bytes and the special tokens, with which samples can be made before there is anything else.
Tokenizer tokenizer_of_bytes() {
  return Tokenizer::from_json(tokenizer_json(learn_byte_pairs({}, {.num_tokens = kNumBytes}, {})), "bytes");
}

/// Counts the words of what data files hold.
class TextReader {
 public:
  TextReader(const ChatTemplate& chat_template, const Watcher& watcher)
      : watcher_(watcher),
        maker_(tokenizer_, &chat_template,
               {.loss_on = LossOn::kEverything, .num_end_tokens = 0, .max_length = std::numeric_limits<int>::max()}) {}

  DataVisitor visitor() {
    return {.on_line = [this](const Json& line, const std::string& source) { add_line(line, source); },
            .on_text = [this](std::string_view text) { add_text(text); }};
  }

  const WordCounter& words() const { return words_; }

 private:
  void add_line(const Json& line, const std::string& source) {
    for (const Sample& sample : maker_.of_json(line, source)) {
      std::string text;
      for (const TokenId id : sample.ids) {
        if (!tokenizer_.is_special(id)) {
          text += tokenizer_.token_bytes(id);
          continue;
        }
        words_.add(text);
        text.clear();
      }
      words_.add(text);
    }
  }

  void add_text(std::string_view text) {
    const std::size_t num_bytes = text.size();
    while (!text.empty()) {
      if (watcher_.is_interrupted()) throw Interrupted();
      watcher_.progress({.title = "Reading a text",
                         .done = num_bytes - text.size(),
                         .total = num_bytes,
                         .unit = ProgressUnit::kBytes});
      const std::size_t end = end_of_part(text, kPartBytes);
      words_.add(text.substr(0, end));
      text.remove_prefix(end);
    }
  }

  const Watcher& watcher_;
  Tokenizer tokenizer_ = tokenizer_of_bytes();
  SampleMaker maker_;
  WordCounter words_;
};

bool is_trained_by_us(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path name = entry.path().filename();
    if (name != kTokenizer && name != kTokenizerConfig) return false;
  }
  return !error;
}

}  // namespace

TrainedTokenizer train_tokenizer(const std::vector<fs::path>& files, const TokenizerOptions& options,
                                 const Watcher& watcher) {
  constexpr std::size_t kLeast = kNumBytes + kSpecialTokens.size();
  if (options.vocab_size < kLeast) {
    throw InvalidInput("size of the vocabulary: expected at least " + std::to_string(kLeast) +
                       ", the bytes and the special tokens, got " + std::to_string(options.vocab_size));
  }
  const ChatTemplate chat_template(options.chat_template);
  if (const auto fault = chat_template.fault()) throw InvalidInput(*fault);
  TrainedTokenizer trained;
  TextReader reader(chat_template, watcher);
  for (const fs::path& file : files) {
    read_data_file(file, options.bad_lines, reader.visitor(), watcher, trained.report);
  }
  trained.num_words = reader.words().counts().size();
  trained.num_bytes = reader.words().num_bytes();
  if (trained.num_words == 0) throw InvalidInput("training data: expected text, found none");
  trained.pairs = learn_byte_pairs(
      reader.words().counts(),
      {.num_tokens = options.vocab_size - kSpecialTokens.size(), .min_count = options.min_count}, watcher);
  return trained;
}

void write_tokenizer(const fs::path& out, Existing existing, const BytePairs& pairs, const std::string& chat_template) {
  OutputFolder folder(out, existing, is_trained_by_us);
  write_json_file(folder.path() / kTokenizer, tokenizer_json(pairs));
  write_json_file(folder.path() / kTokenizerConfig, tokenizer_config_json(pairs, chat_template));
  folder.commit();
}

}  // namespace wedlm::train
