#include "wedlm/engine/row_costs.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

// Sizes around those of a few sequences' windows; the first four are measured however long they take.
constexpr std::int64_t kSizes[] = {1, 4, 16, 32, 2, 8, 64, 3, 6, 12, 24, 48, 128};
constexpr std::size_t kNumNeeded = 4;
constexpr int kMostRounds = 16;
constexpr double kBudgetSeconds = 0.1;

}  // namespace

RowCosts::RowCosts(std::vector<Point> points) : points_(std::move(points)) {
  if (points_.empty()) throw InternalError("RowCosts: no points");
  // Whatever else the machine does only ever adds time, so what more rows took is enough for fewer.
  for (std::size_t i = points_.size() - 1; i > 0; --i) {
    points_[i - 1].seconds = std::min(points_[i - 1].seconds, points_[i].seconds);
  }
}

std::size_t RowCosts::segment_of(std::int64_t rows) const {
  const auto at = std::ranges::lower_bound(points_, rows, {}, &Point::rows);
  const auto after = std::clamp(at, points_.begin() + 1, points_.end() - 1);
  return static_cast<std::size_t>(after - points_.begin()) - 1;
}

double RowCosts::slope_behind(std::size_t point) const {
  const Point& a = points_[point];
  const Point& b = points_[point + 1];
  return (b.seconds - a.seconds) / static_cast<double>(b.rows - a.rows);
}

double RowCosts::seconds(std::int64_t rows) const {
  if (points_.size() == 1) return points_[0].seconds;
  const std::size_t point = segment_of(rows);
  return std::max(0.0, points_[point].seconds + slope_behind(point) * static_cast<double>(rows - points_[point].rows));
}

double RowCosts::least_slope(std::int64_t rows) const {
  if (points_.size() == 1) return 0;
  std::size_t point = segment_of(rows);
  double least = slope_behind(point);
  while (++point + 1 < points_.size()) least = std::min(least, slope_behind(point));
  return least;
}

RowCosts measure_row_costs(const std::function<double(std::int64_t rows)>& run, std::int64_t max_rows) {
  const auto start = std::chrono::steady_clock::now();
  const auto is_late = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > kBudgetSeconds;
  };
  run(1);  // what is touched for the first time costs more
  std::vector<RowCosts::Point> points;
  for (int round = 0; round < kMostRounds; ++round) {
    for (std::size_t i = 0; i < std::size(kSizes); ++i) {
      if (kSizes[i] > max_rows || (is_late() && (round > 0 || i >= kNumNeeded))) continue;
      const RowCosts::Point point{.rows = kSizes[i], .seconds = run(kSizes[i])};
      const auto known = std::ranges::find(points, point.rows, &RowCosts::Point::rows);
      if (known == points.end()) {
        points.push_back(point);
      } else {
        known->seconds = std::min(known->seconds, point.seconds);
      }
    }
  }
  std::ranges::sort(points, {}, &RowCosts::Point::rows);
  return RowCosts(std::move(points));
}

std::vector<int> choose_rows(const RowCosts& costs, const StepBase& base,
                             std::span<const std::span<const float>> values) {
  struct Row {
    float value;
    std::size_t sequence;
  };
  auto tokens = static_cast<double>(base.num_tokens);
  double best_rate = tokens / costs.seconds(base.num_rows);
  // A row whose tokens a second are below this rate, even at the least that a row costs, can only lower it.
  const double least_value = best_rate * costs.least_slope(base.num_rows);
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

  std::size_t best_count = 0;
  for (std::size_t count = 1; count <= rows.size(); ++count) {
    tokens += static_cast<double>(rows[count - 1].value);
    const double rate = tokens / costs.seconds(base.num_rows + static_cast<std::int64_t>(count));
    if (rate > best_rate) {
      best_rate = rate;
      best_count = count;
    }
  }
  std::vector<int> chosen(values.size(), 0);
  for (std::size_t i = 0; i < best_count; ++i) ++chosen[rows[i].sequence];
  return chosen;
}

}  // namespace wedlm
