#include "wedlm/decode/decoder.h"

#include "wedlm/base/error.h"
#include "wedlm/decode/autoregressive_decoder.h"
#include "wedlm/decode/streaming_decoder.h"

namespace wedlm {

int max_window_rows(const SamplingParams& params) {
  return params.mode == DecodeMode::kStreaming ? params.window_size : 0;
}

int max_committed_per_step(const SamplingParams& params) {
  return params.mode == DecodeMode::kStreaming ? params.window_size : 1;
}

std::unique_ptr<Decoder> make_decoder(const SamplingParams& params) {
  switch (params.mode) {
    case DecodeMode::kStreaming:
      return std::make_unique<StreamingDecoder>(params);
    case DecodeMode::kAutoregressive:
      return std::make_unique<AutoregressiveDecoder>();
  }
  throw InternalError("make_decoder: unknown mode");
}

}  // namespace wedlm
