// Memory that an op needs while it runs. It grows to the largest use and is kept, so that a step of a size that was
// seen before allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "wedlm/tensor/tensor.h"

namespace wedlm {

class Scratch {
 public:
  /// `count` floats, aligned to 64 bytes, with no particular contents. Throws ResourceError.
  float* floats(std::int64_t count) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
    if (bytes > buffer_.bytes()) {
      buffer_ = {};
      buffer_ = allocate_host(bytes);
    }
    return static_cast<float*>(buffer_.data());
  }

 private:
  Buffer buffer_;
};

}  // namespace wedlm
