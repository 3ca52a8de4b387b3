#include "wedlm/gguf/gguf_type.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "wedlm/base/error.h"
#include "wedlm/tensor/dtype.h"

namespace wedlm {
namespace {

constexpr std::size_t kScaleBytes = 2;

bool write_scale(float scale, std::byte* to) {
  const std::uint16_t half = f32_to_f16(scale);
  std::memcpy(to, &half, sizeof half);
  return std::isfinite(f16_to_f32(half));
}

/// 0 where there is none: such a scale is 0 in float16.
float inverse(float scale) {
  constexpr float kLeastMagnitude = 1e-30F;
  return std::abs(scale) < kLeastMagnitude ? 0 : 1 / scale;
}

bool write_q8_0(std::span<const float> block, std::byte* to) {
  float largest = 0;
  bool is_finite = true;
  for (const float value : block) {
    largest = std::max(largest, std::abs(value));
    is_finite &= std::isfinite(value);
  }
  if (!is_finite) return false;
  const float scale = largest / 127;
  const float factor = inverse(scale);
  for (std::size_t i = 0; i < block.size(); ++i) {
    to[kScaleBytes + i] = static_cast<std::byte>(static_cast<std::int8_t>(std::round(block[i] * factor)));
  }
  return write_scale(scale, to);
}

bool write_q4_0(std::span<const float> block, std::byte* to) {
  float extreme = 0;
  bool is_finite = true;
  for (const float value : block) {
    if (std::abs(value) > std::abs(extreme)) extreme = value;
    is_finite &= std::isfinite(value);
  }
  if (!is_finite) return false;
  const float scale = extreme / -8;
  const auto code = [factor = inverse(scale)](float value) {
    return static_cast<std::uint8_t>(std::min(15, static_cast<int>(value * factor + 8.5F)));
  };
  constexpr std::size_t kHalf = kGgufBlock / 2;
  for (std::size_t i = 0; i < kHalf; ++i) {
    to[kScaleBytes + i] = static_cast<std::byte>(code(block[i]) | code(block[kHalf + i]) << 4);
  }
  return write_scale(scale, to);
}

bool write_numbers(DType dtype, std::span<const float> values, std::byte* to) {
  from_f32(dtype, values.data(), to, values.size());
  bool is_finite = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    float written = 0;
    to_f32(dtype, to + i * dtype_bytes(dtype), &written, 1);
    is_finite &= std::isfinite(written);
  }
  return is_finite;
}

std::int64_t block_bytes(GgufType type) {
  switch (type) {
    case GgufType::kF32:
      return 4;
    case GgufType::kF16:
    case GgufType::kBF16:
      return 2;
    case GgufType::kQ8_0:
      return kScaleBytes + kGgufBlock;
    case GgufType::kQ4_0:
      return kScaleBytes + kGgufBlock / 2;
  }
  throw InternalError("gguf: not a type of tensors");
}

}  // namespace

std::int64_t elements_per_block(GgufType type) {
  return type == GgufType::kQ8_0 || type == GgufType::kQ4_0 ? kGgufBlock : 1;
}

std::int64_t gguf_bytes(GgufType type, std::int64_t num_elements) {
  return num_elements / elements_per_block(type) * block_bytes(type);
}

std::uint32_t ggml_type_number(GgufType type) {
  switch (type) {
    case GgufType::kF32:
      return 0;
    case GgufType::kF16:
      return 1;
    case GgufType::kBF16:
      return 30;
    case GgufType::kQ8_0:
      return 8;
    case GgufType::kQ4_0:
      return 2;
  }
  throw InternalError("gguf: not a type of tensors");
}

bool write_gguf_blocks(GgufType type, std::span<const float> values, std::byte* to) {
  switch (type) {
    case GgufType::kF32:
      return write_numbers(DType::kF32, values, to);
    case GgufType::kF16:
      return write_numbers(DType::kF16, values, to);
    case GgufType::kBF16:
      return write_numbers(DType::kBF16, values, to);
    case GgufType::kQ8_0:
    case GgufType::kQ4_0:
      break;
  }
  bool is_finite = true;
  for (std::size_t first = 0; first < values.size(); first += kGgufBlock, to += block_bytes(type)) {
    const std::span<const float> block = values.subspan(first, kGgufBlock);
    is_finite &= type == GgufType::kQ8_0 ? write_q8_0(block, to) : write_q4_0(block, to);
  }
  return is_finite;
}

}  // namespace wedlm
