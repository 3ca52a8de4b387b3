// What a trained tokenizer is written as: Hugging Face's tokenizer.json and tokenizer_config.json, which wedlm/text,
// tokenizers and transformers read alike.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "wedlm/base/json.h"
#include "wedlm/train/tokenizer/bpe_trainer.h"

namespace wedlm::train {

inline constexpr std::string_view kMaskToken = "<|mask|>";

/// The tokens that no text has, after the others in this order: ends of texts and pads, beginnings and ends of
/// messages, masks.
inline constexpr std::array<std::string_view, 4> kSpecialTokens = {"<|endoftext|>", "<|im_start|>", "<|im_end|>",
                                                                   kMaskToken};

/// ChatML, the chat template of Qwen's models without tools.
extern const std::string_view kChatMl;

/// tokenizer.json of these tokens and the special ones: words as Qwen2's tokenizer cuts them, in NFC.
Json tokenizer_json(const BytePairs& pairs);

/// tokenizer_config.json beside it, with the names of the special tokens and the chat template in Jinja.
Json tokenizer_config_json(const BytePairs& pairs, std::string_view chat_template);

}  // namespace wedlm::train
