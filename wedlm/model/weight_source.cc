#include "wedlm/model/weight_source.h"

#include <string>

#include "wedlm/base/error.h"
#include "wedlm/model/weight_list.h"

namespace wedlm {

CheckpointWeights::CheckpointWeights(const Checkpoint& checkpoint, const ModelConfig& config)
    : checkpoint_(checkpoint) {
  check_weights(checkpoint, config);
}

HostWeight CheckpointWeights::weight(std::string_view name) const {
  const ConstTensor* tensor = checkpoint_.find(name);
  if (tensor == nullptr) throw InternalError("checkpoint lost its tensor " + std::string(name));
  return {.tensor = *tensor};
}

std::size_t CheckpointWeights::total_bytes() const {
  return static_cast<std::size_t>(checkpoint_.total_bytes());
}

}  // namespace wedlm
