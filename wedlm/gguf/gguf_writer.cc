#include "wedlm/gguf/gguf_writer.h"

#include <array>
#include <bit>
#include <numeric>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::int64_t kAlignment = 32;

/// The numbers of types of metadata.
enum class ValueType : std::uint32_t { kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kText = 8, kArray = 9 };

std::int64_t padding_after(std::int64_t bytes) {
  return (kAlignment - bytes % kAlignment) % kAlignment;
}

/// The part before the data, in memory: of a large vocabulary it has some megabytes.
class Header {
 public:
  template <class Integer>
  void number(Integer value) {
    for (std::size_t i = 0; i < sizeof value; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }
  void text(std::string_view text) {
    number(std::uint64_t{text.size()});
    bytes_.append(text);
  }
  void type(ValueType type) { number(static_cast<std::uint32_t>(type)); }

  void operator()(std::uint32_t value) {
    type(ValueType::kU32);
    number(value);
  }
  void operator()(float value) {
    type(ValueType::kF32);
    number(std::bit_cast<std::uint32_t>(value));
  }
  void operator()(bool value) {
    type(ValueType::kBool);
    number(static_cast<std::uint8_t>(value ? 1 : 0));
  }
  void operator()(const std::string& value) {
    type(ValueType::kText);
    text(value);
  }
  void operator()(const std::vector<std::string>& values) {
    array_of(ValueType::kText, values.size());
    for (const std::string& value : values) text(value);
  }
  void operator()(const std::vector<std::int32_t>& values) {
    array_of(ValueType::kI32, values.size());
    for (const std::int32_t value : values) number(static_cast<std::uint32_t>(value));
  }

  std::string take() {
    bytes_.append(static_cast<std::size_t>(padding_after(static_cast<std::int64_t>(bytes_.size()))), '\0');
    return std::move(bytes_);
  }

 private:
  void array_of(ValueType element, std::size_t size) {
    type(ValueType::kArray);
    type(element);
    number(std::uint64_t{size});
  }

  std::string bytes_ = "GGUF";
};

std::string header_of(const std::vector<GgufMetadata>& metadata, const std::vector<GgufTensor>& tensors,
                      const std::vector<std::int64_t>& tensor_bytes) {
  Header header;
  header.number(kVersion);
  header.number(std::uint64_t{tensors.size()});
  header.number(std::uint64_t{metadata.size()});
  for (const GgufMetadata& item : metadata) {
    header.text(item.key);
    std::visit(header, item.value);
  }
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const Shape& shape = tensors[i].shape;
    header.text(tensors[i].name);
    header.number(static_cast<std::uint32_t>(shape.rank()));
    for (int dim = shape.rank() - 1; dim >= 0; --dim) header.number(static_cast<std::uint64_t>(shape[dim]));
    header.number(ggml_type_number(tensors[i].type));
    header.number(static_cast<std::uint64_t>(offset));
    offset += tensor_bytes[i] + padding_after(tensor_bytes[i]);
  }
  return header.take();
}

std::vector<std::int64_t> bytes_of(const std::vector<GgufTensor>& tensors) {
  std::vector<std::int64_t> bytes;
  bytes.reserve(tensors.size());
  for (const GgufTensor& tensor : tensors) bytes.push_back(gguf_bytes(tensor.type, tensor.shape.num_elements()));
  return bytes;
}

}  // namespace

GgufWriter::GgufWriter(const std::filesystem::path& path, const std::vector<GgufMetadata>& metadata,
                       const std::vector<GgufTensor>& tensors)
    : file_(path), tensor_bytes_(bytes_of(tensors)) {
  file_.write(header_of(metadata, tensors, tensor_bytes_));
}

void GgufWriter::write(std::span<const std::byte> bytes) {
  const auto count = static_cast<std::int64_t>(bytes.size());
  if (tensor_ == tensor_bytes_.size() || num_written_ + count > tensor_bytes_[tensor_]) {
    throw InternalError("GgufWriter: more data than was planned");
  }
  file_.write(bytes);
  num_written_ += count;
  if (num_written_ < tensor_bytes_[tensor_]) return;
  constexpr std::array<std::byte, kAlignment> kZeros{};
  file_.write(std::span(kZeros).first(static_cast<std::size_t>(padding_after(num_written_))));
  ++tensor_;
  num_written_ = 0;
}

void GgufWriter::commit() {
  if (tensor_ != tensor_bytes_.size()) throw InternalError("GgufWriter: less data than was planned");
  file_.commit();
}

std::int64_t GgufWriter::data_bytes() const {
  return std::accumulate(tensor_bytes_.begin(), tensor_bytes_.end(), std::int64_t{0});
}

}  // namespace wedlm
