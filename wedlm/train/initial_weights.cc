#include "wedlm/train/initial_weights.h"

#include <algorithm>
#include <span>

#include "wedlm/base/error.h"
#include "wedlm/base/thread_team.h"
#include "wedlm/train/draws.h"

namespace wedlm::train {

InitialWeights::InitialWeights(const ModelConfig& config, const InitialOptions& options) : options_(options) {
  std::uint64_t num_rows = 0;
  for (const WeightSpec& spec : weight_list(config)) {
    places_.emplace(spec.name, Place{.shape = spec.shape, .first_row = num_rows});
    num_rows += static_cast<std::uint64_t>(spec.shape[0]);
    total_bytes_ += static_cast<std::size_t>(spec.shape.num_elements()) * sizeof(float);
  }
}

HostWeight InitialWeights::weight(std::string_view name) const {
  const auto found = places_.find(std::string(name));
  if (found == places_.end()) throw InternalError("first weights: the model has no " + std::string(name));
  const Place& place = found->second;
  HostWeight weight;
  weight.memory = allocate_host(static_cast<std::size_t>(place.shape.num_elements()) * sizeof(float));
  weight.tensor = ConstTensor(weight.memory.data(), DType::kF32, place.shape);
  auto* numbers = static_cast<float*>(weight.memory.data());
  if (place.shape.rank() == 1) {
    std::fill_n(numbers, place.shape[0], name.ends_with("norm.weight") ? 1.0F : 0.0F);
    return weight;
  }
  ThreadTeam team(options_.num_threads);
  team.run(place.shape[0], [&](std::int64_t row, int) {
    Draws draws(options_.seed, Draws::Purpose::kWeights, place.first_row + static_cast<std::uint64_t>(row));
    const auto width = static_cast<std::size_t>(place.shape[1]);
    for (float& number : std::span(numbers + static_cast<std::size_t>(row) * width, width)) {
      number = static_cast<float>(options_.standard_deviation * draws.normal());
    }
  });
  return weight;
}

}  // namespace wedlm::train
