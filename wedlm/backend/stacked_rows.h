// Matrices one below the other, seen as one: the parts of a fused weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wedlm/tensor/tensor.h"

namespace wedlm {

class StackedRows {
 public:
  /// All of one dtype and one width.
  explicit StackedRows(std::span<const ConstTensor> parts) : parts_(parts) {}

  /// nullptr past the last row.
  const std::byte* row(std::int64_t feature) const {
    for (const ConstTensor& part : parts_) {
      if (feature < part.rows()) {
        return static_cast<const std::byte*>(part.data()) +
               static_cast<std::size_t>(feature * part.row_stride()) * dtype_bytes(part.dtype());
      }
      feature -= part.rows();
    }
    return nullptr;
  }

 private:
  std::span<const ConstTensor> parts_;
};

}  // namespace wedlm
