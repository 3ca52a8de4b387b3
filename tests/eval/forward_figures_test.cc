// What a forward must read and multiply, and the figures made of it, by hand.
#include "wedlm/eval/forward_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wedlm/base/error.h"
#include "wedlm/model/model_shapes.h"

namespace wedlm {
namespace {

const MemoryTypes kBf16 = {.weights = all_timed_weights().front()};

ModelConfig tiny_config() {
  return {.vocab_size = 100,
          .hidden_size = 8,
          .intermediate_size = 12,
          .num_hidden_layers = 3,
          .num_attention_heads = 4,
          .num_key_value_heads = 2,
          .head_dim = 6,
          .tie_word_embeddings = true};
}

TEST(ForwardWorkTest, IsWhatAPersonComputes) {
  // K and V of a token: 3 layers * 2 * 2 heads * 6 * 2 bytes = 144. An embedding: 8 * 2 bytes.
  const ForwardWork window = forward_work(tiny_config(), kBf16, 1000, {.rows = 5, .context = 7});
  EXPECT_EQ(window.bytes, 1000 + 5 * 16 + 7 * 144);
  const MemoryTypes f32_pages = {.weights = all_timed_weights().front(), .kv_cache = DType::kF32};
  EXPECT_EQ(forward_work(tiny_config(), f32_pages, 1000, {.rows = 5, .context = 7}).bytes, 1000 + 5 * 16 + 7 * 288);
  // Products of a row and layer: q 8 * 24, k and v 2 * 8 * 12, o 24 * 8, mlp 3 * 8 * 12 = 864. Keys that rows see:
  // 8 + 9 + 10 + 11 + 12 = 50, each twice (scores and values) times 24. The head: 8 * 100 a row.
  EXPECT_EQ(window.multiply_adds, 3 * (5 * 864 + 2 * 50 * 24) + 5 * 800);
  const ForwardWork prefill = forward_work(tiny_config(), kBf16, 1000, {.kind = ForwardKind::kPrefill, .rows = 5});
  EXPECT_EQ(prefill.bytes, 1000 + 5 * 16);
  EXPECT_EQ(prefill.multiply_adds, 3 * (5 * 864 + 2 * 15 * 24) + 800);
}

TEST(ForwardWorkTest, MemoryCoversWeightsEmbeddingsPartsAndPages) {
  const ModelConfig config = *find_model_shape("qwen3-8b");
  const ForwardShape shape{.rows = 1, .context = 4096};
  const auto bytes = static_cast<double>(timing_memory_bytes(config, kBf16, {shape}));
  // All parameters, the head once more while it is packed, and the pages; activations of one row are little.
  const double expected = 2.0 * 8'190'735'360 + 2.0 * 151936 * 4096 + 4096.0 * 36 * 2 * 8 * 128 * 2;
  EXPECT_NEAR(bytes / expected, 1, 0.001);
  const ForwardShape prefill{.kind = ForwardKind::kPrefill, .rows = 4096};
  EXPECT_GT(timing_memory_bytes(config, kBf16, {prefill}), timing_memory_bytes(config, kBf16, {shape}));
}

TEST(ForwardTimerTest, RefusesWhatNoMemoryHolds) {
  ModelConfig config = *find_model_shape("qwen3-8b");
  config.num_hidden_layers = 4096;
  try {
    const ForwardTimer timer(
        config, {.types = kBf16, .backend = {.cpu = {.num_threads = 1}}, .shapes = {{.context = 16}}, .progress = {}});
    FAIL() << "it was made";
  } catch (const ResourceError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("as bf16"));
    EXPECT_THAT(error.what(), testing::HasSubstr("16 tokens"));
    EXPECT_THAT(error.what(), testing::ContainsRegex("need 1[.0-9]* TB of memory; .* are available"));
  }
}

TEST(ForwardTimerTest, RunsEveryShapeAndTheOpsFillItsTime) {
  const ModelConfig config = *find_model_shape("nano");
  const std::vector<ForwardShape> shapes = {
      {.rows = 1, .context = 0}, {.rows = 3, .context = 17}, {.kind = ForwardKind::kPrefill, .rows = 40}};
  for (const TimedWeights& weights : all_timed_weights()) {
    ForwardTimer timer(
        config,
        {.types = {.weights = weights}, .backend = {.cpu = {.num_threads = 2}}, .shapes = shapes, .progress = {}});
    for (const ForwardShape& shape : shapes) {
      const ForwardTime time = timer.run(shape);
      double in_ops = 0;
      for (std::size_t kind = 0; kind < time.by_op.of.size(); ++kind) {
        const double seconds = time.by_op.of[kind];
        // Logits are read while the head's product is made, and that is the head's time.
        if (kind == static_cast<std::size_t>(OpKind::kLogits)) {
          EXPECT_EQ(seconds, 0);
        } else {
          EXPECT_GT(seconds, 0) << kind;
        }
        in_ops += seconds;
      }
      EXPECT_LE(in_ops, time.seconds);
      // A byte for each integer of 8 bits, and half a byte, with its scales, for those of 4.
      const WeightFormat& layers = weights.formats.layers;
      const double least =
          layers.is_packed() ? layers.traits().bits / 8.0 : static_cast<double>(dtype_bytes(weights.dtype));
      const double bytes_per_weight = timer.work(shape).bytes / static_cast<double>(config.num_parameters());
      EXPECT_GT(bytes_per_weight, least * 0.999);
      EXPECT_LT(bytes_per_weight, least * 1.5);
    }
  }
}

/// A forward whose products take `products` seconds of `seconds`.
ForwardTime time_of(double seconds, double products, double head = 0) {
  return {.seconds = seconds, .by_op = {{products, 0, 0, head, 0}}};
}

TEST(BenchReportTest, FiguresAreThoseOfTheMedianRun) {
  const ForwardWork work{.bytes = 2e9, .multiply_adds = 5e9};
  const std::vector<MeasuredForward> forwards = {
      {.weights = "bf16",
       .shape = {.rows = 1},
       .work = work,
       .times = {time_of(0.3, 0.1), time_of(0.1, 0.05), time_of(0.2, 0.1)},
       .peak_tflops = 0.1},
      {.weights = "f32", .shape = {.rows = 1}, .work = work, .times = {time_of(0.5, 0.5)}, .peak_tflops = 0.05},
      {.weights = "bf16",
       .shape = {.rows = 4},
       .work = work,
       .times = {time_of(0.5, 0.2, 0.1), time_of(0.7, 0.1), time_of(0.4, 0.3), time_of(9, 9)}}};
  const auto figures = figures_of(forwards, 20);
  ASSERT_EQ(figures.size(), 3U);
  EXPECT_DOUBLE_EQ(figures[0].ms, 200);
  EXPECT_DOUBLE_EQ(figures[0].limit_ms, 100);
  EXPECT_DOUBLE_EQ(figures[0].ratio_to_limit(), 2);
  EXPECT_DOUBLE_EQ(figures[0].ratio_to_one_row, 1);
  EXPECT_DOUBLE_EQ(figures[0].gb_per_s, 10);
  EXPECT_DOUBLE_EQ(figures[0].bandwidth_share, 0.5);
  EXPECT_DOUBLE_EQ(figures[0].peak_share, 0.5);
  EXPECT_DOUBLE_EQ(figures[0].share_not_matmul(), 0.5);
  EXPECT_DOUBLE_EQ(figures[1].ratio_to_one_row, 1);
  EXPECT_DOUBLE_EQ(figures[1].peak_share, 0.4);  // of the peak of its own weights
  EXPECT_DOUBLE_EQ(figures[2].ms, 500);          // of four the lower of the middle ones
  EXPECT_DOUBLE_EQ(figures[2].ratio_to_one_row, 2.5);
  EXPECT_DOUBLE_EQ(figures[2].share_not_matmul(), 0.4);
  EXPECT_DOUBLE_EQ(figures[2].by_op[OpKind::kOther], 0.2);  // what lay between the ops
}

TEST(BenchReportTest, OneRowHasToBeThere) {
  const std::vector<MeasuredForward> forwards = {
      {.weights = "bf16", .shape = {.rows = 2}, .work = {}, .times = {time_of(1, 1)}}};
  EXPECT_THROW(figures_of(forwards, 1), InternalError);
}

TEST(BenchReportTest, MedianIsTheLowerMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({4, 1, 3, 2}), 2);
  EXPECT_EQ(median({5, 1, 3}), 3);
}

TEST(BenchReportTest, ATableHasOneTitleForEachFormatAndContextAndLinesOfOneWidth) {
  std::vector<MeasuredForward> forwards;
  for (const char* weights : {"bf16", "f32"}) {
    for (const std::int64_t context : {0, 4096}) {
      for (const std::int64_t rows : {1, 9999}) {
        forwards.push_back({.weights = weights,
                            .shape = {.rows = rows, .context = context},
                            .work = {.bytes = 1e9, .multiply_adds = 1e9},
                            .times = {time_of(0.0123 * static_cast<double>(rows), 0.01 * static_cast<double>(rows))},
                            .peak_tflops = 0.1});
      }
    }
  }
  const std::string table = figures_table(figures_of(forwards, 20));
  std::vector<std::string> titles;
  std::size_t width = 0;
  for (std::size_t begin = 0; begin < table.size();) {
    const std::size_t end = table.find('\n', begin);
    const std::string line = table.substr(begin, end - begin);
    begin = end + 1;
    if (line.find(", context ") != std::string::npos) {
      titles.push_back(line);
    } else if (!line.empty()) {
      if (width == 0) width = line.size();
      EXPECT_EQ(line.size(), width) << line;
    }
  }
  EXPECT_THAT(titles,
              testing::ElementsAre("bf16, context 0", "bf16, context 4096", "f32, context 0", "f32, context 4096"));
}

}  // namespace
}  // namespace wedlm
