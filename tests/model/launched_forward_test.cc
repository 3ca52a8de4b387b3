// A forward over a backend that computes late and whose memory is closed to the host: the model gives it all it needs
// at the launch, and the answers are those of the reference to the bit.
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "tests/support/data.h"
#include "tests/support/queued_backend.h"
#include "wedlm/backend/make_backend.h"
#include "wedlm/base/error.h"
#include "wedlm/model/logits.h"
#include "wedlm/model/window_batch.h"

namespace wedlm {
namespace {

class LaunchedForwardTest : public testing::TestWithParam<std::string> {
 protected:
  /// A model over one of the two backends, with a cache of its own.
  struct Model {
    Model(const std::string& name, std::unique_ptr<Backend> made)
        : checkpoint(Checkpoint::open(test_data("checkpoints") / name)),
          config(parse_model_config(checkpoint.config())),
          backend(std::move(made)),
          transformer(checkpoint, config, *backend),
          cache(*backend, config, 8, 4, DType::kI8) {}

    Checkpoint checkpoint;
    ModelConfig config;
    std::unique_ptr<Backend> backend;
    Transformer transformer;
    KvCache cache;
  };

  Model queued_{GetParam(), make_queued_backend()};
  Model reference_{GetParam(), make_backend({.name = "reference"})};

  /// A prompt of eleven, all stored and the last predicted, over the blocks 0, 1 and 2.
  static Batch prompt() {
    Batch batch = window_batch({5, 9, 2, 77, 31, 8, 8, 120, 64, 3, 199}, 0, 4);
    batch.slots = batch.positions;
    batch.prediction_rows = {10};
    batch.sampling.resize(1);
    return batch;
  }
};

TEST_P(LaunchedForwardTest, LogitsAreThoseOfTheReference) {
  for (const Batch& batch : {prompt(), window_batch({4, 1, 1, 1}, 11, 4)}) {
    const PredictedLogits got = compute_logits(queued_.transformer, batch, queued_.cache);
    const PredictedLogits expected = compute_logits(reference_.transformer, batch, reference_.cache);
    EXPECT_EQ(got.logits, expected.logits);
    EXPECT_EQ(std::memcmp(got.predictions.data(), expected.predictions.data(),
                          expected.predictions.size() * sizeof(Prediction)),
              0);
  }
}

TEST_P(LaunchedForwardTest, TheBatchMayChangeBeforeItIsRead) {
  const Activations activations(*queued_.backend, queued_.config, {.rows = 11, .predictions = 4});
  Batch batch = prompt();
  std::vector<Prediction> predictions(1);
  {
    LaunchedForward launched = queued_.transformer.launch(batch, queued_.cache, activations);
    batch = window_batch({1}, 0, 4);
    launched.read(predictions);
  }
  const PredictedLogits expected = compute_logits(reference_.transformer, prompt(), reference_.cache);
  EXPECT_EQ(std::memcmp(predictions.data(), expected.predictions.data(), sizeof(Prediction)), 0);
}

TEST_P(LaunchedForwardTest, WhatNobodyReadsIsComputedBeforeTheNext) {
  const Activations activations(*queued_.backend, queued_.config, {.rows = 11, .predictions = 4});
  queued_.transformer.launch(prompt(), queued_.cache, activations);  // fills the cache
  const Batch window = window_batch({4, 1, 1, 1}, 11, 4);
  compute_logits(reference_.transformer, prompt(), reference_.cache);
  EXPECT_EQ(compute_logits(queued_.transformer, window, queued_.cache).logits,
            compute_logits(reference_.transformer, window, reference_.cache).logits);
}

TEST_P(LaunchedForwardTest, ABatchBeyondTheActivationsIsRefused) {
  const Activations activations(*queued_.backend, queued_.config, {.rows = 10, .predictions = 4});
  EXPECT_THROW(queued_.transformer.launch(prompt(), queued_.cache, activations), InternalError);
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, LaunchedForwardTest,
                         testing::Values("qwen2.5-bias-f16", "qwen3-untied-2shards-bf16"),
                         [](const auto& test) { return test.index == 0 ? "Qwen25" : "Qwen3"; });

}  // namespace
}  // namespace wedlm
