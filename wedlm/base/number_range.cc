#include "wedlm/base/number_range.h"

#include "wedlm/base/number_text.h"

namespace wedlm {

std::string NumberRange::text(std::string_view noun) const {
  const std::string low = shortest(low_);
  const std::string high = shortest(high_);
  std::string text(noun);
  if (high_ == kInfinity) return text + (ends_ == Ends::kBothIn ? " of at least " : " above ") + low;
  switch (ends_) {
    case Ends::kBothIn:
      return text + " from " + low + " to " + high;
    case Ends::kLowOut:
      return text + " above " + low + " and at most " + high;
    case Ends::kBothOut:
      return text + " between " + low + " and " + high;
  }
  return text;
}

}  // namespace wedlm
