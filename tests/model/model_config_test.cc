// What configurations mean; those that must be refused are in tests/support/malformed_checkpoints.
#include "wedlm/model/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/model/published_configs.h"
#include "tests/support/data.h"
#include "wedlm/base/error.h"

namespace wedlm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json read_config(const std::filesystem::path& folder) {
  return parse_json(read_text(folder / "config.json"), "config.json");
}

/// A configuration of `type` with these members besides the sizes; `members` starts with a comma or is empty.
ModelConfig parsed(const std::string& type, const std::string& members) {
  return parse_model_config(parse_json(R"({"model_type": ")" + type + R"(", "vocab_size": 152000, "hidden_size": 64,
    "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 128,
    "rms_norm_eps": 1e-6)" + members + "}",
                                       "config.json"));
}

constexpr const char* kTheta = R"(, "rope_theta": 10000.0)";

std::string error_of(const std::string& type, const std::string& members) {
  try {
    parsed(type, members);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

TEST(ModelConfigTest, ReadsTheShippedModel) {
  const ModelConfig config = parse_model_config(read_config(nano_model()));
  EXPECT_EQ(config.model_type, "wedlm");
  EXPECT_EQ(config.vocab_size, 2048);
  EXPECT_EQ(config.hidden_size, 256);
  EXPECT_EQ(config.intermediate_size, 640);
  EXPECT_EQ(config.num_hidden_layers, 5);
  EXPECT_EQ(config.num_attention_heads, 4);
  EXPECT_EQ(config.num_key_value_heads, 2);
  EXPECT_EQ(config.head_dim, 64);
  EXPECT_EQ(config.max_position_embeddings, 2048);
  EXPECT_EQ(config.rms_norm_eps, 1e-6);
  EXPECT_EQ(config.rope.theta, 1e6);
  EXPECT_TRUE(config.tie_word_embeddings);
  EXPECT_TRUE(config.qk_norm);
  EXPECT_FALSE(config.attention_bias);
  EXPECT_EQ(config.mask_token_id, 2047);
  EXPECT_EQ(config.mask_source, MaskSource::kConfig);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(2046));
  EXPECT_EQ(config.torch_dtype, DType::kBF16);
}

TEST(ModelConfigTest, TheFamiliesDifferByBooleans) {
  const std::string bias = std::string(kTheta) + R"(, "attention_bias": true)";
  const std::string neither = std::string(kTheta) + R"(, "attention_bias": false, "qk_norm": false)";
  struct Case {
    std::string type, members;
    bool attention_bias, o_proj_bias, qk_norm;
  };
  for (const Case& c : {Case{"qwen2", kTheta, true, false, false}, Case{"qwen2", neither, true, false, false},
                        Case{"qwen3", kTheta, false, false, true}, Case{"qwen3", bias, true, true, true},
                        Case{"qwen3", neither, false, false, true}, Case{"wedlm", kTheta, true, false, false},
                        Case{"wedlm", std::string(kTheta) + R"(, "qk_norm": true)", false, false, true},
                        Case{"wedlm", bias, true, false, false}, Case{"wedlm", neither, false, false, false}}) {
    const ModelConfig config = parsed(c.type, c.members);
    EXPECT_EQ(config.attention_bias, c.attention_bias) << c.type << c.members;
    EXPECT_EQ(config.o_proj_bias, c.o_proj_bias) << c.type << c.members;
    EXPECT_EQ(config.qk_norm, c.qk_norm) << c.type << c.members;
  }
}

TEST(ModelConfigTest, WhatIsAbsentOrNullTakesItsDefault) {
  for (const std::string members :
       {"", R"(, "num_key_value_heads": null, "head_dim": null, "mask_token_id": null, "eos_token_id": null,
               "torch_dtype": null, "rope_scaling": null, "quantization_config": null, "sliding_window": null)"}) {
    const ModelConfig config = parsed("qwen3", kTheta + members);
    EXPECT_EQ(config.num_key_value_heads, 4);
    EXPECT_EQ(config.head_dim, 16);
    EXPECT_FALSE(config.tie_word_embeddings);
    EXPECT_EQ(config.mask_token_id, kNoToken);
    EXPECT_THAT(config.eos_token_ids, IsEmpty());
    EXPECT_EQ(config.torch_dtype, std::nullopt);
  }
}

TEST(ModelConfigTest, AMaskIsAssumedOfWeDLMAlone) {
  const ModelConfig wedlm = parsed("wedlm", kTheta);
  EXPECT_EQ(wedlm.mask_token_id, 151665);
  EXPECT_EQ(wedlm.mask_source, MaskSource::kAssumed);
  for (const char* type : {"qwen2", "qwen3"}) {
    EXPECT_EQ(parsed(type, kTheta).mask_source, MaskSource::kNobody) << type;
    const ModelConfig named = parsed(type, kTheta + std::string(R"(, "mask_token_id": 7)"));
    EXPECT_EQ(named.mask_token_id, 7) << type;
    EXPECT_EQ(named.mask_source, MaskSource::kConfig) << type;
  }
}

TEST(ModelConfigTest, OfSeveralWhoNameTheMaskTheNearestToTheCallerCounts) {
  ModelConfig config = parsed("wedlm", kTheta);
  name_mask_token(config, MaskSource::kTokenizer, 3);
  EXPECT_EQ(config.mask_token_id, 3);
  name_mask_token(config, MaskSource::kAssumed, 4);
  EXPECT_EQ(config.mask_token_id, 3);
  name_mask_token(config, MaskSource::kCaller, 5);
  name_mask_token(config, MaskSource::kTokenizer, 6);
  EXPECT_EQ(config.mask_token_id, 5);
  EXPECT_EQ(config.mask_source, MaskSource::kCaller);
  EXPECT_THROW(name_mask_token(config, MaskSource::kCaller, 152000), InvalidInput);
  EXPECT_THROW(name_mask_token(config, MaskSource::kCaller, kNoToken), InvalidInput);
}

TEST(ModelConfigTest, AVocabularyTooSmallForTheUsualMaskHasNone) {
  const ModelConfig config = parse_model_config(read_config(test_data("checkpoints/qwen2.5-bias-f16")));
  EXPECT_EQ(config.mask_token_id, kNoToken);
  EXPECT_EQ(config.head_dim, 16);
}

TEST(ModelConfigTest, ReadsWhatNewerReleasesWrite) {
  const ModelConfig config = parsed("qwen3", R"(, "rope_parameters": {"rope_theta": 5000000, "rope_type": "default"},
    "dtype": "float16", "eos_token_id": [3, 1], "sliding_window": 4096, "use_sliding_window": false,
    "layer_types": ["full_attention", "full_attention"], "hidden_act": "silu", "architectures": ["Qwen3ForCausalLM"],
    "rope_scaling": {"type": "default"}, "unknown": {})");
  EXPECT_EQ(config.rope.theta, 5e6);
  EXPECT_EQ(config.torch_dtype, DType::kF16);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(3, 1));
}

TEST(ModelConfigTest, TheTypeMayBeLeftToTheTensors) {
  EXPECT_EQ(parsed("qwen3", kTheta + std::string(R"(, "torch_dtype": "auto")")).torch_dtype, std::nullopt);
  EXPECT_EQ(parsed("qwen3", kTheta + std::string(R"(, "torch_dtype": "auto", "dtype": "float16")")).torch_dtype,
            DType::kF16);
  EXPECT_EQ(parsed("qwen3", kTheta + std::string(R"(, "dtype": "auto")")).torch_dtype, std::nullopt);
}

TEST(ModelConfigTest, AModelWithoutItsHeadIsOfTheSameArchitecture) {
  for (const std::string name : {"Qwen2Model", "Qwen3Model", "WeDLMModel"}) {
    EXPECT_EQ(error_of("qwen3", kTheta + (R"(, "architectures": [")" + name + "\"]")), "");
  }
}

TEST(ModelConfigTest, ThetaHasNoDefault) {
  EXPECT_THAT(error_of("qwen3", ""), testing::HasSubstr("rope_theta"));
  EXPECT_THAT(error_of("qwen3", R"(, "rope_parameters": {"rope_type": "default"})"), testing::HasSubstr("rope_theta"));
  EXPECT_EQ(error_of("qwen3", kTheta + std::string(R"(, "rope_parameters": {"rope_theta": 10000})")), "");
}

TEST(ModelConfigTest, ADocumentThatIsNoObjectIsRefused) {
  EXPECT_THROW(parse_model_config(Json()), InvalidInput);
  EXPECT_THROW(parse_model_config(Json("x")), InvalidInput);
}

TEST(ModelConfigTest, TheLargestSizesDoNotOverflow) {
  // The undefined-behaviour sanitizer watches the products.
  const ModelConfig config = parse_model_config(parse_json(R"({"model_type": "qwen3", "vocab_size": 16777216,
    "hidden_size": 262144, "intermediate_size": 1048576, "num_hidden_layers": 4096, "num_attention_heads": 4096,
    "head_dim": 4096, "max_position_embeddings": 1073741824, "rms_norm_eps": 1e-6, "rope_theta": 1e4,
    "attention_bias": true})",
                                                           "config.json"));
  EXPECT_GT(config.num_parameters(), std::int64_t{1} << 56);
  EXPECT_LT(config.num_parameters(), std::int64_t{1} << 60);  // float32 bytes still fit
  EXPECT_EQ(config.kv_bytes_per_token(DType::kF32), std::int64_t{1} << 39);
}

TEST(ModelConfigTest, CountsTheParametersThatArePublished) {
  EXPECT_EQ(qwen_7b().num_parameters(), 7'615'616'512);
  EXPECT_EQ(qwen_7b().kv_bytes_per_token(DType::kBF16), 56 * 1024);
  EXPECT_EQ(qwen_7b().kv_bytes_per_token(DType::kI8), 28 * 2 * 4 * (128 + 4)) << "bytes and a scale for each head";
  EXPECT_EQ(qwen_half_b().num_parameters(), 494'032'768);
  EXPECT_EQ(wedlm_8b().num_parameters(), 8'190'735'360);
}

}  // namespace
}  // namespace wedlm
