#include "wedlm/engine/row_trials.h"

#include <algorithm>
#include <cmath>

namespace wedlm {
namespace {

constexpr std::int64_t kLeastInterval = 2;
constexpr std::int64_t kMostInterval = 64;  // where a trial costs as much again as a step, it is a hundredth and a half
constexpr double kUsualRate = 0.1;
constexpr double kNews = 0.1;   // a difference of a tenth may matter ...
constexpr double kUnusual = 3;  // ... where it is so much larger than those that come anyway

}  // namespace

std::int64_t RowTrials::next(std::int64_t best, std::int64_t fixed) {
  is_trial_ = --num_left_ <= 0;
  if (!is_trial_) return best;
  num_left_ = interval_;
  const std::int64_t fewer = std::max(best / 2, fixed);
  const bool takes_more = is_more_ || fewer == best;
  is_more_ = !takes_more;
  return takes_more ? 2 * best : fewer;
}

void RowTrials::observe(double difference) {
  const double size = std::abs(difference);
  const bool is_news = size > kNews + kUnusual * usual_;
  if (!is_trial_) usual_ += kUsualRate * (std::min(size, 1.0) - usual_);
  if (is_news) {
    interval_ = std::max(kLeastInterval, interval_ / 2);
    num_left_ = std::min(num_left_, interval_);
  } else if (is_trial_) {
    interval_ = std::min(kMostInterval, 2 * interval_);
    num_left_ = interval_;
  }
  is_trial_ = false;
}

}  // namespace wedlm
