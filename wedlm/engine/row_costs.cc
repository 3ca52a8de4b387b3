#include "wedlm/engine/row_costs.h"

#include <algorithm>
#include <cmath>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

// How fast a size follows what was seen of it; its first forwards count more.
constexpr double kRateDown = 0.5;
constexpr double kRateUp = 0.25;
constexpr double kShareRate = 0.2;
constexpr double kMostSlower = 0.7;  // a factor of two: so much does one slow forward say

// Sizes at which costs are learned: from one to the next it is at most half as much again.
constexpr std::int64_t kSizes[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96};
constexpr std::int64_t kLargestSize = std::int64_t{1} << 20;

// Where nobody measures: rows whose products take as long as the weights' way through memory.
constexpr double kUsualRowsForFree = 16;
// Of the peak, in products of a forward.
constexpr double kShareOfPeak = 0.6;

/// One forward that was twice as fast as it could be says that what was believed is wrong, and is taken at its word.
double rate_of(double difference) {
  if (difference < -kMostSlower) return 1;
  return difference < 0 ? kRateDown : kRateUp;
}

}  // namespace

RowCosts::RowCosts(std::vector<Point> guess) : guess_(std::move(guess)), learned_(guess_.size()), points_(guess_) {
  if (guess_.empty()) throw InternalError("RowCosts: no points");
  draw_curve();
}

void RowCosts::draw_curve() {
  for (std::size_t i = 0; i < points_.size(); ++i) points_[i].seconds = learned_seconds(i);
  // Whatever else the machine does only ever adds time, so what more rows took is enough for fewer.
  for (std::size_t i = points_.size() - 1; i > 0; --i) {
    points_[i - 1].seconds = std::min(points_[i - 1].seconds, points_[i].seconds);
  }
}

double RowCosts::learned_seconds(std::size_t point) const {
  return guess_[point].seconds * std::exp(level_ + learned_[point].correction);
}

RowCosts::Place RowCosts::place_of(std::int64_t rows) const {
  const auto at = std::ranges::lower_bound(points_, rows, {}, &Point::rows);
  const auto after = std::clamp(at, points_.begin() + 1, points_.end() - 1);
  const Point& first = *(after - 1);
  return {.first = static_cast<std::size_t>(after - points_.begin()) - 1,
          .second_part = static_cast<double>(rows - first.rows) / static_cast<double>(after->rows - first.rows)};
}

double RowCosts::slope_behind(std::size_t point) const {
  const Point& a = points_[point];
  const Point& b = points_[point + 1];
  return (b.seconds - a.seconds) / static_cast<double>(b.rows - a.rows);
}

double RowCosts::seconds(std::int64_t rows) const {
  if (points_.size() == 1) return points_[0].seconds;
  const std::size_t point = place_of(rows).first;
  return std::max(0.0, points_[point].seconds + slope_behind(point) * static_cast<double>(rows - points_[point].rows));
}

double RowCosts::least_slope(std::int64_t rows) const {
  if (points_.size() == 1) return 0;
  std::size_t point = place_of(rows).first;
  double least = slope_behind(point);
  while (++point + 1 < points_.size()) least = std::min(least, slope_behind(point));
  return least;
}

double RowCosts::observe(std::int64_t rows, double seconds) {
  if (!(seconds > 0)) return 0;  // of a clock that cannot tell
  const Place place = points_.size() == 1 ? Place{} : place_of(rows);
  const std::size_t second = std::min(place.first + 1, points_.size() - 1);
  const double first_seconds = learned_seconds(place.first);
  const double expected = first_seconds + place.second_part * (learned_seconds(second) - first_seconds);
  if (!(expected > 0)) return 0;
  const double second_part = std::clamp(place.second_part, 0.0, 1.0);
  const double difference = std::log(seconds / expected);
  double share = (1 - second_part) * learned_[place.first].share + second_part * learned_[second].share;
  if (!has_level_) {
    has_level_ = true;
    level_ = difference;
    share = 1;
  } else {
    const double believed = std::min(difference, kMostSlower);
    level_ += share * rate_of(believed) * believed;
    learn(place.first, 1 - second_part, believed, share);
    if (second != place.first) learn(second, second_part, believed, share);
  }
  for (std::size_t i = 0; i < learned_.size(); ++i) {
    const double part = (i == place.first ? 1 - second_part : 0) + (i == second ? second_part : 0);
    learned_[i].share += (share == 1 ? 1 : kShareRate) * (part - learned_[i].share);
    learned_[i].num_seen += part;
  }
  draw_curve();
  return difference;
}

void RowCosts::learn(std::size_t point, double part, double difference, double share) {
  Learned& learned = learned_[point];
  const double rate = std::max(rate_of(difference), 1 / (1 + learned.num_seen));
  learned.correction += part * (1 - share) * rate * difference;
}

RowCosts guess_row_costs(const WeightWork& work, const MachineRates& rates, std::int64_t max_rows) {
  const bool are_known = rates.read_gb_per_s > 0 && rates.multiply_tflops > 0;
  const double reading = are_known ? work.bytes * 1e-9 / rates.read_gb_per_s : 1;
  const double per_row =
      are_known ? work.multiply_adds_per_row * 2e-12 / (kShareOfPeak * rates.multiply_tflops) : 1 / kUsualRowsForFree;
  std::vector<RowCosts::Point> points;
  const auto add = [&](std::int64_t rows) {
    points.push_back({.rows = rows, .seconds = std::hypot(reading, per_row * static_cast<double>(rows))});
  };
  for (const std::int64_t rows : kSizes) {
    if (rows <= max_rows) add(rows);
  }
  for (std::int64_t rows = 128; rows <= std::min(max_rows, kLargestSize); rows *= 2) {
    add(rows);
    if (rows + rows / 2 <= max_rows) add(rows + rows / 2);
  }
  return RowCosts(std::move(points));
}

namespace {

struct Row {
  float value;
  std::size_t sequence;
};

/// The rows worth at least so much, the best first, as many as there is room for.
std::vector<Row> rows_worth(double least_value, const StepBase& base, std::span<const std::span<const float>> values) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const float value : values[i]) {
      if (static_cast<double>(value) < least_value) break;
      rows.push_back({value, i});
    }
  }
  // Stable, and values never increase within a sequence: whatever is chosen of it is a leading part.
  std::ranges::stable_sort(rows, std::ranges::greater(), &Row::value);
  const auto room = static_cast<std::size_t>(std::max<std::int64_t>(0, base.max_rows - base.num_rows));
  if (rows.size() > room) rows.resize(room);
  return rows;
}

std::vector<int> count_rows(std::span<const Row> rows, std::size_t num_sequences) {
  std::vector<int> counts(num_sequences, 0);
  for (const Row& row : rows) ++counts[row.sequence];
  return counts;
}

}  // namespace

std::vector<int> choose_rows(const RowCosts& costs, const StepBase& base,
                             std::span<const std::span<const float>> values) {
  auto tokens = static_cast<double>(base.num_tokens);
  double best_rate = tokens / costs.seconds(base.num_rows);
  // A row whose tokens a second are below this rate, even at the least that a row costs, can only lower it.
  const std::vector<Row> rows = rows_worth(best_rate * costs.least_slope(base.num_rows), base, values);
  std::size_t best_count = 0;
  for (std::size_t count = 1; count <= rows.size(); ++count) {
    tokens += static_cast<double>(rows[count - 1].value);
    const double rate = tokens / costs.seconds(base.num_rows + static_cast<std::int64_t>(count));
    if (rate > best_rate) {
      best_rate = rate;
      best_count = count;
    }
  }
  return count_rows(std::span(rows).first(best_count), values.size());
}

std::vector<int> choose_best_rows(std::int64_t num_rows, const StepBase& base,
                                  std::span<const std::span<const float>> values) {
  const std::vector<Row> rows = rows_worth(0, base, values);
  const auto count = std::min(rows.size(), static_cast<std::size_t>(std::max<std::int64_t>(0, num_rows)));
  return count_rows(std::span(rows).first(count), values.size());
}

}  // namespace wedlm
