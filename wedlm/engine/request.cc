#include "wedlm/engine/request.h"

namespace wedlm {
namespace {

double ratio(std::int64_t numerator, std::int64_t denominator) {
  return denominator > 0 ? static_cast<double>(numerator) / static_cast<double>(denominator) : 0;
}

}  // namespace

std::string_view finish_reason_name(FinishReason reason) {
  return name_of(reason, kFinishReasons);
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

}  // namespace wedlm
