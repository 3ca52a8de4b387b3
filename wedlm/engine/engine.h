// The front door: requests in, streams of committed tokens out. One thread owns the scheduler, the cache and the model;
// other threads only submit, cancel and read streams.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wedlm/engine/engine_stats.h"
#include "wedlm/engine/request.h"
#include "wedlm/engine/response_stream.h"
#include "wedlm/tensor/dtype.h"

namespace wedlm {

class LoadedModel;

struct EngineOptions {
  int max_num_seqs = 256;              // sequences in one forward
  int max_waiting = 4096;              // requests that may wait for a place among these; prompts are all they hold
  int max_num_batched_tokens = 2048;   // rows in one forward
  int max_model_len = 0;               // prompt and answer together; 0: the checkpoint's limit, at most 4096
  int block_size = 16;                 // tokens in a page of the K/V cache
  DType kv_cache_type = DType::kBF16;  // of its numbers: kF32, kBF16 or kI8
  // Of the K/V cache; 0: 16 sequences of max_model_len, at most a quarter of the backend's memory and half of what is
  // left of it.
  std::size_t cache_bytes = 0;
  bool enable_prefix_cache = true;
};

class Engine {
 public:
  /// Starts the thread. `model` must outlive the engine. Throws InvalidInput for options that cannot work,
  /// ResourceError where the cache cannot be allocated.
  Engine(LoadedModel& model, const EngineOptions& options);
  /// Cancels what is under way and joins the thread.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Queues a request. Throws InvalidInput, at once and with numbers, for one that this engine could never serve: an
  /// empty or too long prompt, parameters out of range, token ids outside the vocabulary, more blocks than the cache
  /// has. Throws ResourceError where all places are taken and max_waiting requests wait. The request is cancelled when
  /// the last owner of the stream lets go of it.
  std::shared_ptr<ResponseStream> submit(Request request);

  /// Options with every default resolved.
  const EngineOptions& options() const;
  EngineStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wedlm
