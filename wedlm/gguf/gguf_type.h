// The types of tensors in a GGUF file that are written, and what a row of floats becomes in them: to the bit what
// llama.cpp's own conversion makes (quantize_row_q8_0_ref and quantize_row_q4_0_ref of ggml-quants.c).
//
// Q8_0 and Q4_0 have blocks of 32 elements with a scale in float16 before them: 32 signed bytes, or 16 bytes of which
// byte i has element i below and element 16 + i above, each 8 more than its meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wedlm {

enum class GgufType : std::uint8_t { kF32, kF16, kBF16, kQ8_0, kQ4_0 };

inline constexpr std::int64_t kGgufBlock = 32;  // elements of a block of Q8_0 and Q4_0

/// Elements that a row has to have a multiple of.
std::int64_t elements_per_block(GgufType type);
/// Bytes of so many elements, a multiple of elements_per_block().
std::int64_t gguf_bytes(GgufType type, std::int64_t num_elements);
/// The number that a file has for it (ggml_type of ggml.h).
std::uint32_t ggml_type_number(GgufType type);

/// Whole blocks of `values` to `to`, gguf_bytes() of it. Returns false where what was written holds a number that is
/// not finite, be it so from the beginning or too large for the type.
[[nodiscard]] bool write_gguf_blocks(GgufType type, std::span<const float> values, std::byte* to);

}  // namespace wedlm
