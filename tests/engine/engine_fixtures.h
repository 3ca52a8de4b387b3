// What tests of the engine begin with: the two models, loaded once, and prompts and parameters for them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/data.h"
#include "wedlm/engine/engine.h"
#include "wedlm/engine/loaded_model.h"
#include "wedlm/engine/response_stream.h"

namespace wedlm {

/// The smallest checkpoint: random weights, 331 tokens, no tokenizer.
inline LoadedModel& tiny() {
  static const auto model =
      LoadedModel::load(test_data("checkpoints/qwen3-untied-2shards-bf16"), {.backend = {.cpu = {.num_threads = 1}}});
  return *model;
}

/// The one that ships.
inline LoadedModel& nano() {
  static const auto model = LoadedModel::load(nano_model(), {.backend = {.cpu = {.num_threads = 2}}});
  return *model;
}

/// For the smallest checkpoint.
inline std::vector<TokenId> prompt(int length) {
  std::vector<TokenId> tokens(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) tokens[static_cast<std::size_t>(i)] = (i * 31 + 7) % 320;
  return tokens;
}

/// A question to the one that ships, in its template.
inline std::vector<TokenId> question(const std::string& text) {
  return nano().tokenizer()->encode("<|im_start|>user\n" + text + "<|im_end|>\n<|im_start|>assistant\n");
}

inline SamplingParams greedy(int max_tokens) {
  SamplingParams params;
  params.temperature = 0;
  params.max_tokens = max_tokens;
  params.ignore_eos = true;
  return params;
}

/// A question whose answer by nano ends by itself within `params.max_tokens`; fails the test where none of a few does.
inline std::vector<TokenId> question_with_an_end(Engine& engine, SamplingParams params) {
  params.ignore_eos = false;
  for (const char* text : {"What is 2 + 2?", "Solve: 3x + 3 = 15", "Count from 3 to 9.", "Hi"}) {
    auto ids = question(text);
    if (engine.submit({.prompt = ids, .params = params})->wait().finish_reason == FinishReason::kStop) return ids;
  }
  throw std::runtime_error("no answer of nano's ends by itself");
}

/// Waits for the next event; nullopt at the end.
inline std::optional<StreamEvent> next_event(ResponseStream& stream) {
  std::optional<StreamEvent> event;
  while (!event && !stream.is_finished()) event = stream.next_for(std::chrono::hours(1));
  return event;
}

}  // namespace wedlm
