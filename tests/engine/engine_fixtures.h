// What tests of the engine begin with: the two models, loaded once, and prompts and parameters for them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/data.h"
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

/// Waits for the next event; nullopt at the end.
inline std::optional<StreamEvent> next_event(ResponseStream& stream) {
  std::optional<StreamEvent> event;
  while (!event && !stream.is_finished()) event = stream.next_for(std::chrono::hours(1));
  return event;
}

}  // namespace wedlm
