// Any bytes at all, as a safetensors file: either they are refused as invalid input, or every view that comes out lies
// inside them, where the sanitizers watch its first and its last byte being read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "wedlm/base/error.h"
#include "wedlm/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of exactly this size: aligned as a mapping is, and with nothing readable after it.
  const std::unique_ptr<std::byte[]> copy(new std::byte[size]);
  if (size > 0) std::memcpy(copy.get(), data, size);
  try {
    const auto tensors = wedlm::parse_safetensors({copy.get(), size}, "fuzz");
    std::size_t total = 0;
    for (const wedlm::NamedTensor& named : tensors) {
      if (!named.unusable.empty()) continue;
      const auto bytes =
          static_cast<std::size_t>(named.tensor.shape().num_elements()) * wedlm::dtype_bytes(named.tensor.dtype());
      if (bytes != static_cast<std::size_t>(named.num_bytes)) std::abort();
      const auto* first = static_cast<const std::byte*>(named.tensor.data());
      const volatile auto ends = first[0] ^ first[bytes - 1];
      static_cast<void>(ends);
      total += bytes;
    }
    if (total > size) std::abort();
  } catch (const wedlm::InvalidInput&) {
  }
  return 0;
}
