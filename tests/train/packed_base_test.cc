// An adapter over a base of int8 or int4: the frozen numbers are those of the format, and what learns beside them sees
// nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/data.h"
#include "wedlm/base/error.h"
#include "wedlm/model/weight_source.h"
#include "wedlm/quant/quantize.h"
#include "wedlm/train/draws.h"
#include "wedlm/train/torch/trained_model.h"

namespace wedlm::train {
namespace {

namespace fs = std::filesystem;

constexpr AdamW kOptimizer{};
const LoraConfig kLora{.rank = 3, .dropout = 0};

ModelFormats formats_of(WeightType layers, WeightType head, std::int64_t group_size) {
  return {.layers = {.type = layers, .group_size = group_size}, .head = {.type = head, .group_size = group_size}};
}

std::vector<ModelFormats> all_formats() {
  return {formats_of(WeightType::kInt8, WeightType::kStored, 64), formats_of(WeightType::kInt4, WeightType::kInt8, 64),
          formats_of(WeightType::kInt4, WeightType::kInt4, 32)};
}

struct Base {
  explicit Base(const fs::path& folder)
      : checkpoint(Checkpoint::open(folder)), config(parse_model_config(checkpoint.config())) {}
  explicit Base(const char* name) : Base(test_data(std::string("checkpoints/") + name)) {}

  TrainedModel model(const ModelOptions& options) const {
    return {CheckpointWeights(checkpoint, config), config, options, kOptimizer};
  }

  Checkpoint checkpoint;
  ModelConfig config;
};

/// What a weight is rounded to, by the definition of the format.
std::vector<double> rounded(const Base& base, const std::string& name, const WeightFormat& format) {
  const HostWeight weight = CheckpointWeights(base.checkpoint, base.config).weight(name);
  const auto width = static_cast<std::size_t>(weight.tensor.shape().last());
  std::vector<float> numbers(static_cast<std::size_t>(weight.tensor.shape().num_elements()));
  to_f32(weight.tensor.dtype(), weight.tensor.data(), numbers.data(), numbers.size());
  QuantizedRow row;
  row.resize(format, static_cast<std::int64_t>(width));
  for (std::size_t first = 0; first < numbers.size(); first += width) {
    const auto here = std::span(numbers).subspan(first, width);
    EXPECT_TRUE(quantize_row(here, format, row));
    dequantize_row(row, format, here);
  }
  return {numbers.begin(), numbers.end()};
}

void for_each_packed(const Base& base, const ModelFormats& formats,
                     const std::function<void(const std::string& name, const WeightFormat& format)>& check) {
  for (const MatrixSpec& matrix : matrix_list(base.config)) {
    if (!matrix.format(formats).is_packed()) continue;
    for (const std::string& part : matrix.parts) check(part, matrix.format(formats));
  }
}

TEST(PackedBaseTest, NumbersAreThoseOfTheFormat) {
  for (const char* name : {"qwen2.5-bias-f16", "qwen3-tied-f32-headdim32"}) {  // rows of 112: no whole groups
    const Base base(name);
    for (const ModelFormats& formats : all_formats()) {
      SCOPED_TRACE(name + (", " + describe(formats)));
      const TrainedModel model = base.model({.base = formats, .lora = kLora});
      const TemporaryFolder folder;
      quantize_checkpoint(base.checkpoint, folder.path() / "out",
                          {.quantization = {.formats = formats, .lanes = 16}, .num_threads = 1});
      const TrainedModel stored = Base(folder.path() / "out").model({.lora = kLora});
      for_each_packed(base, formats, [&](const std::string& weight, const WeightFormat& format) {
        EXPECT_EQ(model.weight(weight), rounded(base, weight, format)) << weight;
        EXPECT_EQ(stored.weight(weight), model.weight(weight)) << weight;
      });
    }
  }
}

TEST(PackedBaseTest, LearnsAsBesideThoseNumbers) {
  const Base base("qwen2.5-bias-f16");
  std::vector<TokenId> ids;
  for (int i = 0; i < 30; ++i) ids.push_back((i * 37 + 11) % 300);
  Sample sample;
  sample.append(ids, true);
  const std::vector<std::vector<MaskedBlock>> blocks = {
      {{.begin = 8, .end = 16, .ratio = 0.5, .masked = {9, 10, 14, 15}}}};
  const DualStream stream = dual_stream(std::vector{sample.view()}, blocks, 330);
  const auto weights = loss_weights(stream.losses, LossWeighting::kWeighted, 1);
  std::vector<std::int64_t> rows;
  for (const LossRow& loss : stream.losses) rows.push_back(loss.row);
  for (const ModelFormats& formats : all_formats()) {
    for (const bool has_checkpoints : {false, true}) {
      SCOPED_TRACE(describe(formats));
      TrainedModel packed = base.model({.compute = ComputeType::kFloat64,
                                        .has_gradient_checkpoints = has_checkpoints,
                                        .base = formats,
                                        .lora = kLora});
      TrainedModel plain = base.model({.compute = ComputeType::kFloat64, .lora = kLora});
      for_each_packed(base, formats, [&](const std::string& weight, const WeightFormat& /*format*/) {
        plain.set_weight(weight, packed.weight(weight));
      });
      Draws draws(1, Draws::Purpose::kWeights, 0);
      for (const std::string& name : packed.names()) {
        std::vector<double> values(packed.weight(name).size());
        for (double& value : values) value = 0.2 * (draws.uniform() - 0.5);
        for (TrainedModel* model : {&packed, &plain}) model->set_weight(name, values);
      }
      const auto got = packed.logits(stream, rows), expected = plain.logits(stream, rows);
      for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-10);
      packed.add_gradient(stream, weights, 1, 1);
      plain.add_gradient(stream, weights, 1, 1);
      for (const std::string& name : packed.names()) {
        const auto mine = packed.gradient(name), theirs = plain.gradient(name);
        for (std::size_t i = 0; i < mine.size(); ++i) ASSERT_NEAR(mine[i], theirs[i], 1e-10) << name;
      }
    }
  }
}

TEST(PackedBaseTest, ItselfDoesNotLearn) {
  const Base base("qwen3-tied-f32-headdim32");
  EXPECT_THAT([&] { base.model({.base = formats_with(WeightType::kInt4)}); },
              testing::ThrowsMessage<InvalidInput>(testing::HasSubstr("--lora-rank")));
}

}  // namespace
}  // namespace wedlm::train
