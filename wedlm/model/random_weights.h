// Random weights of any shape, for measurements: time depends on sizes and not on values, as long as these are ordinary
// numbers. They are a function of the seed, the weight's name and the element, whatever order or threads they are made
// in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wedlm/base/thread_team.h"
#include "wedlm/model/weight_source.h"

namespace wedlm {

class RandomWeights final : public WeightSource {
 public:
  struct Options {
    DType dtype = DType::kBF16;  // kBF16, or kF32 with the same values
    std::uint64_t seed = 0;
    int num_threads = 0;  // 0: one for each processor this process may use
  };

  /// Throws InvalidInput for another type.
  RandomWeights(const ModelConfig& config, const Options& options);

  /// Matrices keep the size of what they are multiplied with: their root mean square is 1 / sqrt(in_features) within a
  /// factor of 1.5. Norms are 1, and biases as small as the weights beside them.
  HostWeight weight(std::string_view name) const override;
  std::size_t total_bytes() const override { return total_bytes_; }

 private:
  Options options_;
  std::int64_t hidden_size_;
  std::unordered_map<std::string, Shape> shapes_;
  std::size_t total_bytes_ = 0;
  std::unique_ptr<ThreadTeam> team_;
};

/// Fills `count` elements of a kBF16, kF32 or kF16 tensor's memory with numbers of both signs, evenly spread over the
/// two octaves from `least` (a power of 2) to 4 * `least`: the same ones in all types that can hold them.
void fill_random(DType dtype, void* to, std::int64_t count, float least, std::uint64_t seed, ThreadTeam& team);

/// The `least` of matrices that keep the size of what they are multiplied with.
float least_random(std::int64_t in_features);

/// The seed of the weight of that name, so that its numbers do not depend on its place in a list.
std::uint64_t seed_of(std::string_view name, std::uint64_t seed);

}  // namespace wedlm
