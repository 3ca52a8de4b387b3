// What a forward costs by its number of rows, T(rows), measured for the loaded model on this machine; and the choice of
// rows that follows from it. A trailing row changes nothing before it, so windows trade only time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace wedlm {

class RowCosts {
 public:
  struct Point {
    std::int64_t rows = 0;
    double seconds = 0;
  };

  /// Rows ascending, at least one point. More rows never cost less: a point that says otherwise was disturbed.
  explicit RowCosts(std::vector<Point> points);

  /// Linear between the points and beyond them.
  double seconds(std::int64_t rows) const;
  /// The least that a row more costs anywhere from so many rows on.
  double least_slope(std::int64_t rows) const;
  std::span<const Point> points() const { return points_; }

 private:
  /// The first point of the pair that says what so many rows cost. There are two points at least.
  std::size_t segment_of(std::int64_t rows) const;
  double slope_behind(std::size_t point) const;

  std::vector<Point> points_;
};

/// Times forwards of 1 to at most `max_rows` rows, each as the least of a few: `run` computes one forward of so many
/// rows and says how many seconds it took. Takes a fraction of a second, or four forwards where these take longer.
RowCosts measure_row_costs(const std::function<double(std::int64_t rows)>& run, std::int64_t max_rows);

/// What a step has besides the rows that can be chosen.
struct StepBase {
  std::int64_t num_rows = 0;
  std::int64_t num_tokens = 0;  // that it yields in any case
  std::int64_t max_rows = 0;    // with all rows
};

/// How many of its rows each sequence should take, so that the tokens expected in a second are most. `values[i]` are
/// what sequence i expects of its rows, in tokens, never increasing (Decoder::row_values()).
std::vector<int> choose_rows(const RowCosts& costs, const StepBase& base,
                             std::span<const std::span<const float>> values);

}  // namespace wedlm
