#include "wedlm/train/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/checkpoint/safetensors_writer.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/train/draws.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

struct Matrix {
  std::string name;
  Shape shape;
  std::vector<float> values{};
};

std::vector<double> values_of(const Checkpoint& checkpoint, const std::string& name) {
  const ConstTensor& tensor = checkpoint.find(name)->tensor;
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().num_elements()));
  to_f32(tensor.dtype(), tensor.data(), values.data(), values.size());
  return {values.begin(), values.end()};
}

class MergeTest : public testing::Test {
 protected:
  /// An adapter with random matrices of rank 3 for `modules`, of alpha 6.
  void write_adapter(const std::vector<std::pair<std::string, Shape>>& modules) {
    fs::create_directories(adapter_);
    write_lora_config(adapter_, {.rank = 3, .alpha = 6, .base = "some/base"}, 7);
    Draws draws(1, Draws::Purpose::kWeights, 0);
    matrices_.clear();
    std::vector<TensorPlan> plan;
    for (const auto& [module, shape] : modules) {
      for (const auto& [side, size] : {std::pair("A", Shape{3, shape[1]}), std::pair("B", Shape{shape[0], 3})}) {
        Matrix& matrix = matrices_.emplace_back(
            Matrix{.name = "base_model.model." + module + ".lora_" + side + ".weight", .shape = size});
        for (std::int64_t i = 0; i < size.num_elements(); ++i) {
          matrix.values.push_back(static_cast<float>(draws.uniform() - 0.5));
        }
        plan.push_back({.name = matrix.name, .shape = size});
      }
    }
    SafetensorsWriter writer(adapter_ / "adapter_model.safetensors", plan);
    for (const Matrix& matrix : matrices_) writer.write(std::as_bytes(std::span(matrix.values)));
    writer.finish();
  }
  std::size_t merge(const fs::path& base, const Watcher& watcher = {}, Existing existing = Existing::kRefuse) const {
    return merge_adapter(Checkpoint::open(base), LoraAdapter::open(adapter_), out_,
                         {.existing = existing, .num_threads = 2}, watcher);
  }
  std::string refusal(const fs::path& base) const {
    try {
      merge(base);
    } catch (const Error& error) {
      EXPECT_FALSE(fs::exists(out_));
      EXPECT_FALSE(fs::exists(out_.string() + ".partial"));
      return error.what();
    }
    return "";
  }

  TemporaryFolder temporary_;
  fs::path adapter_ = temporary_.path() / "adapter";
  fs::path out_ = temporary_.path() / "out";
  std::vector<Matrix> matrices_;  // A and B of each module in turn
};

/// Half a step of a type, relative to the value.
double rounding(DType type) {
  return type == DType::kF32 ? 0x1p-24 : type == DType::kBF16 ? 0x1p-8 : 0x1p-11;
}

TEST_F(MergeTest, AddsTheProductAndLeavesTheRest) {
  for (const char* name : {"qwen2.5-bias-f16", "qwen3-tied-f32-headdim32", "qwen3-untied-2shards-bf16"}) {
    SCOPED_TRACE(name);
    const Checkpoint base = Checkpoint::open(test_data(std::string("checkpoints/") + name));
    const ModelConfig config = parse_model_config(base.config());
    std::vector<std::pair<std::string, Shape>> modules;
    for (const char* module : {"model.layers.0.self_attn.k_proj", "model.layers.1.mlp.down_proj"}) {
      modules.emplace_back(module, base.find(std::string(module) + ".weight")->tensor.shape());
    }
    write_adapter(modules);
    EXPECT_EQ(merge(base.folder(), {}, Existing::kReplace), 2U);
    const Checkpoint merged = Checkpoint::open(out_);
    check_weights(merged, parse_model_config(merged.config()));
    for (const WeightSpec& spec : weight_list(config)) {
      const Checkpoint::Entry &before = *base.find(spec.name), &after = *merged.find(spec.name);
      ASSERT_EQ(before.type, after.type);
      const auto module = std::ranges::find(modules, spec.name, [](const auto& one) { return one.first + ".weight"; });
      if (module == modules.end()) {
        EXPECT_EQ(std::memcmp(before.tensor.data(), after.tensor.data(), static_cast<std::size_t>(after.num_bytes)), 0)
            << spec.name;
        continue;
      }
      const auto w = values_of(base, spec.name), got = values_of(merged, spec.name);
      const Matrix& a = matrices_[static_cast<std::size_t>(2 * (module - modules.begin()))];
      const Matrix& b = matrices_[static_cast<std::size_t>(2 * (module - modules.begin()) + 1)];
      const auto width = static_cast<std::size_t>(spec.shape[1]);
      for (std::size_t i = 0; i < w.size(); ++i) {
        double product = 0;
        for (std::size_t r = 0; r < 3; ++r) {
          product += static_cast<double>(b.values[i / width * 3 + r]) * a.values[r * width + i % width];
        }
        const double exact = w[i] + 2 * product;
        EXPECT_NEAR(got[i], exact, rounding(before.tensor.dtype()) * std::abs(exact) * 1.001 + 0x1p-25) << spec.name;
      }
    }
  }
}

TEST_F(MergeTest, WritesACheckpointWithItsCompanions) {
  write_adapter({{"model.layers.0.self_attn.v_proj", {128, 256}}});
  merge(nano_model());
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "generation_config.json"}) {
    EXPECT_EQ(read_text(out_ / name), read_text(nano_model() / name));
  }
  const Json config = parse_json(read_text(out_ / "config.json"), "config.json");
  EXPECT_EQ(config.at("mask_token_id"), Json(7)) << "the one of the adapter";
  EXPECT_EQ(config.at("vocab_size"), Json(2048));
  EXPECT_THAT(config.at("merged_adapter").as_string(), HasSubstr("some/base"));
}

TEST_F(MergeTest, RefusesAnAdapterOfAnotherModel) {
  write_adapter({{"model.layers.0.self_attn.v_proj", {128, 64}}});
  EXPECT_THAT(refusal(nano_model()), AllOf(HasSubstr("model.layers.0.self_attn.v_proj"), HasSubstr("[128, 256] there"),
                                           HasSubstr("[128, 64] in the adapter")));
  write_adapter({{"model.layers.9.self_attn.v_proj", {128, 256}}});
  EXPECT_THAT(refusal(nano_model()), HasSubstr("no layer there"));
  write_adapter({{"lm_head", {2048, 256}}});
  EXPECT_THAT(refusal(nano_model()), HasSubstr("whose weight is that of the embeddings"));
  write_adapter({{"model.layers.0.input_layernorm", {256, 256}}});
  EXPECT_THAT(refusal(nano_model()), HasSubstr("[256] there"));
  write_adapter({{"model.layers.0.self_attn.v_proj", {128, 256}}});
  write_lora_config(adapter_, {}, 2048);
  EXPECT_THAT(refusal(nano_model()), HasSubstr("its mask is the token 2048"));
}

TEST_F(MergeTest, RefusesWhatIsNotFinite) {
  write_adapter({{"model.layers.0.self_attn.v_proj", {128, 256}}});
  std::string bytes = read_text(adapter_ / "adapter_model.safetensors");
  const float infinity = std::numeric_limits<float>::infinity();
  std::memcpy(bytes.data() + bytes.size() - sizeof infinity, &infinity, sizeof infinity);
  std::ofstream(adapter_ / "adapter_model.safetensors", std::ios::binary) << bytes;
  EXPECT_THAT(refusal(nano_model()), HasSubstr("model.layers.0.self_attn.v_proj.weight with the adapter has values"));
}

TEST_F(MergeTest, ReplacesOnlyWhatItWroteAndLeavesNothingUnfinished) {
  write_adapter({{"model.layers.0.self_attn.v_proj", {128, 256}}});
  int num_asked = 0;
  const Watcher impatient{.is_interrupted = [&] { return ++num_asked > 3; }};
  EXPECT_THROW(merge(nano_model(), impatient), Interrupted);
  EXPECT_FALSE(fs::exists(out_.string() + ".partial"));
  merge(nano_model());
  EXPECT_THAT([&] { merge(nano_model()); }, testing::ThrowsMessage<InvalidInput>(HasSubstr("--force")));
  merge(nano_model(), {}, Existing::kReplace);
  fs::copy_file(nano_model() / "config.json", out_ / "config.json", fs::copy_options::overwrite_existing);
  EXPECT_THAT([&] { merge(nano_model(), {}, Existing::kReplace); },
              testing::ThrowsMessage<InvalidInput>(HasSubstr("not replaced")));
}

}  // namespace
}  // namespace wedlm::train
