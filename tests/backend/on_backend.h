// Tensors that live on the host, and their copies in a backend's memory, which may be a device's.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "wedlm/backend/backend.h"

namespace wedlm {

/// A tensor on the host that owns its elements, possibly with a gap after each row.
class OwnedTensor {
 public:
  OwnedTensor(DType dtype, Shape shape, std::int64_t row_gap = 0)
      : bytes_(static_cast<std::size_t>(shape[0] * (shape.row_elements() + row_gap)) * dtype_bytes(dtype)),
        tensor_(bytes_.data(), dtype, shape, shape.row_elements() + row_gap) {}

  const Tensor& tensor() const { return tensor_; }
  operator const Tensor&() const { return tensor_; }  // NOLINT: stands for the tensor

  OwnedTensor copy() const {
    OwnedTensor other(tensor_.dtype(), tensor_.shape(), tensor_.row_stride() - tensor_.shape().row_elements());
    other.bytes_ = bytes_;
    other.tensor_ = Tensor(other.bytes_.data(), tensor_.dtype(), tensor_.shape(), tensor_.row_stride());
    return other;
  }

  std::vector<float> values() const {
    std::vector<float> all;
    const auto n = static_cast<std::size_t>(tensor_.shape().row_elements());
    for (std::int64_t r = 0; r < tensor_.rows(); ++r) {
      all.resize(all.size() + n);
      const auto* row =
          bytes_.data() + static_cast<std::size_t>(r * tensor_.row_stride()) * dtype_bytes(tensor_.dtype());
      to_f32(tensor_.dtype(), row, all.data() + all.size() - n, n);
    }
    return all;
  }

  /// All elements, those of the gaps too, in a row.
  Tensor flat() const { return {tensor_.data(), tensor_.dtype(), {tensor_.rows() * tensor_.row_stride()}}; }

 private:
  std::vector<std::byte> bytes_;
  Tensor tensor_;
};

/// A backend, and memory of it for as long as this lives.
class OnBackend {
 public:
  explicit OnBackend(Backend& backend) : backend_(backend) {}

  Backend* operator->() const { return &backend_; }
  Backend& operator*() const { return backend_; }

  /// A copy there, with the same gaps.
  Tensor operator()(const OwnedTensor& host) {
    const Tensor flat = host.flat();
    const Buffer& memory =
        buffers_.emplace_back(backend_.allocate(static_cast<std::size_t>(flat.rows()) * dtype_bytes(flat.dtype())));
    backend_.upload(flat, Tensor(memory.data(), flat.dtype(), flat.shape()));
    return {memory.data(), flat.dtype(), host.tensor().shape(), host.tensor().row_stride()};
  }

  /// Copies row by row into a tensor there that may have gaps.
  void write(const OwnedTensor& host, const Tensor& to) const {
    for (std::int64_t r = 0; r < to.rows(); ++r) backend_.upload(row(host, r), row(to, r));
  }

  /// What a tensor there holds.
  OwnedTensor read(const Tensor& from) const {
    OwnedTensor host(from.dtype(), from.shape());
    if (from.is_contiguous()) {
      backend_.download(from, host);
    } else {
      for (std::int64_t r = 0; r < from.rows(); ++r) backend_.download(row(from, r), row(host, r));
    }
    return host;
  }

 private:
  static Tensor row(const Tensor& tensor, std::int64_t r) {
    auto* data = static_cast<std::byte*>(tensor.data()) +
                 static_cast<std::size_t>(r * tensor.row_stride()) * dtype_bytes(tensor.dtype());
    return {data, tensor.dtype(), {tensor.shape().row_elements()}};
  }

  Backend& backend_;
  std::vector<Buffer> buffers_;
};

}  // namespace wedlm
