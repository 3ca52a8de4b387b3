#include "wedlm/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/base/presence.h"
#include "wedlm/base/quote.h"

namespace wedlm {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr int kMaxHeaderDepth = 8;                      // a well-formed header needs three

struct TypeSize {
  std::string_view name;
  std::int64_t bits;
};
/// The types of the format (safetensors 0.8, enum Dtype), most of which no weight has.
constexpr std::array kTypes = {
    TypeSize{"BOOL", 8},    TypeSize{"F4", 4},          TypeSize{"F6_E2M3", 6},     TypeSize{"F6_E3M2", 6},
    TypeSize{"U8", 8},      TypeSize{"I8", 8},          TypeSize{"F8_E5M2", 8},     TypeSize{"F8_E4M3", 8},
    TypeSize{"F8_E8M0", 8}, TypeSize{"F8_E4M3FNUZ", 8}, TypeSize{"F8_E5M2FNUZ", 8}, TypeSize{"I16", 16},
    TypeSize{"U16", 16},    TypeSize{"F16", 16},        TypeSize{"BF16", 16},       TypeSize{"I32", 32},
    TypeSize{"U32", 32},    TypeSize{"F32", 32},        TypeSize{"C64", 64},        TypeSize{"F64", 64},
    TypeSize{"I64", 64},    TypeSize{"U64", 64}};

std::uint64_t read_little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

/// A tensor and where its data stands, in bytes from the end of the header.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  NamedTensor tensor{};
};

class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  std::vector<NamedTensor> read() {
    const Json header = parse_header();
    std::vector<Range> ranges;
    for (const JsonMember& member : header.as_object()) {
      if (member.key == "__metadata__") {
        check_metadata(member.value);
      } else {
        ranges.push_back(read_tensor(member.key, member.value));
      }
    }
    std::ranges::sort(ranges, {}, [](const Range& range) { return std::pair(range.begin, range.end); });
    check_coverage(ranges);
    std::vector<NamedTensor> tensors;
    tensors.reserve(ranges.size());
    for (Range& range : ranges) tensors.push_back(std::move(range.tensor));
    return tensors;
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw InvalidInput(what_ + ": " + message); }
  [[noreturn]] void fail(const std::string& tensor, const std::string& message) const {
    fail("tensor " + quote(tensor) + " " + message);
  }

  Json parse_header() {
    refuse_lfs_pointer({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}, what_);
    if (bytes_.size() < kLengthBytes) {
      fail("not a safetensors file: it has " + std::to_string(bytes_.size()) +
           " bytes, and the length of the header alone takes 8");
    }
    const std::uint64_t length = read_little_endian(bytes_);
    const std::uint64_t available = bytes_.size() - kLengthBytes;
    if (length == 0) fail("not a safetensors file: the header is empty");
    if (length > available) {
      fail("the header should have " + std::to_string(length) + " bytes, but only " + std::to_string(available) +
           " follow; the file is truncated or is not a safetensors file");
    }
    if (length > kMaxHeaderBytes) {
      fail("the header has " + std::to_string(length) + " bytes, more than the " + std::to_string(kMaxHeaderBytes) +
           " that the format allows");
    }
    data_begin_ = kLengthBytes + static_cast<std::size_t>(length);
    data_bytes_ = static_cast<std::int64_t>(bytes_.size() - data_begin_);
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + kLengthBytes,
                                static_cast<std::size_t>(length));
    Json header = parse_json(text, what_ + ": header", {.max_depth = kMaxHeaderDepth});
    if (!header.is_object()) fail("the header should be a JSON object, not " + std::string(header.kind()));
    return header;
  }

  void check_metadata(const Json& metadata) const {
    if (metadata.is_null()) return;
    if (!metadata.is_object()) fail("__metadata__ should be an object, not " + std::string(metadata.kind()));
    for (const JsonMember& member : metadata.as_object()) {
      if (!member.value.is_string()) {
        fail("__metadata__ key " + quote(member.key) + " should be a string, not " + std::string(member.value.kind()));
      }
    }
  }

  const Json& member(const std::string& name, const Json& tensor, std::string_view key) const {
    const Json* value = tensor.find(key);
    if (value == nullptr) fail(name, "has no " + std::string(key));
    return *value;
  }

  std::int64_t size_member(const std::string& name, const Json& value, const std::string& key) const {
    if (!value.is_integer() || value.as_integer() < 0) {
      fail(name, "has " + shown(value) + " in its " + key + ", where an integer of 0 or more (below 2^63) should be");
    }
    return value.as_integer();
  }

  std::string read_type(const std::string& name, const Json& value) const {
    if (!value.is_string()) fail(name, "should have a string as its dtype, not " + std::string(value.kind()));
    return value.as_string();
  }

  /// The product of the dimensions; 1 where there are none.
  std::int64_t count_elements(const std::string& name, const Json& shape) const {
    if (!shape.is_array()) fail(name, "should have an array as its shape, not " + std::string(shape.kind()));
    std::int64_t product = 1;
    for (const Json& dim : shape.as_array()) {
      const std::int64_t size = size_member(name, dim, "shape");
      if (size > 0 && product > std::numeric_limits<std::int64_t>::max() / size) {
        fail(name, "has the shape " + shown(shape) + ", whose number of elements overflows");
      }
      product *= size;
    }
    return product;
  }

  Range read_tensor(const std::string& name, const Json& value) const {
    if (!value.is_object()) fail(name, "should be described by an object, not by " + std::string(value.kind()));
    const std::string type = read_type(name, member(name, value, "dtype"));
    const Json& shape = member(name, value, "shape");
    const std::int64_t num_elements = count_elements(name, shape);
    const Json& offsets = member(name, value, "data_offsets");
    if (!offsets.is_array() || offsets.as_array().size() != 2) {
      fail(name, "should have data_offsets [begin, end], not " + shown(offsets));
    }
    const std::int64_t begin = size_member(name, offsets.as_array()[0], "data_offsets");
    const std::int64_t end = size_member(name, offsets.as_array()[1], "data_offsets");
    if (begin > end) fail(name, "has data_offsets that run backwards: " + shown(offsets));
    if (end > data_bytes_) {
      fail(name, "has data_offsets " + shown(offsets) + " past the end of the data, which has " +
                     std::to_string(data_bytes_) + " bytes; the file may be truncated");
    }
    const auto known = std::ranges::find(kTypes, std::string_view(type), &TypeSize::name);
    // Dividing what is there instead of multiplying what is claimed: the product of a hostile shape may overflow.
    const bool fits = known == kTypes.end() ||
                      ((end - begin) * 8 % known->bits == 0 && (end - begin) * 8 / known->bits == num_elements);
    if (!fits) {
      fail(name, "has " + std::to_string(end - begin) + " bytes, which does not fit its shape " + shown(shape) +
                     " of " + type);
    }
    NamedTensor tensor{.name = name, .type = type, .num_bytes = end - begin};
    tensor.unusable = why_unusable(type, shape.as_array(), num_elements);
    if (tensor.unusable.empty()) {
      const std::byte* data = bytes_.data() + data_begin_ + static_cast<std::size_t>(begin);
      tensor.tensor = ConstTensor(data, *dtype_from_name(type), shape_of(shape.as_array()));
    }
    return {.begin = begin, .end = end, .tensor = std::move(tensor)};
  }

  /// Empty where the tensor may be a weight.
  static std::string why_unusable(const std::string& type, const Json::Array& dims, std::int64_t num_elements) {
    if (!dtype_from_name(type)) return "has the type " + shortened(type) + ", and weights are F32, F16, BF16 or U8";
    if (dims.empty() || dims.size() > static_cast<std::size_t>(Shape::kMaxRank)) {
      return "has " + std::to_string(dims.size()) + " dimensions, and weights have 1 to " +
             std::to_string(Shape::kMaxRank);
    }
    return num_elements == 0 ? "is empty: its shape is " + shown(dims) : "";
  }

  static Shape shape_of(const Json::Array& dims) {
    const auto dim = [&](std::size_t i) { return dims[i].as_integer(); };
    if (dims.size() == 1) return Shape{dim(0)};
    if (dims.size() == 2) return Shape{dim(0), dim(1)};
    return Shape{dim(0), dim(1), dim(2)};
  }

  /// `ranges` in the order of their begin, and of those with one begin the empty ones first.
  void check_coverage(const std::vector<Range>& ranges) const {
    std::int64_t covered = 0;
    const std::string* previous = nullptr;
    for (const Range& range : ranges) {
      const std::string& name = range.tensor.name;
      if (range.begin < covered) fail(name, "overlaps tensor " + quote(*previous));
      if (range.begin > covered) {
        fail("bytes " + std::to_string(covered) + " to " + std::to_string(range.begin) +
             " of the data belong to no tensor, before tensor " + quote(name));
      }
      covered = range.end;
      previous = &name;
    }
    if (covered != data_bytes_) {
      fail(std::to_string(data_bytes_ - covered) + " bytes follow the data of the last tensor");
    }
  }

  std::span<const std::byte> bytes_;
  std::string what_;
  std::size_t data_begin_ = 0;
  std::int64_t data_bytes_ = 0;
};

}  // namespace

std::vector<NamedTensor> parse_safetensors(std::span<const std::byte> bytes, std::string_view what) {
  return HeaderReader(bytes, what).read();
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), file_(path), tensors_(parse_safetensors(file_.bytes(), path.string())) {}

}  // namespace wedlm
