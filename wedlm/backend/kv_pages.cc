#include "wedlm/backend/kv_pages.h"

namespace wedlm {
namespace {

constexpr auto kScaleBytes = static_cast<std::int64_t>(sizeof(float));

}  // namespace

std::int64_t KvPages::stretch_elements(DType dtype, std::int64_t page_size, std::int64_t head_dim) {
  if (dtype == DType::kI8) return scales_offset(page_size, head_dim) + aligned(page_size * kScaleBytes);
  const auto element_bytes = static_cast<std::int64_t>(dtype_bytes(dtype));
  return aligned(page_size * head_dim * element_bytes) / element_bytes;
}

std::int64_t KvPages::slice_bytes(DType dtype, std::int64_t head_dim) {
  return head_dim * static_cast<std::int64_t>(dtype_bytes(dtype)) + (dtype == DType::kI8 ? kScaleBytes : 0);
}

}  // namespace wedlm
