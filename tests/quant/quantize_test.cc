// A stored model is the one that rounding at load makes, to the bit, whatever lanes it was stored with and whatever
// computes it.
#include "wedlm/quant/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "tests/support/data.h"
#include "wedlm/backend/cpu/cpu_backend.h"
#include "wedlm/backend/cpu/isa/select.h"
#include "wedlm/base/error.h"
#include "wedlm/model/logits.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

ModelFormats formats_of(WeightType layers, WeightType head, std::int64_t group_size = 64) {
  return {.layers = {.type = layers, .group_size = group_size}, .head = {.type = head, .group_size = group_size}};
}

std::unique_ptr<Backend> backend_of(const std::string& name) {
  return name == "reference" ? make_backend({.name = name}) : make_cpu_backend({.num_threads = 2, .isa = name});
}

/// Logits of a few rows, one segment without a prefix.
std::vector<float> logits_of(const fs::path& folder, const ModelFormats& formats, const std::string& backend_name) {
  const Checkpoint checkpoint = Checkpoint::open(folder);
  const ModelConfig config = parse_model_config(checkpoint.config());
  const auto backend = backend_of(backend_name);
  const Transformer transformer(checkpoint, config, *backend, {}, formats);
  KvCache cache(*backend, config, 4, 4, DType::kF32);
  return compute_logits(transformer, window_batch({11, 48, 85, 122, 159, 196, 233}, 0, 4), cache).logits;
}

std::vector<std::string> backends() {
  std::vector<std::string> names = supported_kernels();
  names.emplace_back("reference");
  return names;
}

class QuantizeTest : public testing::TestWithParam<int> {
 protected:
  TemporaryFolder parent_;
  fs::path out_ = parent_.path() / "out";
};

TEST_P(QuantizeTest, LogitsAreThoseOfRoundingAtLoadToTheBit) {
  const fs::path models[] = {nano_model(), test_data("checkpoints/qwen2.5-bias-f16"),
                             test_data("checkpoints/qwen3-untied-2shards-bf16")};
  const ModelFormats all_formats[] = {
      formats_of(WeightType::kInt4, WeightType::kInt8), formats_of(WeightType::kInt4, WeightType::kInt4, 32),
      formats_of(WeightType::kInt8, WeightType::kBF16), formats_of(WeightType::kInt8, WeightType::kStored)};
  for (const fs::path& model : models) {
    for (const ModelFormats& formats : all_formats) {
      const Checkpoint checkpoint = Checkpoint::open(model);
      quantize_checkpoint(checkpoint, out_,
                          {.quantization = {.formats = formats, .lanes = GetParam()}, .existing = Existing::kReplace});
      for (const std::string& backend : backends()) {
        const std::vector<float> stored = logits_of(out_, {}, backend);
        EXPECT_EQ(stored, logits_of(model, formats, backend)) << model << " " << backend;
        EXPECT_NE(stored, logits_of(model, {}, backend)) << model << " " << backend;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Lanes, QuantizeTest, testing::ValuesIn(kPanelLanes),
                         [](const auto& test) { return std::to_string(test.param); });

TEST(QuantizeFilesTest, PanelsAreAlignedAndTheRestStays) {
  const TemporaryFolder parent;
  const fs::path out = parent.path() / "out";
  const Checkpoint before = Checkpoint::open(nano_model());
  std::size_t last_done = 0, last_total = 0;
  quantize_checkpoint(before, out,
                      {.quantization = {.formats = formats_of(WeightType::kInt4, WeightType::kInt8), .lanes = 16},
                       .progress = [&](std::size_t done, std::size_t total) {
                         EXPECT_GT(done, last_done);
                         last_done = done;
                         last_total = total;
                       }});
  EXPECT_GT(last_total, 0U);
  EXPECT_EQ(last_done, last_total);
  const Checkpoint after = Checkpoint::open(out);
  const ModelConfig config = parse_model_config(after.config());
  EXPECT_EQ(config.quantization->lanes, 16);
  std::size_t num_packed = 0;
  for (const WeightSpec& spec : stored_list(config)) {
    const Checkpoint::Entry* entry = after.find(spec.name);
    ASSERT_NE(entry, nullptr) << spec.name;
    if (spec.is_packed) {
      ++num_packed;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(entry->tensor.data()) % 64, 0U) << spec.name;
      continue;
    }
    const Checkpoint::Entry* same = before.find(spec.name);
    ASSERT_NE(same, nullptr);
    EXPECT_EQ(std::memcmp(same->tensor.data(), entry->tensor.data(), static_cast<std::size_t>(same->num_bytes)), 0)
        << spec.name;
  }
  EXPECT_EQ(num_packed, 5U * 4 + 1);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "generation_config.json"}) {
    EXPECT_EQ(read_text(out / name), read_text(nano_model() / name));
  }
}

TEST(QuantizeFilesTest, AllChatTemplatesAreCopied) {
  const TemporaryFolder parent;
  const fs::path from = parent.path() / "from";
  const fs::path out = parent.path() / "out";
  fs::copy(nano_model(), from);
  fs::create_directory(from / "additional_chat_templates");
  for (const char* name : {"chat_template.jinja", "additional_chat_templates/tool_use.jinja"}) {
    std::ofstream(from / name) << name;
  }
  quantize_checkpoint(Checkpoint::open(from), out,
                      {.quantization = {.formats = formats_of(WeightType::kInt8, WeightType::kInt8), .lanes = 8}});
  for (const char* name : {"chat_template.jinja", "additional_chat_templates/tool_use.jinja"}) {
    EXPECT_EQ(read_text(out / name), name);
  }
}

TEST(QuantizeFilesTest, RefusesWhatIsQuantizedAlreadyAndLeavesNothingWhereItFails) {
  const TemporaryFolder parent;
  const fs::path out = parent.path() / "out";
  const QuantizeOptions options{
      .quantization = {.formats = formats_of(WeightType::kInt8, WeightType::kInt8), .lanes = 8}};
  quantize_checkpoint(Checkpoint::open(nano_model()), out, options);
  EXPECT_THROW(quantize_checkpoint(Checkpoint::open(out), parent.path() / "again", options), InvalidInput);
  EXPECT_THROW(quantize_checkpoint(Checkpoint::open(nano_model()), out, options), InvalidInput);
  QuantizeOptions stopped = options;
  stopped.progress = [](std::size_t, std::size_t) { throw ResourceError("enough"); };
  EXPECT_THROW(quantize_checkpoint(Checkpoint::open(nano_model()), parent.path() / "again", stopped), ResourceError);
  EXPECT_EQ(std::distance(fs::directory_iterator(parent.path()), fs::directory_iterator()), 1);
}

TEST(QuantizeFilesTest, AScaleThatIsNoNumberIsRefusedByTheNameOfItsTensor) {
  const TemporaryFolder parent;
  const fs::path out = parent.path() / "out";
  quantize_checkpoint(Checkpoint::open(nano_model()), out,
                      {.quantization = {.formats = formats_of(WeightType::kInt4, WeightType::kInt8), .lanes = 8}});
  const std::string name = "model.layers.2.mlp.down_proj.packed";
  const fs::path file = out / "model.safetensors";
  std::string bytes = read_text(file);
  std::ptrdiff_t offset = 0;
  {
    const Checkpoint checkpoint = Checkpoint::open(out);
    const auto* data = static_cast<const std::byte*>(checkpoint.find(name)->tensor.data());
    const ConstTensor& first = checkpoint.files()[0].tensors()[0].tensor;
    offset = data - static_cast<const std::byte*>(first.data());
  }
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), sizeof header_bytes);
  const std::size_t at = sizeof header_bytes + header_bytes + static_cast<std::size_t>(offset);
  for (const std::uint32_t bad : {0x7F800000U, 0xFFC00001U, 0x3F808000U}) {
    std::string changed = bytes;
    std::memcpy(changed.data() + at, &bad, sizeof bad);
    std::ofstream(file, std::ios::binary) << changed;
    try {
      logits_of(out, {}, "portable");
      ADD_FAILURE() << "accepted " << bad;
    } catch (const InvalidInput& error) {
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
  }
}

TEST(QuantizeFilesTest, LayersHaveToBePackedAndGroupsOfOneSize) {
  const TemporaryFolder parent;
  const Checkpoint nano = Checkpoint::open(nano_model());
  const auto quantize = [&](const ModelFormats& formats, int lanes) {
    quantize_checkpoint(nano, parent.path() / "out", {.quantization = {.formats = formats, .lanes = lanes}});
  };
  EXPECT_THROW(quantize(formats_of(WeightType::kBF16, WeightType::kInt8), 8), InvalidInput);
  EXPECT_THROW(quantize(formats_of(WeightType::kInt4, WeightType::kInt8, 48), 8), InvalidInput);
  EXPECT_THROW(quantize(formats_of(WeightType::kInt4, WeightType::kInt8), 12), InvalidInput);
  ModelFormats two_sizes = formats_of(WeightType::kInt4, WeightType::kInt4);
  two_sizes.head.group_size = 32;
  EXPECT_THROW(quantize(two_sizes, 8), InvalidInput);
}

}  // namespace
}  // namespace wedlm
