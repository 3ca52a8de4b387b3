// A model inside a larger shape: its own logits, and none that could win beside them.
#include "wedlm/model/inflated_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/closeness.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/base/error.h"
#include "wedlm/model/logits.h"
#include "wedlm/model/random_weights.h"
#include "wedlm/model/weight_list.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// A large eps, which shows where it is missed.
ModelConfig small_config() {
  return {.model_type = "qwen3",
          .vocab_size = 331,
          .hidden_size = 64,
          .intermediate_size = 96,
          .num_hidden_layers = 2,
          .num_attention_heads = 4,
          .num_key_value_heads = 2,
          .head_dim = 32,
          .max_position_embeddings = 64,
          .rms_norm_eps = 0.05,
          .rope = {.theta = 1e4},
          .tie_word_embeddings = true,
          .qk_norm = true};
}

/// Larger in everything, four times as wide.
ModelConfig large_shape() {
  return {.vocab_size = 500,
          .hidden_size = 256,
          .intermediate_size = 160,
          .num_hidden_layers = 3,
          .num_attention_heads = 9,
          .num_key_value_heads = 3,
          .head_dim = 64,
          .tie_word_embeddings = true,
          .qk_norm = true};
}

/// Random weights whose norms are random too, so that each dimension of a head shows where it went.
class SmallWeights final : public WeightSource {
 public:
  SmallWeights(const ModelConfig& config, DType dtype)
      : random_(config, {.dtype = dtype == DType::kF16 ? DType::kF32 : dtype, .num_threads = 1}), dtype_(dtype) {}

  HostWeight weight(std::string_view name) const override {
    HostWeight weight = random_.weight(name);
    if (dtype_ == DType::kF16) weight.tensor = ConstTensor(weight.memory.data(), dtype_, weight.tensor.shape());
    const std::int64_t in_features = weight.tensor.shape().rank() == 2 ? weight.tensor.shape()[1] : 64;
    const float least = name.ends_with("norm.weight") ? 0.5F : least_random(in_features);
    ThreadTeam team(1);
    fill_random(dtype_, weight.memory.data(), weight.tensor.shape().num_elements(), least, seed_of(name, 1), team);
    return weight;
  }
  std::size_t total_bytes() const override { return random_.total_bytes(); }

 private:
  RandomWeights random_;
  DType dtype_;
};

std::vector<float> values_of(const ConstTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape().num_elements()));
  to_f32(tensor.dtype(), tensor.data(), values.data(), values.size());
  return values;
}

/// Of a prompt in pages, and of a window after it.                                                  [rows, vocab_size]
std::vector<float> logits_of(const WeightSource& weights, const ModelConfig& config, const BackendOptions& options,
                             const ModelFormats& formats, DType page_type) {
  const auto backend = make_backend(options);
  const Transformer transformer(weights, config, *backend, {}, formats);
  KvCache cache(*backend, config, 3, 4, page_type);
  Batch prompt = window_batch({5, 330, 17, 100, 20, 9, 250}, 0, 4);
  prompt.slots = prompt.positions;
  std::vector<float> logits = compute_logits(transformer, prompt, cache).logits;
  const std::vector<float> window = compute_logits(transformer, window_batch({8, 4, 300, 1}, 7, 4), cache).logits;
  logits.insert(logits.end(), window.begin(), window.end());
  return logits;
}

struct Comparison {
  double error = 0;      // the largest, as a share of a row's range
  float margin = 1e30F;  // from the best other token up to the worst of the model's own
};

struct Conditions {
  BackendOptions backend{.name = "reference"};
  ModelFormats formats{};
  DType dtype = DType::kBF16;
  DType page_type = DType::kF32;
  MarkRange mark_range = MarkRange::kFull;
};

Comparison compare(const ModelConfig& small, const ModelConfig& shape, const Conditions& with = {}) {
  const SmallWeights weights(small, with.dtype);
  const ModelConfig config = inflated_config(small, shape, "shape");
  const InflatedWeights inflated(weights, small, config,
                                 {.formats = with.formats, .mark_range = with.mark_range, .num_threads = 2});
  const std::vector<float> expected = logits_of(weights, small, with.backend, with.formats, with.page_type);
  const std::vector<float> got = logits_of(inflated, config, with.backend, with.formats, with.page_type);
  const auto small_vocab = static_cast<std::size_t>(small.vocab_size),
             vocab = static_cast<std::size_t>(config.vocab_size);
  Comparison comparison;
  EXPECT_EQ(expected.size() / small_vocab, got.size() / vocab);
  for (std::size_t row = 0; row < expected.size() / small_vocab; ++row) {
    const std::span<const float> own(got.data() + row * vocab, small_vocab);
    const std::span<const float> others(got.data() + row * vocab + small_vocab, vocab - small_vocab);
    comparison.error =
        farther(comparison.error, share_of_range(own, {expected.data() + row * small_vocab, small_vocab}));
    if (!others.empty()) {
      comparison.margin = std::min(comparison.margin, std::ranges::min(own) - std::ranges::max(others));
    }
  }
  return comparison;
}

/// That the shape holds the model, within rounding of float32.
void expect_same(const ModelConfig& small, const ModelConfig& shape, const Conditions& with = {},
                 double tolerance = 3e-6) {
  const Comparison comparison = compare(small, shape, with);
  EXPECT_LT(comparison.error, tolerance);
  EXPECT_GT(comparison.margin, 1000);
}

TEST(InflatedWeightsTest, ComputeTheSmallModelsLogits) {
  expect_same(small_config(), large_shape());
  expect_same(small_config(), large_shape(), {.dtype = DType::kF32});
  expect_same(small_config(), large_shape(),
              {.backend = {.name = "cpu", .cpu = {.num_threads = 2, .isa = "portable"}}});
}

TEST(InflatedWeightsTest, EmbeddingsOfFloat16HoldTheMarkToo) {
  for (const Conditions& with : {Conditions{.dtype = DType::kF16}, Conditions{.mark_range = MarkRange::kHalf}}) {
    expect_same(small_config(), large_shape(), with, 1e-4);  // a little is added to all logits of a row
  }
  ModelConfig small = small_config(), shape = large_shape();
  small.tie_word_embeddings = shape.tie_word_embeddings = false;
  expect_same(small, shape, {.dtype = DType::kF16});
}

TEST(InflatedWeightsTest, HoldAModelOfTheSameShape) {
  expect_same(small_config(), small_config(), {}, 1e-30);
  ModelConfig deeper = small_config();
  deeper.num_hidden_layers = 5;
  expect_same(small_config(), deeper, {}, 1e-30);
}

TEST(InflatedWeightsTest, HeadsOfAnyMultipleTurnByTheSameAngles) {
  for (const std::int64_t head_dim : {32, 96, 128}) {
    ModelConfig shape = large_shape();
    shape.head_dim = head_dim;
    expect_same(small_config(), shape);
    for (const RopeType type : {RopeType::kLinear, RopeType::kLlama3}) {
      ModelConfig small = small_config();
      small.rope = {.type = type, .theta = 1e4, .factor = 4, .original_positions = 16};
      expect_same(small, shape);
    }
  }
}

TEST(InflatedWeightsTest, HeadsStandInAnyGroups) {
  ModelConfig small = small_config(), shape = large_shape();
  shape.num_attention_heads = 12;
  for (const std::int64_t small_kv : {1, 2, 4}) {
    small.num_key_value_heads = small_kv;
    for (const std::int64_t kv : {4, 6, 12}) {
      shape.num_key_value_heads = kv;
      SCOPED_TRACE(testing::Message() << small_kv << " in " << kv);
      expect_same(small, shape);
    }
  }
}

TEST(InflatedWeightsTest, TheHeadMayBeTheModelsOrTheShapesOwn) {
  ModelConfig small = small_config(), shape = large_shape();
  shape.tie_word_embeddings = false;
  expect_same(small, shape);
  small.tie_word_embeddings = false;
  expect_same(small, shape);
  shape.vocab_size = small.vocab_size;
  EXPECT_LT(compare(small, shape).error, 3e-6);
}

TEST(InflatedWeightsTest, BiasesStayAndAreZeroWhereTheModelHasNone) {
  ModelConfig small = small_config(), shape = large_shape();
  shape.attention_bias = shape.o_proj_bias = true;
  expect_same(small, shape);
  small.attention_bias = small.o_proj_bias = true;
  expect_same(small, shape);
}

TEST(InflatedWeightsTest, WithoutNormsOfQueriesTheRootOfTheRatioGoesIntoTheQueries) {
  ModelConfig small = small_config(), shape = large_shape();
  small.qk_norm = shape.qk_norm = false;
  small.attention_bias = shape.attention_bias = true;
  shape.head_dim = 128;
  expect_same(small, shape);
}

TEST(InflatedWeightsTest, AnyWidthWillDoWhereEpsIsSmall) {
  ModelConfig small = small_config(), shape = large_shape();
  small.rms_norm_eps = 1e-6;
  for (const std::int64_t hidden_size : {65, 129, 200}) {
    shape.hidden_size = hidden_size;
    expect_same(small, shape, {}, 1e-5);
  }
}

/// Not the same: a rotation mixes the last inputs of the small model with what fills the block of 64 up, and the scale
/// of a row follows what the larger one has in it.
TEST(InflatedWeightsTest, PackedTheyMissTheSmallModelByWhatPackingDoes) {
  for (const WeightType type : packed_weight_types()) {
    for (const std::int64_t group_size : {32, 64}) {
      // With groups of 64 the output projection has other groups than the small model's, with half of them zeros.
      ModelConfig small = small_config();
      if (group_size == 64) small.head_dim = 64, small.num_attention_heads = 2, small.num_key_value_heads = 1;
      ModelFormats formats = formats_with(type);
      formats.layers.group_size = group_size;
      SCOPED_TRACE(testing::Message() << describe(formats));
      expect_same(small, large_shape(), {.formats = formats}, type == WeightType::kInt8 ? 0.04 : 0.3);
    }
  }
}

TEST(InflatedWeightsTest, PagesOfAnyTypeRoundAsTheSmallModels) {
  for (const DType page_type : {DType::kBF16, DType::kI8}) {
    // What is near the middle between two numbers of a page may go to either.
    expect_same(small_config(), large_shape(), {.page_type = page_type}, 2e-2);
  }
}

TEST(InflatedWeightsTest, EveryLevelIsWithinItsRounding) {
  expect_same(small_config(), large_shape(), {.backend = {.name = "cpu", .cpu = {.num_threads = 2}}}, 2e-2);
}

TEST(InflatedWeightsTest, NoiseIsWhereOnlyZerosComeAndNotBesideWhatSharesAScale) {
  const ModelConfig small = small_config(), config = inflated_config(small, large_shape(), "shape");
  const SmallWeights weights(small, DType::kBF16);
  const auto row_of = [&](const ModelFormats& formats, const std::string& name, std::int64_t row) {
    const InflatedWeights inflated(weights, small, config, {.formats = formats, .num_threads = 1});
    const HostWeight weight = inflated.weight(name);
    const std::vector<float> values = values_of(weight.tensor);
    const auto first = values.begin() + row * weight.tensor.shape()[1];
    return std::vector<float>(first, first + weight.tensor.shape()[1]);
  };
  const auto end_of = [](const std::vector<float>& row, std::ptrdiff_t first) {
    return std::vector<float>(row.begin() + first, row.end());
  };
  const std::string up = "model.layers.1.mlp.up_proj.weight", down = "model.layers.1.mlp.down_proj.weight";
  EXPECT_THAT(end_of(row_of({}, up, 3), 64), Each(testing::Ne(0)));
  EXPECT_THAT(row_of({}, up, 159).front(), 0) << "it would multiply the gate";
  EXPECT_THAT(end_of(row_of(formats_with(WeightType::kInt8), up, 3), 64), Each(0.0F));
  // 96 inputs count: the second group of 64 is shared, the third is not.
  const std::vector<float> grouped = row_of(formats_with(WeightType::kInt4), down, 3);
  EXPECT_THAT(std::vector<float>(grouped.begin() + 96, grouped.begin() + 128), Each(0.0F));
  EXPECT_THAT(end_of(grouped, 128), Each(testing::Ne(0)));
  EXPECT_THAT(row_of({}, "model.layers.2.mlp.down_proj.weight", 3), Each(0.0F)) << "an extra layer";
  EXPECT_THAT(row_of({}, "model.layers.2.mlp.gate_proj.weight", 3), Each(testing::Ne(0)));
}

TEST(InflatedWeightsTest, HasEveryWeightInItsShape) {
  const ModelConfig small = small_config(), config = inflated_config(small, large_shape(), "shape");
  const SmallWeights weights(small, DType::kBF16);
  const InflatedWeights inflated(weights, small, config, {.num_threads = 2});
  std::size_t bytes = 0;
  for (const WeightSpec& spec : weight_list(config)) {
    const HostWeight weight = inflated.weight(spec.name);
    EXPECT_EQ(weight.tensor.shape(), spec.shape) << spec.name;
    bytes += weight.memory.bytes();
  }
  EXPECT_EQ(inflated.total_bytes(), bytes);
  EXPECT_THROW(inflated.weight("model.layers.3.input_layernorm.weight"), InternalError);
}

TEST(HeadPlacesTest, GroupsStandSideBySide) {
  ModelConfig small = small_config(), large = small_config();
  large.num_attention_heads = 12;
  large.num_key_value_heads = 3;
  EXPECT_THAT(HeadPlaces(small, large).query, ElementsAre(0, 1, -1, -1, 2, 3, -1, -1, -1, -1, -1, -1));
  EXPECT_THAT(HeadPlaces(small, large).kv, ElementsAre(0, 1, -1));
  small.num_key_value_heads = 1;
  large.num_key_value_heads = 4;
  EXPECT_THAT(HeadPlaces(small, large).query, ElementsAre(0, 1, 2, 3, -1, -1, -1, -1, -1, -1, -1, -1));
  small.num_attention_heads = 5;
  EXPECT_THAT(HeadPlaces(small, large).kv, ElementsAre(0, 0, -1, -1));
}

TEST(InflatedConfigTest, HasTheShapesSizesAndTheModelsFunction) {
  ModelConfig small = small_config();
  small.mask_token_id = 330;
  small.eos_token_ids = {329};
  const ModelConfig config = inflated_config(small, large_shape(), "shape");
  EXPECT_EQ(config.hidden_size, 256);
  EXPECT_EQ(config.num_hidden_layers, 3);
  EXPECT_EQ(config.num_parameters(), large_shape().num_parameters());
  EXPECT_EQ(config.rms_norm_eps, 0.05 / 4);
  EXPECT_EQ(config.mask_token_id, 330);
  EXPECT_THAT(config.eos_token_ids, ElementsAre(329));
  EXPECT_EQ(config.max_position_embeddings, 64);
  EXPECT_EQ(config.rope, small.rope);
}

TEST(InflatedConfigTest, SaysAllThatDoesNotFit) {
  const auto reasons = [](const ModelConfig& small, const ModelConfig& shape) -> std::string {
    try {
      inflated_config(small, shape, "the-shape");
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "none";
  };
  const auto with = [](ModelConfig config, auto change) {
    change(config);
    return config;
  };
  const ModelConfig small = small_config(), shape = large_shape();
  EXPECT_THAT(reasons(shape, small),
              AllOf(HasSubstr("the-shape"), HasSubstr("hidden_size 256"), HasSubstr("intermediate_size 160"),
                    HasSubstr("num_hidden_layers 3"), HasSubstr("vocab_size 500"), HasSubstr("9 heads over 3"),
                    HasSubstr("head_dim 32 over the model's 64")));
  EXPECT_THAT(reasons(small, with(shape, [](ModelConfig& c) { c.hidden_size = 64; })), HasSubstr("vocabulary"));
  EXPECT_THAT(reasons(small, with(shape, [](ModelConfig& c) { c.head_dim = 48; })), HasSubstr("head_dim 48"));
  EXPECT_THAT(reasons(small, with(shape, [](ModelConfig& c) { c.qk_norm = false; })), HasSubstr("q/k norms"));
  EXPECT_THAT(reasons(with(small, [](ModelConfig& c) { c.qk_norm = false; }), shape), HasSubstr("q/k norms"));
  EXPECT_THAT(reasons(with(small, [](ModelConfig& c) { c.attention_bias = true; }), shape), HasSubstr("biases"));
  EXPECT_THAT(reasons(with(small, [](ModelConfig& c) { c.o_proj_bias = true; }), shape), HasSubstr("bias"));
  EXPECT_THAT(reasons(with(small, [](ModelConfig& c) { c.tie_word_embeddings = false; }), shape), HasSubstr("tied"));
  EXPECT_THAT(reasons(with(small, [](ModelConfig& c) { c.quantization.emplace(); }), shape), HasSubstr("quantized"));
  for (const RopeType type : {RopeType::kYarn, RopeType::kDynamic}) {
    EXPECT_THAT(reasons(with(small, [&](ModelConfig& c) { c.rope.type = type; }), shape),
                HasSubstr(std::string(rope_type_name(type))));
  }
  EXPECT_THAT(reasons(with(small, [](ModelConfig& c) { c.qk_norm = false; }),
                      with(shape, [](ModelConfig& c) { c.qk_norm = false; })),
              HasSubstr("power of 4"));
  EXPECT_EQ(reasons(small, shape), "none");
}

}  // namespace
}  // namespace wedlm
