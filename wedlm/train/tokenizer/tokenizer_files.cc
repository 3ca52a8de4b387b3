#include "wedlm/train/tokenizer/tokenizer_files.h"

#include "wedlm/text/byte_level.h"
#include "wedlm/text/qwen_words.h"

namespace wedlm::train {
namespace {

Json described(std::string_view content) {
  return Json::object({{"content", content},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", true}});
}

Json byte_level() {
  return Json::object(
      {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}});
}

Json pre_tokenizer() {
  const Json split = Json::object({{"type", "Split"},
                                   {"pattern", Json::object({{"Regex", kQwen2Expression}})},
                                   {"behavior", "Isolated"},
                                   {"invert", false}});
  return Json::object({{"type", "Sequence"}, {"pretokenizers", Json::Array{split, byte_level()}}});
}

Json model(const BytePairs& pairs) {
  Json::Object vocabulary;
  vocabulary.reserve(pairs.tokens.size());
  for (std::size_t id = 0; id < pairs.tokens.size(); ++id) {
    vocabulary.push_back({byte_level_of_bytes(pairs.tokens[id]), static_cast<std::int64_t>(id)});
  }
  Json::Array merges;
  merges.reserve(pairs.merges.size());
  for (const auto& [left, right] : pairs.merges) {
    merges.emplace_back(
        Json::Array{vocabulary[static_cast<std::size_t>(left)].key, vocabulary[static_cast<std::size_t>(right)].key});
  }
  return Json::object({{"type", "BPE"},
                       {"dropout", {}},
                       {"unk_token", {}},
                       {"continuing_subword_prefix", ""},
                       {"end_of_word_suffix", ""},
                       {"fuse_unk", false},
                       {"byte_fallback", false},
                       {"ignore_merges", false},
                       {"vocab", std::move(vocabulary)},
                       {"merges", std::move(merges)}});
}

}  // namespace

constexpr std::string_view kChatMl =
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

Json tokenizer_json(const BytePairs& pairs) {
  Json::Array added;
  for (const std::string_view content : kSpecialTokens) {
    Json token = described(content);
    token.set("id", static_cast<std::int64_t>(pairs.tokens.size() + added.size()));
    added.push_back(std::move(token));
  }
  return Json::object({{"version", "1.0"},
                       {"truncation", {}},
                       {"padding", {}},
                       {"added_tokens", std::move(added)},
                       {"normalizer", Json::object({{"type", "NFC"}})},
                       {"pre_tokenizer", pre_tokenizer()},
                       {"post_processor", byte_level()},
                       {"decoder", byte_level()},
                       {"model", model(pairs)}});
}

Json tokenizer_config_json(const BytePairs& pairs, std::string_view chat_template) {
  Json decoder = Json::object({});
  for (std::size_t i = 0; i < kSpecialTokens.size(); ++i) {
    decoder.set(std::to_string(pairs.tokens.size() + i), described(kSpecialTokens[i]));
  }
  return Json::object({{"tokenizer_class", "PreTrainedTokenizerFast"},
                       {"added_tokens_decoder", std::move(decoder)},
                       {"bos_token", {}},
                       {"eos_token", "<|im_end|>"},
                       {"pad_token", "<|endoftext|>"},
                       {"mask_token", kMaskToken},
                       {"clean_up_tokenization_spaces", false},
                       {"chat_template", chat_template}});
}

}  // namespace wedlm::train
