// What a person may ask of decoding, with every default. How each member is called, what it may be and how it is
// explained stands in sampling_options.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wedlm/base/named.h"
#include "wedlm/base/prediction.h"
#include "wedlm/base/token_id.h"
#include "wedlm/decode/logit_adjuster.h"

namespace wedlm {

enum class DecodeMode {
  kStreaming,       // several masked positions a forward; the original engine's algorithm
  kAutoregressive,  // one token a forward, from the next-token rows
  kExact,           // the text of kAutoregressive: guesses are drafts until the next forward has verified them
  kGated,           // drafts that the next forward finds likely enough become text
};

/// Which position is filled when none is certain enough.
enum class Fallback {
  kArgmin,    // the one with the smallest adjusted entropy: the original's choice; every one must be computed
  kLeftmost,  // the leftmost: positions that can never be selected are not computed at all
};

/// When the window of the streaming mode takes new positions in.
enum class WindowRefill {
  kSliding,  // as soon as a leading run has left it
  kBlock,    // when all of it has left: a block is finished before the next begins (WeDLM, ablation of section 5)
};

/// What a draft of the gated mode must pass to become text.
enum class Gate {
  kProbability,  // the next-token row finds it likely enough: gate_epsilon, gate_delta
  kEquality,     // it is the next-token row's own choice: the text of kExact
  kOff,          // nothing: drafts are text at once, which is kStreaming
};

struct SamplingParams {
  DecodeMode mode = DecodeMode::kStreaming;

  float temperature = 0.2F;  // 0 to 100; 0 is greedy
  TokenFilters filters;
  AdjustmentRules adjustments;
  std::optional<std::uint64_t> seed;     // at most 2^53; none: a fresh one for each request
  std::optional<std::int32_t> logprobs;  // log-probabilities, and so many alternatives, 0 to 20, go with each token

  std::int32_t max_tokens = 64;         // >= 1
  std::vector<std::string> stop;        // texts that end the answer; they are not part of it
  std::vector<TokenId> stop_token_ids;  // besides the checkpoint's end-of-text tokens
  bool ignore_eos = false;

  // The window: positions after the known tokens, 1 to 256. None: 16 for streaming, and what pays on this machine for
  // the modes that verify (fixed_window()).
  std::optional<std::int32_t> window_size;

  // Which positions are filled, in the streaming and gated modes.
  std::optional<float> entropy_threshold = 0.4F;  // nats, > 0; none: one position a forward
  float position_penalty = 0.02F;                 // nats for each position of distance, >= 0
  std::int32_t max_per_step = 0;                  // most positions filled in one forward; 0: no cap

  // The streaming mode alone.
  Fallback fallback = Fallback::kArgmin;
  WindowRefill refill = WindowRefill::kSliding;

  // The modes that verify. None of these changes a text of the exact mode.
  float draft_threshold = 0.5F;  // least probability that a run of drafts is accepted, in [0, 1]
  bool prompt_lookup = true;     // continuations of what occurred before serve as drafts too

  // The gated mode alone.
  Gate gate = Gate::kProbability;
  float gate_epsilon = 0.5F;       // a draft is accepted with a probability of min(epsilon, delta * exp(-entropy)) ...
  float gate_delta = 1.0F;         // ... or more, both in (0, 1]
  float joint_entropy = 0.4F;      // nats: most that the entropies of a run may sum to beside the largest, >= 0
  std::optional<float> agreement;  // in (0, 1): fill by measured agreement with the model's own choice, not by entropy
};

inline constexpr std::uint64_t kMaxSeed = std::uint64_t{1} << 53;  // any reader of JSON has it to the last digit
inline constexpr std::int32_t kDefaultWindowSize = 16;
inline constexpr std::int32_t kMaxWindowSize = 256;

/// Drafts are verified by later forwards, and not text at once.
bool verifies_drafts(const SamplingParams& params);

/// The size that the window always has; nullopt where it is chosen anew for each step.
std::optional<int> fixed_window(const SamplingParams& params);

/// A gated request with a seed. Which guesses become text depends on what was learned from drafts and on the window,
/// and the same seed shall give the same text: so it learns from itself alone, and where its window is not fixed, that
/// follows a rule of its own. The text of every other mode depends on neither.
bool learns_alone(const SamplingParams& params);

/// The window follows each step from what rows cost on this machine and bring to this sequence and the others.
bool shares_rows(const SamplingParams& params);

/// Throws InvalidInput naming the first parameter that is out of range, its range and its value.
void validate(const SamplingParams& params);

/// Sets the window's parameters to those of `quality`, `balanced` or `fast`; throws InvalidInput for another name.
void apply_preset(std::string_view name, SamplingParams& params);
std::vector<std::string_view> preset_names();

inline constexpr std::array kDecodeModes = {
    Named{DecodeMode::kStreaming, "streaming"},
    Named{DecodeMode::kAutoregressive, "autoregressive"},
    Named{DecodeMode::kExact, "exact"},
    Named{DecodeMode::kGated, "gated"},
};
inline constexpr std::array kFallbacks = {Named{Fallback::kArgmin, "argmin"}, Named{Fallback::kLeftmost, "leftmost"}};
inline constexpr std::array kWindowRefills = {Named{WindowRefill::kSliding, "sliding"},
                                              Named{WindowRefill::kBlock, "block"}};
inline constexpr std::array kGates = {Named{Gate::kProbability, "probability"}, Named{Gate::kEquality, "equality"},
                                      Named{Gate::kOff, "off"}};

std::string_view mode_name(DecodeMode mode);

}  // namespace wedlm
