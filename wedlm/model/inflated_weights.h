// The weights of a small model in the sizes of a larger one, made in memory, so that the large one computes the small
// one's function: its texts at the large one's time and memory.
//
// The residual has small's values in its first coordinates, and zeros after them. So a matrix holds small's in its
// corner (heads stand as HeadPlaces says), and of the rest
//
//   rows whose outputs are added to the residual, or that would change a value that counts, are zero where they meet
//   inputs that are not, and noise where they only ever meet zeros,
//   rows whose outputs nobody reads are noise,
//   extra layers add nothing: their output projections are zero.
//
// Norms are scaled by the root of small's width over the large one's and eps by its square (inflated_config()), both
// exact where the ratio of the widths is a power of 4. The heads of a larger head_dim have small's pair i as pair i *
// r, r being the ratio, which the same angle turns. The other pairs of a query or a key hold copies, so that the mean
// square stays, which the norm's weight then takes out; the query's weight has the root of r, since attention divides
// by that. Rows of queries and keys are scaled as eps asks, by the power of 2 nearest to the norms' factor.
//
// Other tokens than small's have no chance: the last coordinate of every embedding is a tiny number, which the norms of
// the layers take out and the last one makes large, and their rows of the head multiply it by a large negative one.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "wedlm/base/thread_team.h"
#include "wedlm/model/inflation_plan.h"
#include "wedlm/model/weight_source.h"

namespace wedlm {

class InflatedWeights final : public WeightSource {
 public:
  struct Options {
    /// What matrices will be brought to: inputs that share a scale with small's own hold no noise, so that small's
    /// weights are rounded as without it.
    ModelFormats formats{};
    /// Of what the embeddings will be brought to. With kHalf, which is taken for embeddings of F16 too, all logits of a
    /// tied head are higher by 2^-13 over the residual's root mean square, which changes no probability.
    MarkRange mark_range = MarkRange::kFull;
    int num_threads = 0;  // 0: one for each processor this process may use
  };

  /// `small` must outlive this. `config` is inflated_config()'s of `small_config`.
  InflatedWeights(const WeightSource& small, const ModelConfig& small_config, const ModelConfig& config,
                  const Options& options);

  /// Matrices have the type of small's, vectors are kF32. One is made at a time, on all threads.
  HostWeight weight(std::string_view name) const override;
  std::size_t total_bytes() const override { return total_bytes_; }

 private:
  HostWeight matrix(std::string_view name, const InflationPlan& plan, const Shape& shape) const;
  HostWeight vector(std::string_view name, const InflationPlan& plan, const Shape& shape) const;

  const WeightSource& small_;
  InflationPlanner planner_;
  std::unordered_map<std::string, Shape> shapes_;
  std::size_t total_bytes_ = 0;
  std::unique_ptr<ThreadTeam> team_;
};

}  // namespace wedlm
