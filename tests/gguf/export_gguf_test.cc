// What is exported is the checkpoint's weights, tensor by tensor, and what cannot be written leaves nothing.
#include "wedlm/gguf/export_gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>

#include "tests/support/data.h"
#include "tests/support/full_disk.h"
#include "wedlm/base/error.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/gguf/gguf_metadata.h"
#include "wedlm/model/inflated_weights.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Reads what GgufWriter writes: each tensor's type and where its data begins.
class Reader {
 public:
  explicit Reader(const fs::path& path) : bytes_(read_text(path)) {
    at_ = 8;
    const auto num_tensors = next<std::uint64_t>(), num_metadata = next<std::uint64_t>();
    for (std::uint64_t i = 0; i < num_metadata; ++i) {
      text();
      skip_value(next<std::uint32_t>());
    }
    for (std::uint64_t i = 0; i < num_tensors; ++i) {
      const std::string name = text();
      at_ += 8 * next<std::uint32_t>();
      const auto type = next<std::uint32_t>();
      tensors_[name] = {type, next<std::uint64_t>()};
    }
    data_ = (at_ + 31) / 32 * 32;
  }

  std::size_t num_tensors() const { return tensors_.size(); }
  std::uint32_t type(const std::string& name) const { return tensors_.at(name).first; }
  std::string data(const std::string& name, std::int64_t bytes) const {
    return bytes_.substr(data_ + tensors_.at(name).second, static_cast<std::size_t>(bytes));
  }

 private:
  template <class Number>
  Number next() {
    Number number{};
    std::memcpy(&number, bytes_.data() + at_, sizeof number);
    at_ += sizeof number;
    return number;
  }
  std::string text() {
    const auto size = next<std::uint64_t>();
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  void skip_value(std::uint32_t type) {
    if (type == 8) {
      text();
    } else if (type == 9) {
      const auto element = next<std::uint32_t>();
      const auto size = next<std::uint64_t>();
      for (std::uint64_t i = 0; i < size; ++i) skip_value(element);
    } else {
      at_ += type == 7 ? 1 : 4;
    }
  }

  std::string bytes_;
  std::size_t at_ = 0;
  std::size_t data_ = 0;
  std::map<std::string, std::pair<std::uint32_t, std::uint64_t>> tensors_;
};

std::string blocks_of(GgufType type, const ConstTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().num_elements()));
  to_f32(tensor.dtype(), tensor.data(), values.data(), values.size());
  std::string blocks(static_cast<std::size_t>(gguf_bytes(type, std::ssize(values))), '\0');
  EXPECT_TRUE(write_gguf_blocks(type, values, reinterpret_cast<std::byte*>(blocks.data())));
  return blocks;
}

class ExportGgufTest : public testing::Test {
 protected:
  std::string refusal(const fs::path& folder, const GgufOptions& options = {}) {
    try {
      export_gguf(Checkpoint::open(folder), out_, options);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "none";
  }
  bool is_empty() const { return fs::is_empty(folder_.path()); }

  TemporaryFolder folder_;
  fs::path out_ = folder_.path() / "x.gguf";
};

void expect_weights(const Reader& reader, const WeightSource& weights, const ModelConfig& config, GgufType type) {
  const std::vector<WeightSpec> specs = weight_list(config);
  EXPECT_EQ(reader.num_tensors(), specs.size());
  for (const WeightSpec& spec : specs) {
    const bool is_matrix = spec.shape.rank() == 2;
    const bool is_vocabulary = spec.name.starts_with("model.embed") || spec.name.starts_with("lm_head");
    GgufType expected = is_matrix ? type : GgufType::kF32;
    if (is_matrix && is_vocabulary && type == GgufType::kQ4_0) expected = GgufType::kQ8_0;
    if (spec.shape.last() % elements_per_block(expected) != 0) expected = GgufType::kF16;
    const std::string name = gguf_tensor_name(spec.name);
    EXPECT_EQ(reader.type(name), ggml_type_number(expected)) << name;
    const HostWeight weight = weights.weight(spec.name);
    const std::string blocks = blocks_of(expected, weight.tensor);
    EXPECT_TRUE(reader.data(name, std::ssize(blocks)) == blocks) << name;
  }
}

TEST_F(ExportGgufTest, EveryWeightIsThereInItsType) {
  const fs::path folders[] = {nano_model(), test_data("checkpoints/qwen2.5-bias-f16"),
                              test_data("checkpoints/qwen3-untied-2shards-bf16")};
  for (const fs::path& folder : folders) {
    for (const GgufType type : {GgufType::kF32, GgufType::kBF16, GgufType::kF16, GgufType::kQ8_0, GgufType::kQ4_0}) {
      SCOPED_TRACE(folder.filename().string() + " " + std::to_string(ggml_type_number(type)));
      const Checkpoint checkpoint = Checkpoint::open(folder);
      const ModelConfig config = parse_model_config(checkpoint.config());
      std::size_t done = 0, total = 0;
      export_gguf(checkpoint, out_,
                  {.type = type, .existing = Existing::kReplace, .num_threads = 2, .progress = [&](auto now, auto all) {
                     EXPECT_GT(now, done);
                     done = now;
                     total = all;
                   }});
      EXPECT_EQ(done, total);
      expect_weights(Reader(out_), CheckpointWeights(checkpoint, config), config, type);
    }
  }
}

TEST_F(ExportGgufTest, AnInflatedModelIsThatOfTheShape) {
  const Checkpoint checkpoint = Checkpoint::open(nano_model());
  const ModelConfig small = parse_model_config(checkpoint.config());
  ModelShape shape{.name = "larger", .config = small};
  shape.config.vocab_size = 2100;
  shape.config.hidden_size = 320;
  shape.config.num_hidden_layers = 6;
  shape.config.head_dim = 128;
  const ModelConfig large = inflated_config(small, shape.config, shape.name);
  const CheckpointWeights weights(checkpoint, small);
  const WeightFormat blocks{.type = WeightType::kInt4, .group_size = 32};
  export_gguf(checkpoint, out_, {.type = GgufType::kBF16, .inflate = shape});
  expect_weights(Reader(out_), InflatedWeights(weights, small, large, {}), large, GgufType::kBF16);
  export_gguf(checkpoint, out_, {.type = GgufType::kQ8_0, .inflate = shape, .existing = Existing::kReplace});
  const InflatedWeights in_blocks(weights, small, large,
                                  {.formats = {.layers = blocks, .head = blocks}, .mark_range = MarkRange::kHalf});
  expect_weights(Reader(out_), in_blocks, large, GgufType::kQ8_0);
}

TEST_F(ExportGgufTest, ReplacesOnlyAGgufFileAndOnlyWhenAsked) {
  std::ofstream(out_) << "my diary";
  EXPECT_THAT(refusal(nano_model()), HasSubstr("--force"));
  EXPECT_THAT(refusal(nano_model(), {.existing = Existing::kReplace}), HasSubstr("no GGUF file"));
  EXPECT_EQ(read_text(out_), "my diary");
  fs::remove(out_);
  EXPECT_EQ(refusal(nano_model()), "none");
  const std::string first = read_text(out_);
  EXPECT_THAT(refusal(nano_model()), HasSubstr("--force"));
  EXPECT_EQ(refusal(nano_model(), {.type = GgufType::kQ8_0, .existing = Existing::kReplace}), "none");
  EXPECT_LT(fs::file_size(out_), first.size());
  fs::remove(out_);
  fs::create_directory(out_);
  EXPECT_THAT(refusal(nano_model(), {.existing = Existing::kReplace}), HasSubstr("no GGUF file"));
}

TEST_F(ExportGgufTest, WhatEndsItLeavesNothing) {
  const Checkpoint checkpoint = Checkpoint::open(nano_model());
  EXPECT_THROW(
      export_gguf(checkpoint, out_, {.progress = [](std::size_t, std::size_t) { throw std::runtime_error("enough"); }}),
      std::runtime_error);
  EXPECT_TRUE(is_empty());
  for (const rlim_t bytes : {1'000, 1'000'000}) {  // in the header, in the tensors
    const FullDisk disk(bytes);
    EXPECT_THROW(export_gguf(checkpoint, out_, {}), ResourceError);
    EXPECT_TRUE(is_empty());
  }
}

TEST_F(ExportGgufTest, NumbersThatTheTypeCannotHoldAreNamed) {
  const TemporaryFolder copy;
  const fs::path from = test_data("checkpoints/qwen3-tied-f32-headdim32");
  fs::copy(from, copy.path());
  const Checkpoint checkpoint = Checkpoint::open(from);
  const CheckpointWeights weights(checkpoint, parse_model_config(checkpoint.config()));
  std::vector<TensorPlan> plan;
  for (const auto& entry : checkpoint.tensors()) {
    plan.push_back({.name = entry.name, .dtype = entry.tensor.dtype(), .shape = entry.tensor.shape()});
  }
  SafetensorsWriter writer(copy.path() / "model.safetensors", plan);
  for (const auto& entry : checkpoint.tensors()) {
    std::vector<float> values(static_cast<std::size_t>(entry.tensor.shape().num_elements()), 1.0F);
    if (entry.name.ends_with("layers.1.mlp.up_proj.weight")) values.back() = 1e6F;
    writer.write(std::as_bytes(std::span(values)));
  }
  writer.finish();
  EXPECT_THAT(refusal(copy.path(), {.type = GgufType::kF16}), HasSubstr("layers.1.mlp.up_proj.weight"));
  EXPECT_THAT(refusal(copy.path(), {.type = GgufType::kF16}), HasSubstr("f16"));
  EXPECT_TRUE(is_empty());
  EXPECT_EQ(refusal(copy.path(), {.type = GgufType::kBF16}), "none");
}

TEST(GgufTypeNamesTest, AreThoseOfTheCommandLine) {
  EXPECT_THAT(gguf_type_names(), testing::ElementsAre("bf16", "f16", "q8_0", "q4_0", "f32"));
  EXPECT_EQ(parse_gguf_type("q4_0"), GgufType::kQ4_0);
  EXPECT_THROW(parse_gguf_type("q4_1"), InvalidInput);
}

}  // namespace
}  // namespace wedlm
