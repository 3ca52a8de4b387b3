#include "wedlm/checkpoint/lora_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/base/json.h"
#include "wedlm/checkpoint/adapter.h"
#include "wedlm/checkpoint/safetensors_writer.h"

namespace wedlm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

class LoraAdapterTest : public testing::Test {
 protected:
  /// adapter_config.json as PEFT 0.15 writes it, with these members in place of its own.
  void write_config(const std::vector<JsonMember>& members = {}) const {
    Json::Object config = parse_json(R"({
      "alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": "Qwen/Qwen3-0.6B", "bias": "none",
      "corda_config": null, "eva_config": null, "exclude_modules": null, "fan_in_fan_out": false,
      "inference_mode": true, "init_lora_weights": true, "layer_replication": null, "layers_pattern": null,
      "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 6, "lora_bias": false, "lora_dropout": 0.0,
      "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null, "peft_type": "LORA", "r": 3,
      "rank_pattern": {}, "revision": null, "target_modules": ["up_proj"], "task_type": "CAUSAL_LM",
      "trainable_token_indices": null, "use_dora": false, "use_rslora": false})",
                                     "PEFT's file")
                              .as_object();
    for (const JsonMember& member : members) {
      std::erase_if(config, [&](const JsonMember& other) { return other.key == member.key; });
      config.push_back(member);
    }
    std::ofstream(folder_.path() / "adapter_config.json") << write_json(config);
  }
  void write_weights(const std::vector<TensorPlan>& tensors) const {
    SafetensorsWriter writer(folder_.path() / "adapter_model.safetensors", tensors);
    for (const TensorPlan& tensor : tensors) {
      writer.write(
          std::vector<std::byte>(static_cast<std::size_t>(tensor.shape.num_elements()) * dtype_bytes(tensor.dtype)));
    }
    writer.finish();
  }
  void write_pair(std::int64_t rank = 3) const {
    write_weights({{.name = kA, .shape = Shape{rank, 4}}, {.name = kB, .shape = Shape{8, 3}}});
  }
  std::string refusal_of_config(const std::vector<JsonMember>& members) const {
    write_config(members);
    return refusal([&] { read_lora_config(folder_.path()); });
  }
  std::string refusal_of_weights(const std::vector<TensorPlan>& tensors) const {
    write_config();
    write_weights(tensors);
    return refusal([&] { LoraAdapter::open(folder_.path()); });
  }

  static constexpr const char* kModule = "model.layers.1.mlp.up_proj";
  const std::string kA = std::string("base_model.model.") + kModule + ".lora_A.weight";
  const std::string kB = std::string("base_model.model.") + kModule + ".lora_B.weight";
  TemporaryFolder folder_;
};

TEST_F(LoraAdapterTest, ReadsWhatPeftWrites) {
  write_config();
  write_pair();
  const LoraAdapter adapter = LoraAdapter::open(folder_.path());
  EXPECT_EQ(adapter.config().base, "Qwen/Qwen3-0.6B");
  EXPECT_EQ(adapter.config().mask_token_id, std::nullopt);
  ASSERT_EQ(adapter.pairs().size(), 1U);
  const auto& [module, pair] = *adapter.pairs().begin();
  EXPECT_EQ(module, kModule);
  EXPECT_EQ(pair.a.shape(), (Shape{3, 4}));
  EXPECT_EQ(pair.b.shape(), (Shape{8, 3}));
  EXPECT_EQ(pair.scale, 2);
}

TEST_F(LoraAdapterTest, ScalesAsPeftDoes) {
  const auto scale = [&](const std::vector<JsonMember>& members) {
    write_config(members);
    return read_lora_config(folder_.path()).scaling.of(kModule, 4);
  };
  EXPECT_EQ(scale({}), 6.0 / 4) << "the rank is that of the weights";
  EXPECT_EQ(scale({{"use_rslora", true}}), 6.0 / 2);
  EXPECT_EQ(scale({{"lora_alpha", 0.5}}), 0.5 / 4);
  EXPECT_EQ(scale({{"alpha_pattern", Json::object({{"up_proj", 8}})}}), 2);
  EXPECT_EQ(scale({{"alpha_pattern", Json::object({{"layers.1.mlp.up_proj", 8}})}}), 2);
  EXPECT_EQ(scale({{"alpha_pattern", Json::object({{std::string("^") + kModule, 8}})}}), 2);
  EXPECT_EQ(scale({{"alpha_pattern", Json::object({{"p_proj", 8}, {"down_proj", 9}})}}), 1.5);
  EXPECT_THAT(refusal_of_config({{"alpha_pattern", Json::object({{".*up_proj", 8}})}}), HasSubstr("alpha_pattern"));
}

TEST_F(LoraAdapterTest, RefusesWhatIsMoreThanLoraByName) {
  const std::vector<JsonMember> further = {
      {"use_dora", true},
      {"use_qalora", true},
      {"bias", "all"},
      {"lora_bias", true},
      {"fan_in_fan_out", true},
      {"modules_to_save", Json::Array{"lm_head"}},
      {"layer_replication", Json::Array{Json::Array{0, 4}}},
      {"trainable_token_indices", Json::Array{1}},
      {"target_parameters", Json::Array{"mlp.experts"}},
      {"alora_invocation_tokens", Json::Array{1}},
      {"init_lora_weights", "pissa_niter_4"},
      {"init_lora_weights", "olora"},
      {"peft_type", "IA3"},
  };
  for (const JsonMember& member : further) {
    EXPECT_THAT(refusal_of_config({member}), AllOf(HasSubstr("adapter_config.json"), HasSubstr(member.key)));
  }
  EXPECT_THAT(refusal_of_config({{"peft_type", Json()}}), HasSubstr("missing key 'peft_type'"));
  EXPECT_THAT(refusal_of_config({{"lora_alpha", Json()}}), HasSubstr("missing key 'lora_alpha'"));
  EXPECT_EQ(refusal_of_config({{"init_lora_weights", "gaussian"}, {"modules_to_save", Json::Array{}}}), "");
}

TEST_F(LoraAdapterTest, RefusesTensorsThatAreNoPair) {
  EXPECT_THAT(refusal_of_weights({{.name = kA, .shape = Shape{3, 4}}}), HasSubstr("has no lora_B"));
  EXPECT_THAT(refusal_of_weights({{.name = kB, .shape = Shape{8, 3}}}), HasSubstr("has no lora_A"));
  EXPECT_THAT(refusal_of_weights({{.name = "base_model.model.lm_head.weight", .shape = Shape{8, 3}}}),
              HasSubstr("lm_head.weight"));
  EXPECT_THAT(refusal_of_weights({{.name = "up_proj.lora_A.weight", .shape = Shape{8, 3}}}), HasSubstr("up_proj"));
  EXPECT_THAT(refusal_of_weights({{.name = kA, .shape = Shape{3}}}), HasSubstr("expected a matrix"));
  EXPECT_THAT(refusal_of_weights({{.name = kA, .dtype = DType::kU8, .shape = Shape{3, 4}}}), HasSubstr("U8"));
  EXPECT_THAT(refusal_of_weights({}), HasSubstr("no tensors"));
  write_pair(2);
  EXPECT_THAT(refusal([&] { LoraAdapter::open(folder_.path()); }), AllOf(HasSubstr("rank 2"), HasSubstr("rank 3")));
  fs::rename(folder_.path() / "adapter_model.safetensors", folder_.path() / "adapter_model.bin");
  EXPECT_THAT(refusal([&] { LoraAdapter::open(folder_.path()); }), HasSubstr("pickled"));
  fs::remove(folder_.path() / "adapter_config.json");
  EXPECT_THAT(refusal([&] { LoraAdapter::open(folder_.path()); }), HasSubstr("holds no adapter"));
}

TEST_F(LoraAdapterTest, WritesTheMembersOfPeft) {
  const LoraConfig config{.rank = 4, .alpha = 8, .dropout = 0.25, .targets = {"q_proj", "v_proj"}, .base = "a/b"};
  write_lora_config(folder_.path(), config, 151665);
  const Json written = parse_json(read_text(folder_.path() / "adapter_config.json"), "adapter_config.json");
  EXPECT_EQ(written.at("peft_type"), Json("LORA"));
  EXPECT_EQ(written.at("task_type"), Json("CAUSAL_LM"));
  EXPECT_EQ(written.at("r"), Json(4));
  EXPECT_EQ(written.at("lora_alpha"), Json(8));
  EXPECT_EQ(written.at("lora_dropout"), Json(0.25));
  EXPECT_EQ(written.at("target_modules"), Json(Json::Array{"q_proj", "v_proj"}));
  EXPECT_EQ(written.at("base_model_name_or_path"), Json("a/b"));
  EXPECT_EQ(written.at("bias"), Json("none"));
  EXPECT_TRUE(written.at("modules_to_save").is_null());
  EXPECT_EQ(find_adapter(folder_.path())->description(), "a LORA adapter of a/b (adapter_config.json)");
  const StoredLoraConfig back = read_lora_config(folder_.path());
  EXPECT_EQ(back.scaling.of("q_proj", 4), 2);
  EXPECT_EQ(back.mask_token_id, 151665);
}

TEST_F(LoraAdapterTest, AnAdapterForMasksIsNoLoraToOthers) {
  write_lora_config(folder_.path(), {.rows = LoraRows::kMasks}, 5);
  EXPECT_NE(parse_json(read_text(folder_.path() / "adapter_config.json"), "").at("peft_type"), Json("LORA"));
  EXPECT_THAT(refusal([&] { read_lora_config(folder_.path()); }),
              AllOf(HasSubstr("rows of masks alone"), HasSubstr("cannot be merged")));
}

TEST_F(LoraAdapterTest, TargetsAreKnownNames) {
  EXPECT_THAT(parse_lora_targets("v_proj,q_proj,v_proj"), ElementsAre("q_proj", "v_proj"));
  EXPECT_THAT(parse_lora_targets("q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"),
              testing::ElementsAreArray(LoraConfig().targets));
  for (const char* wrong : {"", "q_proj,", "lm_head", "q_proj v_proj"}) {
    EXPECT_THAT(refusal([&] { parse_lora_targets(wrong); }),
                HasSubstr("expected one of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, got"));
  }
}

}  // namespace
}  // namespace wedlm
