#include "wedlm/decode/autoregressive_decoder.h"

#include "wedlm/base/error.h"

namespace wedlm {

WindowRows AutoregressiveDecoder::rows(const RowRequest& /*request*/) {
  return {.predict_after_known = true};
}

Advance AutoregressiveDecoder::advance(std::span<const Prediction> predictions) {
  if (predictions.size() != 1) throw InternalError("AutoregressiveDecoder: expected one prediction");
  return {.tokens = {predictions[0].sampled}, .scores = {score_of(predictions[0], predictions[0].sampled_log_prob)}};
}

}  // namespace wedlm
