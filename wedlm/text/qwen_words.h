// How Qwen's tokenizers cut text into words: what of it their older files do not say.
#pragma once

#include <string_view>

namespace wedlm {

/// Oniguruma's dialect. Each digit is a word.
inline constexpr std::string_view kQwen2Expression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

}  // namespace wedlm
