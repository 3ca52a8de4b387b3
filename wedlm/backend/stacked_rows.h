// Matrices one below the other, seen as one: the parts of a fused weight.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wedlm/base/mapped_file.h"
#include "wedlm/tensor/tensor.h"

namespace wedlm {

class StackedRows {
 public:
  /// All of one dtype and one width.
  explicit StackedRows(std::span<const ConstTensor> parts) : parts_(parts) {}

  /// nullptr past the last row.
  const std::byte* row(std::int64_t feature) const {
    for (const ConstTensor& part : parts_) {
      if (feature < part.rows()) return row_of(part, feature);
      feature -= part.rows();
    }
    return nullptr;
  }

  std::int64_t row_bytes() const {
    return parts_[0].row_stride() * static_cast<std::int64_t>(dtype_bytes(parts_[0].dtype()));
  }

  /// The pages of rows [first, first + count), as far as there are such rows (give_back_pages() of mapped files).
  void give_back(std::int64_t first, std::int64_t count) const {
    for (const ConstTensor& part : parts_) {
      const std::int64_t begin = std::clamp<std::int64_t>(first, 0, part.rows());
      const std::int64_t end = std::clamp<std::int64_t>(first + count, 0, part.rows());
      if (begin < end) give_back_pages({row_of(part, begin), row_of(part, end)});
      first -= part.rows();
    }
  }

 private:
  static const std::byte* row_of(const ConstTensor& part, std::int64_t row) {
    return static_cast<const std::byte*>(part.data()) +
           static_cast<std::size_t>(row * part.row_stride()) * dtype_bytes(part.dtype());
  }

  std::span<const ConstTensor> parts_;
};

}  // namespace wedlm
