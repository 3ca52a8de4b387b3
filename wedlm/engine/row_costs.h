// What a forward costs by its number of rows, T(rows): a first guess from what the machine gives, and from then on
// learned from the forwards that happen; and the choice of rows that follows from it. A trailing row changes nothing
// before it, so windows trade only time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wedlm/backend/machine_rates.h"

namespace wedlm {

/// What a forward does with a model's weights.
struct WeightWork {
  double bytes = 0;  // that it reads, however many rows it has
  double multiply_adds_per_row = 0;
};

class RowCosts {
 public:
  struct Point {
    std::int64_t rows = 0;
    double seconds = 0;
  };

  /// A guess: rows ascending, at least one point. What is learned is learned at these sizes. More rows never cost less:
  /// a point that says otherwise was disturbed.
  explicit RowCosts(std::vector<Point> guess);

  /// Linear between the points and beyond them.
  double seconds(std::int64_t rows) const;
  /// The least that a row more costs anywhere from so many rows on.
  double least_slope(std::int64_t rows) const;
  std::span<const Point> points() const { return points_; }

  /// A forward of so many rows took so long. Returns how much that differs from what was expected, as a logarithm.
  ///
  /// T(rows) = guess(rows) * exp(level + correction(rows)). What a forward says of its size is how it differs from the
  /// others lately: of a difference at a size that was most of them, the level takes most, and of one at a rare size,
  /// its correction. So a load that makes all forwards slower changes no ratio of two sizes, whatever size was computed
  /// when it came. One forward that took much longer says no more than that it took twice as long, and a faster one is
  /// believed sooner: whatever else the machine does only ever adds time.
  double observe(std::int64_t rows, double seconds);

 private:
  /// What was learned at one size.
  struct Learned {
    double correction = 0;
    double share = 0;     // of the forwards lately
    double num_seen = 0;  // forwards of about this size
  };
  /// The pair of points that says what so many rows cost, and how much of it the second does, 0 to 1 where `rows` is
  /// between them. There are two points at least.
  struct Place {
    std::size_t first = 0;
    double second_part = 0;
  };

  Place place_of(std::int64_t rows) const;
  double slope_behind(std::size_t point) const;
  double learned_seconds(std::size_t point) const;
  void learn(std::size_t point, double part, double difference, double share);
  void draw_curve();

  std::vector<Point> guess_;
  std::vector<Learned> learned_;  // at each point of the guess
  double level_ = 0;
  bool has_level_ = false;
  std::vector<Point> points_;  // the curve as it is believed now
};

/// The guess for forwards of 1 to `max_rows` rows: the weights' way through memory or their products, whichever takes
/// longer, and something of the other. Of rates that nobody has measured their usual ratio is taken.
RowCosts guess_row_costs(const WeightWork& work, const MachineRates& rates, std::int64_t max_rows);

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

/// The same for `num_rows` rows, whatever they cost, or all there are where these are fewer.
std::vector<int> choose_best_rows(std::int64_t num_rows, const StepBase& base,
                                  std::span<const std::span<const float>> values);

}  // namespace wedlm
