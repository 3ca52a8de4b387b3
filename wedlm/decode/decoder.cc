#include "wedlm/decode/decoder.h"

#include <algorithm>

#include "wedlm/base/error.h"
#include "wedlm/decode/autoregressive_decoder.h"
#include "wedlm/decode/streaming_decoder.h"
#include "wedlm/decode/verifying_decoder.h"

namespace wedlm {

int max_window_rows(const SamplingParams& params) {
  const std::optional<int> window = fixed_window(params);
  if (!verifies_drafts(params)) return *window;
  return window ? std::min(*window, kMaxDrafts) + std::min(*window, kMaxAutoWindow) : kMaxAutoWindow;
}

int min_window_rows(const SamplingParams& params) {
  return shares_rows(params) ? 0 : max_window_rows(params);
}

int max_pending_per_step(const SamplingParams& params) {
  const bool commits_the_window = params.mode != DecodeMode::kAutoregressive && !verifies_drafts(params);
  return commits_the_window ? *fixed_window(params) : 1;
}

std::unique_ptr<Decoder> make_decoder(const SamplingParams& params, DraftStatistics& statistics) {
  if (params.mode == DecodeMode::kAutoregressive) return std::make_unique<AutoregressiveDecoder>();
  // Without a gate nothing is left to verify: drafts are text at once.
  if (!verifies_drafts(params)) return std::make_unique<StreamingDecoder>(params);
  return std::make_unique<VerifyingDecoder>(params, statistics);
}

}  // namespace wedlm
