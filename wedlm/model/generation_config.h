// What generation_config.json says: how a model's makers would sample from it, under Hugging Face's names.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "wedlm/base/json.h"
#include "wedlm/base/prediction.h"
#include "wedlm/base/token_id.h"
#include "wedlm/model/model_config.h"

namespace wedlm {

/// What a model's makers suggest for sampling; a request that says nothing takes these.
struct GenerationDefaults {
  std::optional<float> temperature{};  // do_sample false is 0, whatever else is said
  TokenFilters filters{};
  std::optional<float> repetition_penalty{};
  std::optional<std::int32_t> no_repeat_ngram_size{};
  std::vector<TokenId> suppress_tokens{};
  std::vector<TokenId> eos_token_ids{};
  std::vector<std::string> unused{};  // members that would change what is chosen, and that nothing here does
  bool has_mask_token = true;         // without one a request that names no mode is decoded autoregressively
};

/// Reads generation_config.json; nullptr (no such file) gives no defaults. -1 is none, of top_k and of token ids.
/// Throws InvalidInput naming the file and the key for a value of a wrong kind or out of range; `vocab_size` bounds the
/// token ids.
GenerationDefaults parse_generation_config(const Json* config,
                                           std::int64_t vocab_size = std::numeric_limits<TokenId>::max());

/// For people: what of it is not done here; nullopt where all is.
std::optional<std::string> unused_note(const GenerationDefaults& defaults);

}  // namespace wedlm
