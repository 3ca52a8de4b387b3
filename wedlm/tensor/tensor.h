// Views of memory with a type and a shape, and the owner of such memory. A view never owns and a kernel never
// allocates. The memory may be a device's: only a Backend looks inside.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "wedlm/tensor/dtype.h"

namespace wedlm {

/// One to three dimensions, outermost first; every dimension is at least 0.
class Shape {
 public:
  static constexpr int kMaxRank = 3;

  Shape() = default;
  /// Throws InternalError for more than three dimensions or a negative one.
  Shape(std::initializer_list<std::int64_t> dims);

  int rank() const { return rank_; }
  std::int64_t operator[](int dim) const { return dims_[static_cast<std::size_t>(dim)]; }
  std::int64_t last() const { return (*this)[rank_ - 1]; }
  std::int64_t num_elements() const;
  /// Elements below one index of the first dimension: the product of the others.
  std::int64_t row_elements() const;
  bool operator==(const Shape& other) const;
  std::string to_string() const;  // "[256, 64]"

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

/// A typed, shaped view. The first dimension ("rows") may have a stride; all below it is contiguous, so that the three
/// parts of a fused projection are three views of one tensor. Element (r, i) of a matrix is data[r * row_stride + i].
class ConstTensor {
 public:
  ConstTensor() = default;
  ConstTensor(const void* data, DType dtype, Shape shape) : ConstTensor(data, dtype, shape, shape.row_elements()) {}
  ConstTensor(const void* data, DType dtype, Shape shape, std::int64_t row_stride)
      : data_(data), shape_(shape), row_stride_(row_stride), dtype_(dtype) {}

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t rows() const { return shape_[0]; }
  std::int64_t row_stride() const { return row_stride_; }  // in elements
  bool is_contiguous() const { return row_stride_ == shape_.row_elements(); }
  bool is_empty() const { return data_ == nullptr || shape_.num_elements() == 0; }

  const void* data() const { return data_; }
  /// The first element of row `r`; T must be the type that dtype() names.
  template <class T>
  const T* row(std::int64_t r) const {
    return static_cast<const T*>(data_) + r * row_stride_;
  }

 protected:
  const void* data_ = nullptr;
  Shape shape_;
  std::int64_t row_stride_ = 0;
  DType dtype_ = DType::kF32;
};

/// The same over memory that may be written.
class Tensor : public ConstTensor {
 public:
  Tensor() = default;
  Tensor(void* data, DType dtype, Shape shape) : ConstTensor(data, dtype, shape) {}
  Tensor(void* data, DType dtype, Shape shape, std::int64_t row_stride) : ConstTensor(data, dtype, shape, row_stride) {}

  void* data() const { return const_cast<void*>(data_); }  // NOLINT: constructed from a pointer to mutable memory
  template <class T>
  T* row(std::int64_t r) const {
    return static_cast<T*>(data()) + r * row_stride_;
  }

  /// Rows [first, first + count).
  Tensor rows_from(std::int64_t first, std::int64_t count) const;
  /// Columns [first, first + count) of a matrix: every row keeps its stride.  // [rows, count]
  Tensor columns(std::int64_t first, std::int64_t count) const;
  /// The same memory with each row seen as `count` parts.  // [rows, n] -> [rows, count, n / count]
  Tensor split_rows(std::int64_t count) const;
};

/// Owns memory that a backend allocated, and gives it back to it.
class Buffer {
 public:
  /// Must not throw; it may hold whatever giving back needs.
  using Deleter = std::function<void(void* data)>;

  Buffer() = default;
  Buffer(void* data, std::size_t bytes, Deleter deleter) : data_(data), bytes_(bytes), deleter_(std::move(deleter)) {}
  ~Buffer();
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  Deleter deleter_;
};

/// Memory of the host, aligned to 64 bytes and not initialised. Throws ResourceError naming the size.
Buffer allocate_host(std::size_t bytes);

/// The same for memory that is written once as a whole and then read from front to back, such as weights: in the
/// system's large pages where it has some to give, so that reading needs fewer page tables.
Buffer allocate_host_to_read(std::size_t bytes);

}  // namespace wedlm
