#include "wedlm/checkpoint/safetensors_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"

namespace wedlm {
namespace {

constexpr std::size_t kAlignment = 64;  // of the data: a cache line, and the widest vector register
constexpr std::size_t kLengthBytes = 8;

std::int64_t tensor_bytes(const TensorPlan& tensor) {
  return tensor.shape.num_elements() * static_cast<std::int64_t>(dtype_bytes(tensor.dtype));
}

/// The header's JSON, with spaces after it.
std::string header_of(const std::vector<TensorPlan>& tensors) {
  Json header = Json::object({{"__metadata__", Json::object({{"format", "pt"}})}});
  std::int64_t begin = 0;
  for (const TensorPlan& tensor : tensors) {
    if (begin % static_cast<std::int64_t>(dtype_bytes(tensor.dtype)) != 0) {
      throw InternalError("SafetensorsWriter: tensor " + tensor.name + " is not aligned; list larger types first");
    }
    const std::int64_t end = begin + tensor_bytes(tensor);
    Json::Array shape;
    for (int dim = 0; dim < tensor.shape.rank(); ++dim) shape.emplace_back(tensor.shape[dim]);
    header.set(tensor.name,
               Json::object(
                   {{"dtype", dtype_name(tensor.dtype)}, {"shape", shape}, {"data_offsets", Json::Array{begin, end}}}));
    begin = end;
  }
  std::string text = write_json(header);
  const std::size_t past = (kLengthBytes + text.size()) % kAlignment;
  if (past != 0) text.append(kAlignment - past, ' ');
  return text;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, const std::vector<TensorPlan>& tensors)
    : SafetensorsWriter(path) {  // so that the destructor closes a file whose header cannot be written
  const std::string header = header_of(tensors);
  header_bytes_ = static_cast<std::int64_t>(kLengthBytes + header.size());
  for (const TensorPlan& tensor : tensors) data_bytes_ += tensor_bytes(tensor);
  constexpr mode_t kReadableByAll = 0644;
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kReadableByAll);
  if (file_ < 0) fail(errno);
  std::array<unsigned char, kLengthBytes> length{};  // little-endian
  for (std::size_t i = 0; i < kLengthBytes; ++i) length[i] = static_cast<unsigned char>(header.size() >> (8 * i));
  write_all(length.data(), length.size());
  write_all(header.data(), header.size());
}

SafetensorsWriter::~SafetensorsWriter() {
  if (file_ >= 0) ::close(file_);
}

void SafetensorsWriter::write(std::span<const std::byte> bytes) {
  num_written_ += static_cast<std::int64_t>(bytes.size());
  if (num_written_ > data_bytes_) throw InternalError("SafetensorsWriter: more data than was planned");
  write_all(bytes.data(), bytes.size());
}

void SafetensorsWriter::finish() {
  if (num_written_ != data_bytes_) throw InternalError("SafetensorsWriter: less data than was planned");
  const int file = file_;
  file_ = -1;
  if (::close(file) != 0) fail(errno);
}

void SafetensorsWriter::write_all(const void* data, std::size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t count = ::write(file_, from, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(errno);
    from += count;
    bytes -= static_cast<std::size_t>(count);
  }
}

void SafetensorsWriter::fail(int error) const {
  throw ResourceError("cannot write " + path_.string() + ": " + std::generic_category().message(error));
}

}  // namespace wedlm
