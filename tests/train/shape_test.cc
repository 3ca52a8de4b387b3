#include "wedlm/train/shape.h"

#include <gmock/gmock.h>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/model/model_config.h"

namespace wedlm::train {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Json json_of(std::string_view text) {
  return parse_json(text, "shape.json");
}

class ShapeTest : public testing::Test {
 protected:
  Json completed(std::string_view shape) const { return config_of_shape(json_of(shape), "shape.json", tokenizer_); }

  Tokenizer tokenizer_ = Tokenizer::load(nano_model());
};

TEST_F(ShapeTest, TakesFromTheTokenizerWhatItLeavesOpen) {
  const Json config = completed(R"({"model_type": "qwen3", "eos_token_id": null, "hidden_size": 8})");
  EXPECT_EQ(config.at("vocab_size"), Json(static_cast<std::int64_t>(tokenizer_.vocab_size())));
  EXPECT_EQ(config.at("eos_token_id"),
            Json(Json::Array{*tokenizer_.find("<|im_end|>"), *tokenizer_.find("<|endoftext|>")}));
  EXPECT_EQ(config.at("architectures"), Json(Json::Array{"Qwen3ForCausalLM"}));
  EXPECT_EQ(config.at("hidden_size"), Json(8));
  EXPECT_EQ(config.as_object().size(), 5U);
  EXPECT_EQ(completed(R"({"model_type": "wedlm"})").at("architectures"), Json(Json::Array{"WeDLMForCausalLM"}));
}

TEST_F(ShapeTest, KeepsWhatItSays) {
  const Json shape = json_of(R"({"model_type": "qwen2", "architectures": ["Qwen2Model"], "vocab_size": 4096,
                                 "eos_token_id": 5, "rope_theta": 1e4})");
  EXPECT_EQ(config_of_shape(shape, "shape.json", tokenizer_), shape);
}

TEST_F(ShapeTest, RefusesWhatIsNoShape) {
  EXPECT_THAT([&] { completed("[1]"); }, ThrowsMessage<InvalidInput>(HasSubstr("shape.json")));
  EXPECT_THAT([&] { completed(R"({"vocab_size": 100})"); },
              ThrowsMessage<InvalidInput>(HasSubstr("vocab_size: expected at least the tokenizer's ")));
  EXPECT_THAT([&] { completed(R"({"quantization_config": {"quant_method": "wedlm"}})"); },
              ThrowsMessage<InvalidInput>(HasSubstr("quantization_config")));
}

TEST_F(ShapeTest, FirstWeightsSpreadAsItSays) {
  EXPECT_EQ(initializer_range(json_of("{}"), "shape.json"), 0.02);
  EXPECT_EQ(initializer_range(json_of(R"({"initializer_range": 0.1})"), "shape.json"), 0.1);
  EXPECT_THAT([] { initializer_range(json_of(R"({"initializer_range": 0})"), "shape.json"); },
              ThrowsMessage<InvalidInput>(HasSubstr("initializer_range")));
}

}  // namespace
}  // namespace wedlm::train
