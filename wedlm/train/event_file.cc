#include "wedlm/train/event_file.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <climits>
#include <fstream>

#include "wedlm/base/error.h"

namespace wedlm::train {
namespace {

constexpr std::uint32_t kCastagnoli = 0x82F63B78;  // the polynomial, bits reversed
constexpr std::uint32_t kMaskDelta = 0xA282EAD8;

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kCastagnoli : 0);
    table[byte] = crc;
  }
  return table;
}

std::uint32_t masked_crc(std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = ~0U;
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return std::rotr(~crc, 15) + kMaskDelta;
}

template <class Integer>
std::string little_endian(Integer value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

std::string record(std::string_view data) {
  const std::string length = little_endian(static_cast<std::uint64_t>(data.size()));
  return length + little_endian(masked_crc(length)) + std::string(data) + little_endian(masked_crc(data));
}

// Protocol buffers: a field is its number with the wire type, and its value.

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string varint_field(std::uint32_t number, std::uint64_t value) {
  return value == 0 ? "" : varint(number << 3) + varint(value);  // 0 is what a reader takes where there is none
}

std::string double_field(std::uint32_t number, double value) {
  return varint(number << 3 | 1) + little_endian(std::bit_cast<std::uint64_t>(value));
}

std::string float_field(std::uint32_t number, float value) {
  return varint(number << 3 | 5) + little_endian(std::bit_cast<std::uint32_t>(value));
}

std::string bytes_field(std::uint32_t number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

/// Event's wall_time and step, and one field more.
std::string event(double wall_time, std::int64_t step, const std::string& what) {
  return record(double_field(1, wall_time) + varint_field(2, static_cast<std::uint64_t>(step)) + what);
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

std::string version_record(double wall_time) {
  return event(wall_time, 0, bytes_field(3, "brain.Event:2"));
}

std::string start_record(double wall_time, std::int64_t step) {
  constexpr std::uint64_t kStart = 1;
  return event(wall_time, step, bytes_field(7, varint_field(1, kStart)));
}

std::string scalars_record(double wall_time, std::int64_t step, std::span<const Scalar> values) {
  std::string summary;
  for (const Scalar& value : values) {
    summary += bytes_field(1, bytes_field(1, value.tag) + float_field(2, value.value));
  }
  return event(wall_time, step, bytes_field(5, summary));
}

EventFile::EventFile(const std::filesystem::path& folder, std::int64_t first_step) {
  const double time = now();
  path_ = folder / ("events.out.tfevents." + std::to_string(static_cast<std::int64_t>(time)) + "." + host_name());
  write(version_record(time) + start_record(time, first_step));
}

void EventFile::append(std::int64_t step, std::span<const Scalar> values) const {
  write(scalars_record(now(), step, values));
}

void EventFile::write(std::string_view record) const {
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file << record;
  if (!file.flush()) throw ResourceError("cannot write " + path_.string());
}

}  // namespace wedlm::train
