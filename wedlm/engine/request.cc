#include "wedlm/engine/request.h"

#include <iterator>
#include <utility>

#include "wedlm/base/ratio.h"

namespace wedlm {

std::string_view finish_reason_name(FinishReason reason) {
  return name_of(reason, kFinishReasons);
}

void StreamEvent::append(StreamEvent next) {
  token_ids.insert(token_ids.end(), next.token_ids.begin(), next.token_ids.end());
  scores.insert(scores.end(), std::make_move_iterator(next.scores.begin()), std::make_move_iterator(next.scores.end()));
  for (const VerifiedText& it : next.verified) {
    verified.push_back({.first_byte = text.size() + it.first_byte, .num_bytes = it.num_bytes});
  }
  text += next.text;
  window = std::move(next.window);
  entropies = std::move(next.entropies);
  rejected = std::move(next.rejected);
}

double RequestStats::tokens_per_forward() const {
  return ratio(generated_tokens, decode_forwards);
}

double RequestStats::cacheability() const {
  return ratio(generated_tokens, decode_rows);
}

double RequestStats::rows_per_forward() const {
  return ratio(decode_rows, decode_forwards);
}

double RequestStats::speed() const {
  return ratio(generated_tokens, prefill_seconds + decode_seconds);
}

double RequestStats::prefill_speed() const {
  return ratio(prompt_rows, prefill_seconds);
}

double RequestStats::decode_speed() const {
  return ratio(num_later_tokens(), decode_seconds);
}

}  // namespace wedlm
