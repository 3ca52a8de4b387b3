// The K/V pages of one layer, and where in them a token's numbers stand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wedlm/tensor/tensor.h"

namespace wedlm {

/// Keys and values, both kF32, kBF16 or kI8. Slot s is entry s % page_size of page s / page_size. A page is cut into
/// stretches, one for each kv head: the head's slices, which are head_dim numbers of one token, one after the other,
/// so that attention reads memory in long runs. In a stretch of kI8 the scales follow, one float32 for each slice. Both
/// parts begin at a multiple of kPageAlignment bytes. Example, kI8 with 4 slots in a page and slices of 24 bytes:
///   bytes 0 to 95: slices of entries 0 1 2 3 | 96 to 127: nothing | 128 to 143: their scales | 144 to 191: nothing
///
/// A number of kI8 is float(byte) * scale, in float32. The scale is the largest magnitude of the slice divided by 127
/// and a byte the nearest integer to number / scale, ties to even. In a slice with no magnitude above 1e-30 all are 0,
/// and so is the scale; where a number is not finite the scale is NaN.
struct KvPages {
  Tensor keys;                 // [num_pages, num_kv_heads, stretch_elements(type, page_size, head_dim)], contiguous
  Tensor values;               // the same
  std::int64_t page_size = 0;  // slots in a page
  std::int64_t head_dim = 0;

  /// A cache line, and the widest vector register.
  static constexpr std::int64_t kPageAlignment = 64;
  /// Elements that one head's stretch takes, a whole number of kPageAlignment bytes.
  static std::int64_t stretch_elements(DType dtype, std::int64_t page_size, std::int64_t head_dim);
  /// Bytes of one token's slice with its scale; what the ends of stretches waste is not in it.
  static std::int64_t slice_bytes(DType dtype, std::int64_t head_dim);

  std::int64_t num_slots() const { return keys.rows() * page_size; }
  bool has_scales() const { return keys.dtype() == DType::kI8; }

  /// A token's numbers of one head, as elements of `keys` or `values`.
  std::int64_t slice_at(std::int64_t page, std::int64_t entry, std::int64_t head) const {
    return stretch_at(page, head) + entry * head_dim;
  }
  std::int64_t slice_at(std::int64_t slot, std::int64_t head) const {
    return slice_at(slot / page_size, slot % page_size, head);
  }
  /// The scale of the same, in bytes from the beginning of `keys` or `values`; of kI8 only.
  std::int64_t scale_at(std::int64_t page, std::int64_t entry, std::int64_t head) const {
    return stretch_at(page, head) + scales_offset(page_size, head_dim) +
           entry * static_cast<std::int64_t>(sizeof(float));
  }
  std::int64_t scale_at(std::int64_t slot, std::int64_t head) const {
    return scale_at(slot / page_size, slot % page_size, head);
  }

 private:
  static constexpr std::int64_t aligned(std::int64_t bytes) {
    return (bytes + kPageAlignment - 1) / kPageAlignment * kPageAlignment;
  }
  /// Bytes before the scales of a stretch of kI8.
  static std::int64_t scales_offset(std::int64_t page_size, std::int64_t head_dim) {
    return aligned(page_size * head_dim);
  }
  std::int64_t stretch_at(std::int64_t page, std::int64_t head) const {
    return page * keys.row_stride() + head * keys.shape()[2];
  }
};

}  // namespace wedlm
