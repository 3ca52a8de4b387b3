// Where the elements of each weight of an inflated model (inflated_weights.h) come from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/model/inflated_config.h"

namespace wedlm {

/// One output of a matrix, or one element of a vector.
struct InflatedRow {
  enum class Kind : std::uint8_t {
    kZero,  // has to come out as zero
    kFree,  // nobody reads it
    kLive,  // is a row of the small model's, times a factor
  };
  Kind kind = Kind::kZero;
  std::int64_t small_row = 0;
  float factor = 1;
};

/// Inputs of a matrix that are not always zero.
struct InflatedInputs {
  std::int64_t first = 0;        // in the large matrix
  std::int64_t small_first = 0;  // in the small one; -1 where nothing may come of them
  std::int64_t count = 0;
};

struct InflationPlan {
  /// The small model's weight that it holds, or a matrix whose type it has; of a vector that small has not, empty: it
  /// stands for ones in a norm and zeros in a bias.
  std::string small_name{};
  std::function<InflatedRow(std::int64_t row)> row{};
  std::vector<InflatedInputs> inputs{};  // ascending; none: a vector
  std::int64_t group_size = 1;           // inputs that share a scale: with some that are not zero they hold no noise

  /// The last element of each row that is live, and of each other one, where it says so instead.
  struct LastColumn {
    float live = 0;
    float other = 0;
  };
  std::optional<LastColumn> last_column{};
};

/// What numbers the embeddings can hold: those of bfloat16 and float32, or only those of float16, of which the scales
/// of other programs' integers are too.
enum class MarkRange : std::uint8_t { kFull, kHalf };

class InflationPlanner {
 public:
  /// `large` is inflated_config()'s of `small`; its matrices will be brought to `formats`.
  InflationPlanner(const ModelConfig& small, const ModelConfig& large, const ModelFormats& formats, MarkRange range);

  /// Of a weight of the large model. It must not outlive the planner.
  InflationPlan plan(std::string_view name) const;

 private:
  enum class Projection : std::uint8_t { kQuery, kKey };

  InflationPlan plan_of_vocabulary(std::string_view name) const;
  InflationPlan plan_of_layer(std::string_view module) const;
  void plan_extra_matrix(std::string_view module, InflationPlan& plan) const;
  bool has_in_small(std::string_view module) const;
  void plan_projection(std::string_view module, InflationPlan& plan) const;

  bool is_read(std::int64_t dim) const;
  std::int64_t small_dim(std::int64_t dim) const;
  InflatedRow query_or_key(std::int64_t row, const std::vector<std::int64_t>& places, Projection projection) const;
  InflatedRow value(std::int64_t row) const;
  std::vector<InflatedInputs> attended_inputs() const;

  ModelConfig small_;
  ModelConfig large_;
  ModelFormats formats_;
  HeadPlaces places_;
  std::int64_t head_ratio_;  // of the head_dims
  float norm_factor_;
  float mark_;
};

}  // namespace wedlm
