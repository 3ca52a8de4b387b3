// Stretched rotations against what transformers computed: tests/data/rope/huggingface.json. Those that must be refused
// are in tests/support/malformed_checkpoints.
#include "wedlm/model/rope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/base/json_members.h"
#include "wedlm/model/model_config.h"

namespace wedlm {
namespace {

const Json& recorded() {
  static const Json json = parse_json(read_text(test_data("rope/huggingface.json")), "huggingface.json");
  return json;
}

RopeConfig read(const Json& config, std::int64_t max_position_embeddings = 128) {
  return read_rope(JsonMembers(config, "config.json"), max_position_embeddings);
}

RopeConfig read(const std::string& text, std::int64_t max_position_embeddings = 128) {
  return read(parse_json(text, "config.json"), max_position_embeddings);
}

/// The same object with "rope_type" called "type".
Json with_older_name(const Json& parameters) {
  Json::Object members = parameters.as_object();
  for (JsonMember& member : members) {
    if (member.key == "rope_type") member.key = "type";
  }
  return members;
}

/// In all the ways in which configurations have been written.
std::vector<Json> spellings(const Json& parameters, const Json& theta) {
  Json with_theta = parameters, scaling = with_older_name(parameters);
  with_theta.set("rope_theta", theta);
  return {Json::object({{"rope_theta", theta}, {"rope_scaling", parameters}}),
          Json::object({{"rope_theta", theta}, {"rope_scaling", scaling}}),
          Json::object({{"rope_parameters", with_theta}}),
          Json::object({{"rope_parameters", Json::object({{"full_attention", with_theta}})}}),
          Json::object({{"rope_theta", theta}, {"rope_scaling", scaling}, {"rope_parameters", with_theta}})};
}

void expect_angles(const Rotation& rotation, const Json& row) {
  const auto position = static_cast<std::int32_t>(row.at("position").as_integer());
  std::vector<float> angles(2 * rotation.frequencies.size());
  rope_angles_of(position, rotation, angles.data());
  const std::size_t half = rotation.frequencies.size();
  const Json::Array &cos = row.at("cos").as_array(), &sin = row.at("sin").as_array();
  for (std::size_t i = 0; i < cos.size(); ++i) {
    const std::size_t pair = 7 * i;
    // A frequency that is rounded otherwise, by one unit of float32, turns a late position that much further.
    const double bound = 2e-6 + 1.3e-7 * position * static_cast<double>(rotation.frequencies[pair % half]);
    // Dimensions of a head: pair i has its cos at i and at i + half.
    EXPECT_NEAR(angles[pair % half], cos[i].as_number(), bound) << position << ", dimension " << pair;
    EXPECT_NEAR(angles[half + pair % half], sin[i].as_number(), bound) << position << ", dimension " << pair;
  }
}

TEST(RopeTest, TurnsAsTransformersDoesHoweverTheFileSaysIt) {
  ASSERT_EQ(recorded().at("cases").as_array().size(), 12U);
  for (const Json& item : recorded().at("cases").as_array()) {
    const std::int64_t max_positions = item.at("max_position_embeddings").as_integer();
    const std::int64_t head_dim = item.at("head_dim").as_integer();
    const Json& parameters = item.at("parameters");
    SCOPED_TRACE(write_json(parameters) + " theta " + write_json(item.at("rope_theta")));
    for (const Json& config : spellings(parameters, item.at("rope_theta"))) {
      const RopeConfig rope = read(config, max_positions);
      EXPECT_EQ(rope_type_name(rope.type), parameters.at("rope_type").as_string());
      const Rotation rotation = rotation_of(rope, head_dim, max_positions, max_positions);
      EXPECT_FLOAT_EQ(rotation.scale, static_cast<float>(item.at("attention_factor").as_number()));
      const Json::Array& frequencies = item.at("inv_freq").as_array();
      ASSERT_EQ(rotation.frequencies.size(), frequencies.size());
      for (std::size_t i = 0; i < frequencies.size(); ++i) {
        EXPECT_NEAR(rotation.frequencies[i], frequencies[i].as_number(), 2e-7 * frequencies[i].as_number()) << i;
      }
      for (const Json& row : item.at("rows").as_array()) {
        // "dynamic" was recorded for a sequence that ends at the position.
        expect_angles(rotation_of(rope, head_dim, max_positions, row.at("position").as_integer() + 1), row);
      }
    }
  }
}

TEST(RopeTest, TheLongestSequenceDecidesForTheDynamicTypeAlone) {
  for (const char* type : {"default", "linear", "dynamic", "yarn"}) {
    const RopeConfig rope =
        read(R"({"rope_theta": 1e4, "rope_scaling": {"type": ")" + std::string(type) + R"(", "factor": 4.0}})");
    const Rotation usual = rotation_of(rope, 16, 128, 128);
    EXPECT_EQ(rotation_of(rope, 16, 128, 1), usual) << type;
    EXPECT_EQ(rotation_of(rope, 16, 128, 129) == usual, type != std::string("dynamic")) << type;
  }
}

TEST(RopeTest, ASequenceMayBeAsLongAsVllmHasIt) {
  const auto length = [](const std::string& scaling) {
    return max_positions(read(R"({"rope_theta": 1e6, "rope_scaling": )" + scaling + "}", 40960), 40960);
  };
  EXPECT_EQ(length("null"), 40960);
  EXPECT_EQ(length("{}"), 40960);
  EXPECT_EQ(length(R"({"rope_type": "default", "factor": 4.0})"), 40960);
  EXPECT_EQ(length(R"({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768})"), 131072);
  EXPECT_EQ(length(R"({"rope_type": "yarn", "factor": 4.0})"), 4 * 40960);
  EXPECT_EQ(length(R"({"rope_type": "yarn", "factor": null, "original_max_position_embeddings": 10240})"), 40960);
  EXPECT_EQ(length(R"({"rope_type": "linear", "factor": 2.5})"), 102400);
  EXPECT_EQ(length(R"({"rope_type": "dynamic", "factor": 2})"), 81920);
  EXPECT_EQ(length(R"({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                       "original_max_position_embeddings": 8192})"),
            40960);
  EXPECT_EQ(length(R"({"rope_type": "linear", "factor": 1e300})"), 1 << 30) << "and nothing overflows";
}

TEST(RopeTest, TheAttentionFactorFollowsFromMscale) {
  const auto scale = [](const std::string& members) {
    const RopeConfig rope =
        read(R"({"rope_theta": 1e4, "rope_scaling": {"type": "yarn", "factor": 40)" + members + "}}");
    return static_cast<double>(rotation_of(rope, 16, 128, 128).scale);
  };
  EXPECT_NEAR(scale(""), 0.1 * std::log(40.0) + 1, 1e-6);
  EXPECT_NEAR(scale(R"(, "mscale": 1.0, "mscale_all_dim": 1.0)"), 1, 1e-6);  // as DeepSeek-V3 has it
  EXPECT_NEAR(scale(R"(, "mscale": 0.707, "mscale_all_dim": 0.5)"),
              (0.0707 * std::log(40.0) + 1) / (0.05 * std::log(40.0) + 1), 1e-6);
  EXPECT_NEAR(scale(R"(, "mscale": 0.707)"), 0.1 * std::log(40.0) + 1, 1e-6) << "one of the two says nothing";
  EXPECT_NEAR(scale(R"(, "mscale": 1.0, "mscale_all_dim": 0.5, "attention_factor": 1.5)"), 1.5, 1e-6);
}

}  // namespace
}  // namespace wedlm
