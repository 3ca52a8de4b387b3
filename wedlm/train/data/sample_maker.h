// A line of training data into samples: conversations by the checkpoint's chat template, prompts with completions, and
// plain texts. Source of the form: the released fine-tuning code's data preparation (WeDLM, section 6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/frontend/prompt_encoder.h"
#include "wedlm/train/data/sample.h"

namespace wedlm::train {

/// Which tokens of a conversation have a loss.
enum class LossOn {
  kLast,        // the last answer's
  kAll,         // every answer's
  kEverything,  // all
};

enum class LongSamples {
  kSplit,  // what is longer becomes several samples, and nothing is lost
  kCut,    // the rest is dropped, as in the released code
};

struct SampleOptions {
  LossOn loss_on = LossOn::kLast;
  int num_end_tokens = 8;  // end tokens of an answer, which the model learns: a window past the end fills with them
  int max_length = 2048;
  LongSamples long_samples = LongSamples::kSplit;
};

/// Whether a message of a conversation is the assistant's.
bool is_answer(const Json& message);

/// The tokens that end an answer and a text: <|im_end|> and <|endoftext|>, or the eos_token of a tokenizer without
/// them. Throw InvalidInput where it names none.
TokenId answer_end(const Tokenizer& tokenizer);
TokenId text_end(const Tokenizer& tokenizer);

class SampleMaker {
 public:
  /// Both have to outlive this; `chat_template` may be nullptr. Throws InvalidInput for a tokenizer that names no end
  /// token, and for lengths that leave no room.
  SampleMaker(const Tokenizer& tokenizer, const ChatTemplate* chat_template, const SampleOptions& options);

  /// The samples of a line of JSON: an array of messages or {"messages": [...]}, with the template's arguments as in
  /// prompt_of_json(); {"prompt": TEXT, "completion": TEXT}, a question and its answer, or with "raw": true a text and
  /// how it goes on; or {"text": TEXT}. A conversation of one message has no answer, so with LossOn::kLast and kAll its
  /// samples have no loss. Throws InvalidInput that begins with `source`.
  std::vector<Sample> of_json(const Json& line, const std::string& source) const;

  /// The samples of a text, of which everything is learned. Special tokens in it are text.
  std::vector<Sample> of_text(std::string_view text) const;

 private:
  Sample conversation(const Json& line, const std::string& source) const;
  Sample completion(const Json& line, const std::string& source) const;
  void learn_answers(const Prompt& whole, Sample& sample) const;
  std::vector<Sample> ended(Sample sample, TokenId end_token) const;

  const Tokenizer& tokenizer_;
  PromptEncoder encoder_;
  SampleOptions options_;
  TokenId answer_end_ = kNoToken;
  TokenId text_end_ = kNoToken;
};

}  // namespace wedlm::train
