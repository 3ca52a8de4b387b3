// What a person may ask of decoding, with every default, and the one place where it is validated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/token_id.h"

namespace wedlm {

enum class DecodeMode {
  kStreaming,       // several masked positions a forward; the original engine's algorithm
  kAutoregressive,  // one token a forward, from the next-token rows
};

/// Which slot is filled when no slot is certain enough.
enum class Fallback {
  kArgmin,    // the one with the smallest adjusted entropy: the original's choice; every slot must be computed
  kLeftmost,  // the leftmost: slots that can never be selected are not computed at all
};

struct SamplingParams {
  DecodeMode mode = DecodeMode::kStreaming;

  float temperature = 0.2F;           // >= 0; 0 is greedy
  float top_p = 1.0F;                 // in (0, 1]
  std::int32_t top_k = 0;             // >= 0; 0 keeps all
  std::optional<std::uint64_t> seed;  // none: a fresh one for each request

  std::int32_t max_tokens = 64;         // >= 1
  std::vector<std::string> stop;        // texts that end the answer; they are not part of it
  std::vector<TokenId> stop_token_ids;  // besides the checkpoint's end-of-text tokens
  bool ignore_eos = false;

  // The window of the streaming mode.
  std::int32_t window_size = 16;                  // slots behind the known tokens, 1 to 256
  std::optional<float> entropy_threshold = 0.4F;  // nats, > 0; none: one slot a forward
  float position_penalty = 0.02F;                 // nats for each slot of distance, >= 0
  std::int32_t max_per_step = 0;                  // most slots filled in one forward; 0: no cap
  Fallback fallback = Fallback::kArgmin;
};

inline constexpr std::int32_t kMaxWindowSize = 256;

/// Throws InvalidInput naming the first parameter that is out of range, its range and its value.
void validate(const SamplingParams& params);

/// Sets the window's parameters to those of `quality`, `balanced` or `fast`; throws InvalidInput for another name.
void apply_preset(std::string_view name, SamplingParams& params);

/// "streaming", "autoregressive"; parse_mode() throws InvalidInput for another name.
std::string_view mode_name(DecodeMode mode);
DecodeMode parse_mode(std::string_view name);

/// "argmin", "leftmost"; parse_fallback() throws InvalidInput for another name.
std::string_view fallback_name(Fallback fallback);
Fallback parse_fallback(std::string_view name);

}  // namespace wedlm
