// The bytes that the format asks for, what our reader makes of them, and files that cannot be written.
#include "wedlm/checkpoint/safetensors_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "tests/support/full_disk.h"
#include "wedlm/base/error.h"
#include "wedlm/checkpoint/safetensors.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class SafetensorsWriterTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  fs::path path_ = folder_.path() / "x.safetensors";
};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::ptrdiff_t num_open_files() {
  return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
}

template <class Failure, class Function>
std::string message_of(const Function& function) {
  try {
    function();
  } catch (const Failure& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST_F(SafetensorsWriterTest, WritesTheBytesThatTheFormatAsksFor) {
  SafetensorsWriter writer(path_, {{.name = "first", .dtype = DType::kBF16, .shape = {2, 3}},
                                   {.name = "second", .dtype = DType::kU8, .shape = {5}}});
  writer.write(bytes_of("0123456789ab"));
  writer.write(bytes_of("vwxyz"));
  writer.finish();
  const std::string json = R"({"__metadata__":{"format":"pt"},)"
                           R"("first":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},)"
                           R"("second":{"dtype":"U8","shape":[5],"data_offsets":[12,17]}})";
  ASSERT_EQ(json.size(), 152U);
  // 8 bytes of length and 152 of JSON are 160; 32 spaces make them 192, three times 64. So the length is 184, 0xB8.
  const std::string length("\xB8\0\0\0\0\0\0\0", 8);
  EXPECT_EQ(read_text(path_), length + json + std::string(32, ' ') + "0123456789abvwxyz");
  EXPECT_EQ(writer.file_bytes(), 192 + 17);
}

TEST_F(SafetensorsWriterTest, TheReaderFindsWhatWasWritten) {
  const std::vector<TensorPlan> plans = {
      {.name = "of three dimensions", .dtype = DType::kF32, .shape = {2, 3, 4}},
      {.name = "\"quoted\" \\ \n \u00e9", .dtype = DType::kF16, .shape = {7}},
      {.name = "", .dtype = DType::kBF16, .shape = {1, 1}},
      {.name = std::string(300, 'n'), .dtype = DType::kU8, .shape = {3, 1}},
  };
  std::string data(2 * 3 * 4 * 4 + 7 * 2 + 2 + 3, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7 + 3);
  SafetensorsWriter writer(path_, plans);
  // In pieces that end anywhere, one of them without a byte.
  for (std::size_t begin = 0, length = 0; begin < data.size(); begin += length, ++length) {
    writer.write(bytes_of(data).subspan(begin, std::min(length, data.size() - begin)));
  }
  writer.finish();
  EXPECT_EQ(static_cast<std::uintmax_t>(writer.file_bytes()), fs::file_size(path_));

  const SafetensorsFile file(path_);
  ASSERT_EQ(file.tensors().size(), plans.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto& [name, type, num_bytes, tensor, unusable] = file.tensors()[i];
    EXPECT_EQ(name, plans[i].name);
    EXPECT_EQ(tensor.dtype(), plans[i].dtype);
    EXPECT_EQ(tensor.shape(), plans[i].shape);
    const std::size_t size = static_cast<std::size_t>(tensor.shape().num_elements()) * dtype_bytes(tensor.dtype());
    EXPECT_EQ(std::memcmp(tensor.data(), data.data() + begin, size), 0) << name;
    begin += size;
  }
  EXPECT_EQ(begin, data.size());
}

TEST_F(SafetensorsWriterTest, DataBeginsAtAMultipleOf64WhateverTheHeaderTakes) {
  for (std::size_t length = 1; length <= 64; ++length) {
    SafetensorsWriter writer(path_, {{.name = std::string(length, 'n'), .dtype = DType::kU8, .shape = {1}}});
    EXPECT_EQ(writer.file_bytes() % 64, 1) << length;
    writer.write(bytes_of("x"));
    writer.finish();
    const SafetensorsFile file(path_);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.tensors().at(0).tensor.data()) % 64, 0U) << length;
  }
}

TEST_F(SafetensorsWriterTest, AnOrderThatDoesNotAlignIsRefusedBeforeThereIsAFile) {
  const std::vector<TensorPlan> plans = {{.name = "bytes", .dtype = DType::kU8, .shape = {6}},
                                         {.name = "halves", .dtype = DType::kF16, .shape = {3}},
                                         {.name = "floats", .dtype = DType::kF32, .shape = {1}},
                                         {.name = "odd", .dtype = DType::kU8, .shape = {1}},
                                         {.name = "behind", .dtype = DType::kBF16, .shape = {1}}};
  EXPECT_THAT(message_of<InternalError>([&] { SafetensorsWriter(path_, plans); }), HasSubstr("tensor behind "));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SafetensorsWriterTest, MoreOrLessDataThanPlannedIsRefused) {
  SafetensorsWriter writer(path_, {{.name = "a", .dtype = DType::kF32, .shape = {2}}});
  EXPECT_THROW(writer.finish(), InternalError);
  writer.write(bytes_of("0123"));
  EXPECT_THROW(writer.write(bytes_of("45678")), InternalError);
  SafetensorsWriter short_by_one(path_, {{.name = "a", .dtype = DType::kF32, .shape = {2}}});
  short_by_one.write(bytes_of("0123456"));
  EXPECT_THROW(short_by_one.finish(), InternalError);
}

TEST_F(SafetensorsWriterTest, AFileThatCannotBeWrittenIsNamedAndClosed) {
  const std::vector<TensorPlan> plans = {{.name = "a", .dtype = DType::kU8, .shape = {10'000}}};
  const fs::path nowhere = folder_.path() / "none" / "x";
  EXPECT_THAT(message_of<ResourceError>([&] { SafetensorsWriter(nowhere, plans); }), HasSubstr(nowhere.string()));
  EXPECT_THAT(message_of<ResourceError>([&] { SafetensorsWriter(folder_.path(), plans); }),
              HasSubstr("Is a directory"));
  const std::ptrdiff_t num_open = num_open_files();
  EXPECT_THAT(message_of<ResourceError>([&] { SafetensorsWriter("/dev/full", plans); }),
              AllOf(HasSubstr("/dev/full"), HasSubstr("No space left on device")));
  EXPECT_EQ(num_open_files(), num_open);
}

TEST_F(SafetensorsWriterTest, ADiskThatFillsUpOnTheWayIsAnError) {
  const FullDisk disk(4096);
  SafetensorsWriter writer(path_, {{.name = "a", .dtype = DType::kU8, .shape = {10'000}}});
  const std::string data(5'000, 'x');
  EXPECT_THAT(message_of<ResourceError>([&] { writer.write(bytes_of(data)); }),
              AllOf(HasSubstr(path_.string()), HasSubstr("File too large")));
}

}  // namespace
}  // namespace wedlm
