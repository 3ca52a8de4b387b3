// A decoding mode against autoregressive decoding over the same engine, cache and kernels, one prompt after the other:
// the figures that `wedlm benchmark` shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/watcher.h"
#include "wedlm/engine/engine.h"

namespace wedlm {

struct DecodeBenchmark {
  std::vector<std::vector<TokenId>> prompts;
  SamplingParams params;  // of a mode that is not autoregressive
  int num_runs = 3;
  int num_warmup_runs = 1;
};

/// What one run over all prompts came to.
struct DecodeRun {
  std::int64_t num_tokens = 0;
  std::int64_t num_decode_forwards = 0;
  std::int64_t num_forwards = 0;
  std::int64_t num_decode_rows = 0;
  double seconds = 0;  // of prefill and decode
  double decode_seconds = 0;
  std::int64_t num_decode_tokens = 0;  // that decode_seconds was spent on
  double first_token_seconds = 0;      // the mean over the prompts

  double tokens_per_second() const;
  double decode_tokens_per_second() const;
  double tokens_per_forward() const;
  double rows_per_forward() const;
  double cacheability() const;
};

/// The runs of median speed; of an even number the slower of the two in the middle.
struct DecodeComparison {
  DecodeRun parallel;
  DecodeRun autoregressive;
  bool is_interrupted = false;  // and then there are no figures
};

/// The modes take turns, so that what else the machine does meets both. Throws as Engine::submit(), and InternalError
/// where a forward failed.
DecodeComparison compare_decoding(const DecodeBenchmark& benchmark, Engine& engine, const Watcher& watcher);

Json decode_run_json(const DecodeRun& run);

/// A table with a column for `mode` and one for autoregressive decoding, and a sentence that says which was faster.
std::string comparison_text(std::string_view mode, const DecodeComparison& comparison);

/// The most memory that this process has held, from Linux's /proc; 0 where that is not to be had.
std::size_t peak_memory_bytes();

}  // namespace wedlm
