#include "wedlm/decode/autoregressive_decoder.h"

#include "wedlm/base/error.h"

namespace wedlm {

WindowRows AutoregressiveDecoder::rows(int /*tokens_left*/) {
  return {.predict_after_known = true};
}

std::vector<TokenId> AutoregressiveDecoder::advance(std::span<const Prediction> predictions) {
  if (predictions.size() != 1) throw InternalError("AutoregressiveDecoder: expected one prediction");
  return {predictions[0].sampled};
}

}  // namespace wedlm
