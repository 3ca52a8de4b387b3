// How a checkpoint stretches its rotary position embeddings past the positions that it was trained on: what config.json
// says about it, as transformers 4 and 5 write it, and the rotation that follows (transformers'
// modeling_rope_utils.py).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wedlm/backend/rotary.h"

namespace wedlm {

class JsonMembers;

enum class RopeType {
  kDefault,  // not stretched
  kLinear,   // positions divided by the factor
  kDynamic,  // a larger theta for sequences that are longer than the trained ones (NTK)
  kYarn,     // slow pairs divided by the factor, fast ones left, a ramp between them (Peng et al. 2023)
  kLlama3,   // the same by wavelength, as Llama 3.1 has it
};

/// Members that a type does not know keep their defaults.
struct RopeConfig {
  RopeType type = RopeType::kDefault;
  double theta = 0;                          // above 0
  double factor = 1;                         // above 0
  std::int64_t original_positions = 0;       // of training, before stretching: yarn and llama3
  std::optional<double> attention_factor{};  // yarn; none: by factor and mscale
  double mscale = 0;                         // yarn; 0: none
  double mscale_all_dim = 0;                 // yarn; 0: none
  double beta_fast = 32;                     // yarn: turns within the original positions, from which a pair is left ...
  double beta_slow = 1;                      // ... and to which it is divided
  bool truncate = true;                      // yarn: the ramp begins and ends at whole pairs
  double low_freq_factor = 1;                // llama3
  double high_freq_factor = 4;               // llama3

  bool operator==(const RopeConfig&) const = default;
};

/// What config.json says in rope_theta, rope_scaling and rope_parameters. The type stands in "rope_type" or, as older
/// files have it, in "type"; parameters may stand under "full_attention", as transformers 5 has them for each type of
/// layer. theta has no default: a wrong one would go unnoticed. Throws InvalidInput naming the key for a type that is
/// not among these, a parameter that is missing or out of range, and members that contradict each other.
RopeConfig read_rope(const JsonMembers& config, std::int64_t max_position_embeddings);

/// The rotation of a head. `max_length` matters to kDynamic alone: keys stay in the cache as they were turned, so the
/// longest sequence that may come decides for all, as in vLLM; up to `max_position_embeddings` nothing is stretched.
Rotation rotation_of(const RopeConfig& rope, std::int64_t head_dim, std::int64_t max_position_embeddings,
                     std::int64_t max_length);

/// Positions that a sequence may have, as vLLM reckons: kYarn's original positions times the factor, for kLinear and
/// kDynamic max_position_embeddings times the factor, else max_position_embeddings.
std::int64_t max_positions(const RopeConfig& rope, std::int64_t max_position_embeddings);

/// As config.json calls it: "yarn".
std::string_view rope_type_name(RopeType type);

}  // namespace wedlm
