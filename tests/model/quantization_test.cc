// What config.json says of formats: it is read as it was written, by names, and by the bits that older files have.
#include "wedlm/model/quantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"
#include "wedlm/base/json_members.h"

namespace wedlm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

ModelFormats formats_of(WeightType layers, WeightType head, std::int64_t group_size) {
  return {.layers = {.type = layers, .group_size = group_size}, .head = {.type = head, .group_size = group_size}};
}

std::optional<Quantization> read(const Json& quantization_config) {
  const Json config = Json::object({{"quantization_config", quantization_config}});
  return read_quantization(JsonMembers(config, "config.json"));
}

std::string message_of(const std::string& json) {
  try {
    read(parse_json(json, "test"));
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(ChosenFormatsTest, WhatIsNotGivenFollowsFromTheRest) {
  EXPECT_EQ(chosen_formats({}), ModelFormats());
  EXPECT_EQ(chosen_formats({.layers = WeightType::kInt4}), formats_with(WeightType::kInt4));
  EXPECT_EQ(chosen_formats({.layers = WeightType::kInt4, .group_size = 32, .head = WeightType::kInt4}),
            formats_of(WeightType::kInt4, WeightType::kInt4, 32));
  EXPECT_EQ(chosen_formats({.head = WeightType::kInt8}).layers, WeightFormat()) << "a head alone";
}

TEST(ChosenFormatsTest, AGroupSizeWithoutGroupsIsRefusedByItsName) {
  const auto refusal = [](const FormatChoice& choice) -> std::string {
    try {
      chosen_formats(choice);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(refusal({.layers = WeightType::kInt8, .group_size = 64, .group_size_name = "--group"}),
              AllOf(HasSubstr("--group: neither int8 layers"), HasSubstr("int4")));
  EXPECT_THAT(refusal({.group_size = 64}), HasSubstr("group_size: neither stored layers"));
  EXPECT_THAT(refusal({.layers = WeightType::kInt4, .group_size = 48}), HasSubstr("48"));
}

TEST(QuantizationTest, IsReadAsItWasWritten) {
  EXPECT_EQ(read(Json()), std::nullopt);
  for (const WeightType layers : packed_weight_types()) {
    for (const WeightType head : all_weight_types()) {
      for (const int group_size : kGroupSizes) {
        const Quantization quantization{.formats = formats_of(layers, head, group_size), .lanes = 16};
        EXPECT_EQ(read(quantization_json(quantization)), quantization) << write_json(quantization_json(quantization));
      }
    }
  }
  const Quantization int4{.formats = formats_of(WeightType::kInt4, WeightType::kInt8, 64), .lanes = 32};
  EXPECT_EQ(write_json(quantization_json(int4)),
            R"({"quant_method":"wedlm","weights":"int4","group_size":64,"head":"int8","rotation":64,"lanes":32})");
}

TEST(QuantizationTest, WeightsThatWereNotRotatedAreRefused) {
  EXPECT_THAT(message_of(R"({"quant_method":"wedlm","weights":"int4","group_size":64,"head":"int8","lanes":32})"),
              testing::AllOf(HasSubstr("missing key 'rotation': an earlier version"), HasSubstr("bfloat16 original")));
}

TEST(QuantizationTest, UnknownFormatsListThoseThatThereAre) {
  const auto with = [](const std::string& members) {
    return message_of(R"({"quant_method": "wedlm", "group_size": 32, "lanes": 8, "rotation": 64, )" + members + "}");
  };
  EXPECT_EQ(with(R"("weights": "int5", "head": "int8")"),
            "config.json: quantization_config: weights: expected one of int8, int4, got \"int5\"");
  EXPECT_EQ(with(R"("weights": "bf16", "head": "int8")"),
            "config.json: quantization_config: weights: expected one of int8, int4, got \"bf16\"");
  EXPECT_EQ(with(R"("weights": "int4", "head": "int5")"),
            "config.json: quantization_config: head: expected one of stored, bf16, int8, int4, got \"int5\"");
  EXPECT_THAT(with(R"("weights": 4, "head": "int8")"), HasSubstr("weights: expected a string, got 4"));
  EXPECT_THAT(with(R"("head": "int8")"), HasSubstr("missing key 'weights'"));
  EXPECT_THAT(with(R"("weights": "int4")"), HasSubstr("missing key 'head'"));
}

TEST(QuantizationTest, FormatsAreThoseOfTheFileAndNoOthers) {
  const ModelFormats int4 = formats_of(WeightType::kInt4, WeightType::kInt8, 64);
  EXPECT_EQ(formats_to_load(std::nullopt, int4), int4);
  const Quantization stored{.formats = int4, .lanes = 8};
  EXPECT_EQ(formats_to_load(stored, {}), int4);
  EXPECT_EQ(formats_to_load(stored, int4), int4);
  EXPECT_THROW(formats_to_load(stored, formats_with(WeightType::kInt8)), InvalidInput);
  EXPECT_THROW(formats_to_load(stored, formats_of(WeightType::kInt4, WeightType::kInt8, 32)), InvalidInput);
}

TEST(QuantizationTest, AHeadOfInt8GoesWithLayersOfInt4) {
  for (const WeightType type : all_weight_types()) {
    const ModelFormats formats = formats_with(type);
    EXPECT_EQ(formats.layers.type, type);
    EXPECT_EQ(formats.head.type, type == WeightType::kInt4 ? WeightType::kInt8 : type);
  }
  EXPECT_EQ(describe(formats_with(WeightType::kStored)), "");
  EXPECT_EQ(describe(formats_with(WeightType::kInt8)), "int8");
  EXPECT_EQ(describe(formats_with(WeightType::kInt4)), "int4 in groups of 64, head int8");
  EXPECT_EQ(describe(formats_of(WeightType::kStored, WeightType::kInt8, 64)), "as stored, head int8");
}

}  // namespace
}  // namespace wedlm
