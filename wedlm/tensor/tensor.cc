#include "wedlm/tensor/tensor.h"

#include <sys/mman.h>

#include <new>
#include <utility>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::align_val_t kAlignment{64};  // a cache line, and the widest vector register
constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;
constexpr std::align_val_t kLargePage{kLargePageBytes};

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  void* data = ::operator new(bytes, alignment, std::nothrow);
  if (data == nullptr) throw ResourceError("out of memory: " + std::to_string(bytes) + " bytes could not be had");
  return data;
}

}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> dims) {
  if (dims.size() > kMaxRank) throw InternalError("Shape: more than three dimensions");
  for (const std::int64_t dim : dims) {
    if (dim < 0) throw InternalError("Shape: negative dimension " + std::to_string(dim));
    dims_[static_cast<std::size_t>(rank_++)] = dim;
  }
}

std::int64_t Shape::num_elements() const {
  return rank_ == 0 ? 0 : dims_[0] * row_elements();
}

std::int64_t Shape::row_elements() const {
  std::int64_t product = 1;
  for (int dim = 1; dim < rank_; ++dim) product *= (*this)[dim];
  return product;
}

bool Shape::operator==(const Shape& other) const {
  return rank_ == other.rank_ && dims_ == other.dims_;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int dim = 0; dim < rank_; ++dim) text += (dim > 0 ? ", " : "") + std::to_string((*this)[dim]);
  return text + "]";
}

Tensor Tensor::rows_from(std::int64_t first, std::int64_t count) const {
  if (first < 0 || count < 0 || first + count > rows()) throw InternalError("Tensor: rows outside the tensor");
  Shape shape = shape_.rank() == 3 ? Shape{count, shape_[1], shape_[2]} : Shape{count, shape_[1]};
  if (shape_.rank() == 1) shape = Shape{count};
  auto* data =
      static_cast<std::byte*>(this->data()) + static_cast<std::size_t>(first * row_stride_) * dtype_bytes(dtype_);
  return {data, dtype_, shape, row_stride_};
}

Tensor Tensor::columns(std::int64_t first, std::int64_t count) const {
  if (shape_.rank() != 2 || first < 0 || count < 0 || first + count > shape_[1]) {
    throw InternalError("Tensor: columns outside the matrix " + shape_.to_string());
  }
  auto* data = static_cast<std::byte*>(this->data()) + static_cast<std::size_t>(first) * dtype_bytes(dtype_);
  return {data, dtype_, Shape{rows(), count}, row_stride_};
}

Tensor Tensor::split_rows(std::int64_t count) const {
  const std::int64_t elements = shape_.row_elements();
  if (count < 1 || elements % count != 0)
    throw InternalError("Tensor: rows of " + shape_.to_string() + " do not divide");
  return {data(), dtype_, Shape{rows(), count, elements / count}, row_stride_};
}

Buffer::~Buffer() {
  if (data_ != nullptr) deleter_(data_);
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      deleter_(std::exchange(other.deleter_, nullptr)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(deleter_, other.deleter_);
  return *this;
}

Buffer allocate_host(std::size_t bytes) {
  return {allocate(bytes, kAlignment), bytes, [](void* memory) { ::operator delete(memory, kAlignment); }};
}

Buffer allocate_host_to_read(std::size_t bytes) {
  if (bytes < kLargePageBytes) return allocate_host(bytes);
  void* data = allocate(bytes, kLargePage);
#ifdef MADV_HUGEPAGE
  // A wish: where it cannot be granted, pages are small. Only whole large pages, so that the last of them is not
  // larger than what is needed.
  ::madvise(data, bytes / kLargePageBytes * kLargePageBytes, MADV_HUGEPAGE);
#endif
  return {data, bytes, [](void* memory) { ::operator delete(memory, kLargePage); }};
}

}  // namespace wedlm
