// What a GGUF file of a Qwen2 or Qwen3 decoder says about it, under llama.cpp's names (gguf-py's constants.py): sizes,
// rotation, tokenizer, template, and the names of tensors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/gguf/gguf_writer.h"
#include "wedlm/model/model_config.h"
#include "wedlm/text/tokenizer_tables.h"

namespace wedlm {

struct GgufText {
  std::optional<TokenizerTables> tokenizer{};  // none: the file has no vocabulary
  std::optional<std::string> chat_template{};
};

/// Of a model whose matrices have that type. Ids that no token has are "[PAD7]", unused. Throws InvalidInput for a
/// model that the file cannot describe: biases where llama.cpp's Qwen decoders have none or none where they need some,
/// a rotation stretched by llama3 or dynamically, yarn with settings of its own, a tokenizer with more tokens than the
/// model.
std::vector<GgufMetadata> gguf_metadata(const std::string& name, const ModelConfig& config, GgufType type,
                                        const GgufText& text);

/// "blk.3.attn_q.weight" of "model.layers.3.self_attn.q_proj.weight". Throws InternalError for a name that
/// weight_list() has not.
std::string gguf_tensor_name(std::string_view name);

}  // namespace wedlm
