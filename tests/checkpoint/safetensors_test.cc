#include "wedlm/checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "tests/support/malformed_checkpoints.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

/// The bytes of a file at an address that is aligned as a mapping's.
struct AlignedBytes {
  explicit AlignedBytes(const std::string& text) : words(text.size() / 8 + 1), size(text.size()) {
    std::memcpy(words.data(), text.data(), text.size());
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(words)).first(size); }

  std::vector<std::uint64_t> words;
  std::size_t size;
};

std::string padded(std::string header) {
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

std::string error_of(const std::string& file) {
  try {
    const AlignedBytes aligned(file);
    parse_safetensors(aligned.bytes(), "x.safetensors");
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(SafetensorsTest, GivesViewsInTheOrderOfTheData) {
  const std::string header = R"({"__metadata__":{"format":"pt"},)"
                             R"("second":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]},)"
                             R"("first":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                             R"("third":{"dtype":"F16","shape":[1,1,2],"data_offsets":[22,26]}})";
  const float numbers[] = {1.5F, -2.0F, 0.25F, 4096.0F};
  const std::uint16_t halves[] = {0x3F80, 0xC000, 0x0000, 0x3C00, 0xBC00};  // bf16 1, -2, 0; f16 1, -1
  std::string data(26, '\0');
  std::memcpy(data.data(), numbers, 16);
  std::memcpy(data.data() + 16, halves, 10);
  const AlignedBytes file(safetensors_file(padded(header), data));
  const std::vector<NamedTensor> tensors = parse_safetensors(file.bytes(), "x.safetensors");
  ASSERT_EQ(tensors.size(), 3U);
  EXPECT_EQ(tensors[0].name, "first");
  EXPECT_EQ(tensors[0].tensor.dtype(), DType::kF32);
  EXPECT_EQ(tensors[0].tensor.shape(), (Shape{2, 2}));
  EXPECT_EQ(tensors[0].tensor.row<float>(1)[1], 4096.0F);
  EXPECT_EQ(tensors[1].name, "second");
  EXPECT_EQ(tensors[1].tensor.dtype(), DType::kBF16);
  EXPECT_EQ(bf16_to_f32(tensors[1].tensor.row<std::uint16_t>(0)[1]), -2.0F);
  EXPECT_EQ(tensors[2].name, "third");
  EXPECT_EQ(tensors[2].tensor.shape(), (Shape{1, 1, 2}));
  EXPECT_EQ(f16_to_f32(tensors[2].tensor.row<std::uint16_t>(0)[1]), -1.0F);
}

TEST(SafetensorsTest, AFileMayHoldNoTensor) {
  EXPECT_EQ(error_of(safetensors_file("{}", "")), "");
  EXPECT_EQ(error_of(safetensors_file(R"({"__metadata__":{}})", "")), "");
  EXPECT_THAT(error_of(safetensors_file("{}", "x")), testing::HasSubstr("1 bytes follow"));
}

/// As the safetensors library 0.8 has it, but for the type that nobody knows, which only that library refuses.
TEST(SafetensorsTest, WhatTheFormatAllowsIsReadThoughNoModelNeedsIt) {
  struct Case {
    const char *type, *shape;
    int num_bytes;
    const char* unusable;
  };
  for (const Case& c :
       {Case{"I64", "[2]", 16, "I64"}, Case{"F64", "[1]", 8, "F64"}, Case{"BOOL", "[3]", 3, "BOOL"},
        Case{"F8_E4M3", "[2, 2]", 4, "F8_E4M3"}, Case{"F4", "[4]", 2, "F4"}, Case{"F32", "[1, 2, 1, 2]", 16, "4 dim"},
        Case{"F32", "[]", 4, "0 dimensions"}, Case{"BF16", "[0, 8]", 0, "empty"}, Case{"X77", "[5]", 3, "X77"}}) {
    const std::string header = R"({"a": {"dtype": ")" + std::string(c.type) + R"(", "shape": )" + c.shape +
                               R"(, "data_offsets": [0, )" + std::to_string(c.num_bytes) +
                               R"(]}, "b": {"dtype": "U8", "shape": [1], "data_offsets": [)" +
                               std::to_string(c.num_bytes) + ", " + std::to_string(c.num_bytes + 1) + "]}}";
    const std::string file = safetensors_file(header, std::string(static_cast<std::size_t>(c.num_bytes) + 1, '\1'));
    const std::vector<NamedTensor> tensors = parse_safetensors(std::as_bytes(std::span(file)), "x.safetensors");
    ASSERT_EQ(tensors.size(), 2U) << c.type;
    EXPECT_EQ(tensors[0].name, "a") << c.type;
    EXPECT_EQ(tensors[0].type, c.type);
    EXPECT_EQ(tensors[0].num_bytes, c.num_bytes);
    EXPECT_TRUE(tensors[0].tensor.is_empty()) << c.type;
    EXPECT_THAT(tensors[0].unusable, testing::HasSubstr(c.unusable));
    EXPECT_EQ(tensors[1].unusable, "");
    EXPECT_EQ(tensors[1].tensor.shape(), Shape{1});
  }
}

TEST(SafetensorsTest, NothingIsAlignedAndMetadataMayBeNull) {
  std::string header = R"({"__metadata__": null, "a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}})";
  for (int i = 0; i < 4; ++i, header += ' ') {
    const AlignedBytes file(safetensors_file(header, std::string("\x80\x3F\x00\xC0", 4)));
    const std::vector<NamedTensor> tensors = parse_safetensors(file.bytes(), "x.safetensors");
    ASSERT_EQ(tensors.size(), 1U);
    float values[2] = {};
    to_f32(DType::kBF16, tensors[0].tensor.data(), values, 2);
    EXPECT_EQ(values[0], 1.0F);
    EXPECT_EQ(values[1], -2.0F);
  }
}

TEST(SafetensorsTest, EveryTruncationIsRefused) {
  const std::string header = padded(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})");
  const std::string whole = safetensors_file(header, std::string(16, '\0'));
  EXPECT_EQ(error_of(whole), "");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(error_of(whole.substr(0, length)), testing::StartsWith("x.safetensors: ")) << length;
  }
}

TEST(SafetensorsTest, TheHeaderMayNotPassTheLimitOfTheFormat) {
  EXPECT_THAT(error_of(safetensors_file(std::string(100'000'001, ' '), "")), testing::HasSubstr("100000000"));
}

// Computed from the files by Python's struct module.
struct Recorded {
  const char* file;
  const char* tensor;
  DType dtype;
  Shape shape;
  double first, last, sum;
};

TEST(SafetensorsTest, ReadsTheValuesThatAnotherReaderDoes) {
  const Recorded recorded[] = {
      {"tests/data/traces/model/model.safetensors", "model.layers.3.self_attn.k_norm.weight", DType::kBF16, Shape{64},
       1.3671875, 0.796875, 54.568359375},
      {"tests/data/checkpoints/qwen2.5-bias-f16/model.safetensors", "model.layers.1.self_attn.v_proj.bias", DType::kF16,
       Shape{16}, -0.098388671875, 0.0728759765625, -0.36209869384765625},
      {"tests/data/checkpoints/qwen3-tied-f32-headdim32/model.safetensors", "model.layers.1.mlp.down_proj.weight",
       DType::kF32, Shape{64, 160}, -0.23859557509422302, -0.3605969548225403, -38.25586363376351},
      {"tests/data/checkpoints/qwen3-untied-2shards-bf16/model-00002-of-00002.safetensors",
       "model.layers.1.self_attn.k_proj.weight", DType::kBF16, Shape{32, 96}, -0.1240234375, 0.004241943359375,
       -7.544460296630859}};
  for (const Recorded& expected : recorded) {
    const SafetensorsFile file(source_dir() / expected.file);
    const auto found = std::find_if(file.tensors().begin(), file.tensors().end(),
                                    [&](const NamedTensor& named) { return named.name == expected.tensor; });
    ASSERT_NE(found, file.tensors().end()) << expected.tensor;
    EXPECT_EQ(found->tensor.dtype(), expected.dtype);
    EXPECT_EQ(found->tensor.shape(), expected.shape);
    std::vector<float> values(static_cast<std::size_t>(expected.shape.num_elements()));
    to_f32(expected.dtype, found->tensor.data(), values.data(), values.size());
    double sum = 0;
    for (const float value : values) sum += value;
    EXPECT_EQ(values.front(), static_cast<float>(expected.first));
    EXPECT_EQ(values.back(), static_cast<float>(expected.last));
    EXPECT_DOUBLE_EQ(sum, expected.sum);
  }
}

}  // namespace
}  // namespace wedlm
