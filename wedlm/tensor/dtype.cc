#include "wedlm/tensor/dtype.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>

#include "wedlm/base/error.h"

namespace wedlm {

std::size_t dtype_bytes(DType dtype) {
  if (dtype == DType::kU8 || dtype == DType::kI8) return 1;
  return dtype == DType::kF32 ? 4 : 2;
}

std::string_view dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "F32";
    case DType::kF16:
      return "F16";
    case DType::kBF16:
      return "BF16";
    case DType::kU8:
      return "U8";
    case DType::kI8:
      return "I8";
  }
  return "?";
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kU8}) {
    if (name == dtype_name(dtype)) return dtype;
  }
  return std::nullopt;
}

std::uint16_t f32_to_bf16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits >> 16) | 0x40);
  const std::uint32_t rounding = 0x7FFF + ((bits >> 16) & 1);
  return static_cast<std::uint16_t>((bits + rounding) >> 16);
}

float f16_to_f32(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31;
  const std::uint32_t magnitude = bits & 0x7FFFU;
  // Moves the exponent and fraction to their places in a float32; one multiplication then corrects the exponent's bias
  // and normalises subnormals. Infinities and NaN keep the largest exponent.
  if (magnitude >= 0x7C00) return std::bit_cast<float>(sign | 0x7F800000U | (magnitude << 13));
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112F;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(scaled));
}

std::uint16_t f32_to_f16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  constexpr std::uint32_t kInfinity = 0x7C00;
  if (std::isnan(value)) return sign | 0x7E00;
  // Below 2^-14 halves lie 2^-24 apart, as float32 does from 0.5 to 1: that addition rounds as it should.
  if (magnitude < std::bit_cast<std::uint32_t>(0x1p-14F)) {
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign |
                                      (std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F)));
  }
  constexpr std::uint32_t kBias = (127 - 15) << 23;  // of the exponents
  const std::uint32_t rounded = (magnitude - kBias + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  return static_cast<std::uint16_t>(sign | std::min(rounded, kInfinity));
}

namespace {

void check_numbers(DType dtype, const char* operation) {
  if (dtype != DType::kU8 && dtype != DType::kI8) return;
  throw InternalError(std::string(operation) + ": elements of " + std::string(dtype_name(dtype)) +
                      " are no numbers by themselves");
}

}  // namespace

void to_f32(DType dtype, const void* from, float* to, std::size_t count) {
  if (dtype == DType::kF32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  check_numbers(dtype, "to_f32");
  const auto* bytes = static_cast<const std::byte*>(from);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
    to[i] = dtype == DType::kBF16 ? bf16_to_f32(bits) : f16_to_f32(bits);
  }
}

void from_f32(DType dtype, const float* from, void* to, std::size_t count) {
  if (dtype == DType::kF32) {
    std::memcpy(to, from, count * sizeof(float));
    return;
  }
  check_numbers(dtype, "from_f32");
  auto* bytes = static_cast<std::byte*>(to);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t bits = dtype == DType::kBF16 ? f32_to_bf16(from[i]) : f32_to_f16(from[i]);
    std::memcpy(bytes + i * sizeof bits, &bits, sizeof bits);
  }
}

}  // namespace wedlm
