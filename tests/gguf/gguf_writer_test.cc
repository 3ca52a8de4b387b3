// The bytes of a small file, one by one.
#include "wedlm/gguf/gguf_writer.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using namespace std::string_literals;

class GgufWriterTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "x.gguf";
};

std::vector<std::byte> bytes(std::size_t count, int value) {
  return std::vector<std::byte>(count, static_cast<std::byte>(value));
}

TEST_F(GgufWriterTest, WritesMetadataTensorsAndAlignedData) {
  const std::vector<GgufMetadata> metadata = {{"a", std::uint32_t{258}},
                                              {"b", 1.5F},
                                              {"c", true},
                                              {"d", "xyz"s},
                                              {"e", std::vector{"p"s, ""s}},
                                              {"f", std::vector<std::int32_t>{-1, 2}}};
  const std::vector<GgufTensor> tensors = {{.name = "v", .type = GgufType::kF32, .shape = {3}},
                                           {.name = "mm", .type = GgufType::kBF16, .shape = {5, 4}}};
  GgufWriter writer(path_, metadata, tensors);
  EXPECT_EQ(writer.data_bytes(), 52);
  writer.write(bytes(5, 1));
  writer.write(bytes(7, 2));
  writer.write(bytes(40, 3));
  EXPECT_FALSE(std::filesystem::exists(path_));
  writer.commit();

  std::string expected =
      "GGUF"
      "\x03\0\0\0"
      "\x02\0\0\0\0\0\0\0"
      "\x06\0\0\0\0\0\0\0"s;
  expected +=
      "\x01\0\0\0\0\0\0\0a"
      "\x04\0\0\0"
      "\x02\x01\0\0"s;
  expected +=
      "\x01\0\0\0\0\0\0\0b"
      "\x06\0\0\0"
      "\0\0\xC0\x3F"s;
  expected +=
      "\x01\0\0\0\0\0\0\0c"
      "\x07\0\0\0"
      "\x01"s;
  expected +=
      "\x01\0\0\0\0\0\0\0d"
      "\x08\0\0\0"
      "\x03\0\0\0\0\0\0\0xyz"s;
  expected +=
      "\x01\0\0\0\0\0\0\0e"
      "\x09\0\0\0"
      "\x08\0\0\0"
      "\x02\0\0\0\0\0\0\0"
      "\x01\0\0\0\0\0\0\0p"
      "\0\0\0\0\0\0\0\0"s;
  expected +=
      "\x01\0\0\0\0\0\0\0f"
      "\x09\0\0\0"
      "\x05\0\0\0"
      "\x02\0\0\0\0\0\0\0"
      "\xFF\xFF\xFF\xFF"
      "\x02\0\0\0"s;
  expected +=
      "\x01\0\0\0\0\0\0\0v"
      "\x01\0\0\0"
      "\x03\0\0\0\0\0\0\0"
      "\0\0\0\0"
      "\0\0\0\0\0\0\0\0"s;
  // The second begins at the next multiple of 32; its inner dimension comes first.
  expected +=
      "\x02\0\0\0\0\0\0\0mm"
      "\x02\0\0\0"
      "\x04\0\0\0\0\0\0\0"
      "\x05\0\0\0\0\0\0\0"
      "\x1E\0\0\0"
      "\x20\0\0\0\0\0\0\0"s;
  expected.resize((expected.size() + 31) / 32 * 32, '\0');
  expected += std::string(5, '\x01') + std::string(7, '\x02') + std::string(20, '\0');
  expected += std::string(40, '\x03') + std::string(24, '\0');
  EXPECT_EQ(read_text(path_), expected);
}

TEST_F(GgufWriterTest, DataHasToBeWhole) {
  const std::vector<GgufTensor> tensors = {{.name = "v", .type = GgufType::kF32, .shape = {3}}};
  {
    GgufWriter writer(path_, {}, tensors);
    EXPECT_THROW(writer.write(bytes(13, 0)), InternalError);
    writer.write(bytes(8, 0));
    EXPECT_THROW(writer.commit(), InternalError);
    writer.write(bytes(4, 0));
    EXPECT_THROW(writer.write(bytes(1, 0)), InternalError);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "what is not committed is removed";
}

}  // namespace
}  // namespace wedlm
