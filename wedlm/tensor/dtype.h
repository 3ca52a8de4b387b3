// Element types of weights, activations and caches, and the conversions between them that are exact or round to
// nearest.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wedlm {

enum class DType : std::uint8_t {
  kF32,
  kF16,
  kBF16,
  kU8,  // bytes whose meaning is not that of numbers: packed weights
  kI8,  // signed bytes that a float32 elsewhere multiplies: K/V pages, and no weights
};

std::size_t dtype_bytes(DType dtype);

/// The name that safetensors gives it: "F32", "F16", "BF16", "U8", "I8".
std::string_view dtype_name(DType dtype);
/// The type of that safetensors name; nullopt for the many that no WeDLM checkpoint uses, "I8" among them.
std::optional<DType> dtype_from_name(std::string_view name);

/// bfloat16 is the upper half of a float32.
inline float bf16_to_f32(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}
/// Rounds to nearest, ties to even; a NaN stays one.
std::uint16_t f32_to_bf16(float value);

/// IEEE 754 binary16, subnormals, infinities and NaN included.
float f16_to_f32(std::uint16_t bits);
/// Rounds to nearest, ties to even; what is too large becomes infinite, and a NaN stays one.
std::uint16_t f32_to_f16(float value);

/// Converts `count` elements of `dtype` at `from`, which need not be aligned, to float32. Throws InternalError for kU8
/// and kI8.
void to_f32(DType dtype, const void* from, float* to, std::size_t count);
/// The way back, each element rounded to nearest, into memory that need not be aligned.
void from_f32(DType dtype, const float* from, void* to, std::size_t count);

}  // namespace wedlm
