#include "wedlm/decode/sampling_options.h"

#include <algorithm>
#include <limits>

namespace wedlm {
namespace {

constexpr double kMaxInt32 = std::numeric_limits<std::int32_t>::max();

static_assert(kDefaultWindowSize == 16 && kMaxWindowSize == 256, "the texts of window-size say these");

constexpr std::array kOptions = {
    SamplingOption{.name = "max-tokens",
                   .more_names = "-n",
                   .json_name = "max_tokens",
                   .section = OptionSection::kSampling,
                   .value_name = "N",
                   .range = NumberRange::from_to(1, kMaxInt32),
                   .help = "Most tokens to generate.",
                   .field = field<&SamplingParams::max_tokens>()},
    SamplingOption{.name = "temperature",
                   .more_names = "-t",
                   .json_name = "temperature",
                   .section = OptionSection::kSampling,
                   .value_name = "X",
                   .range = kTemperatureRange,
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "0 always takes the most likely token; larger is more varied.",
                   .field = field<&SamplingParams::temperature>()},
    SamplingOption{.name = "top-p",
                   .json_name = "top_p",
                   .section = OptionSection::kSampling,
                   .value_name = "X",
                   .range = kTopPRange,
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "Sample from the smallest set of tokens whose probability reaches X.",
                   .field = field<&SamplingParams::filters, &TokenFilters::top_p>()},
    SamplingOption{.name = "top-k",
                   .json_name = "top_k",
                   .section = OptionSection::kSampling,
                   .value_name = "N",
                   .range = kTopKRange,
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "Sample from the N most likely tokens; 0 from all.",
                   .field = field<&SamplingParams::filters, &TokenFilters::top_k>()},
    SamplingOption{.name = "min-p",
                   .json_name = "min_p",
                   .section = OptionSection::kSampling,
                   .value_name = "X",
                   .range = kMinPRange,
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "Sample from the tokens that are at least X times as probable as the most likely one.",
                   .field = field<&SamplingParams::filters, &TokenFilters::min_p>()},
    SamplingOption{.name = "filter-order",
                   .json_name = "filter_order",
                   .section = OptionSection::kSampling,
                   .help = "Whether --top-p, --top-k and --min-p see probabilities at the temperature, as everywhere "
                           "else, or before it, as in the original engine.",
                   .field = named_field<kFilterOrders, &SamplingParams::filters, &TokenFilters::order>()},
    SamplingOption{.name = "repetition-penalty",
                   .json_name = "repetition_penalty",
                   .section = OptionSection::kSampling,
                   .value_name = "X",
                   .range = kRepetitionPenaltyRange,
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "Divide the logits of tokens that prompt or answer have by X, or multiply those below 0.",
                   .field = field<&SamplingParams::adjustments, &AdjustmentRules::repetition_penalty>()},
    SamplingOption{.name = "presence-penalty",
                   .json_name = "presence_penalty",
                   .section = OptionSection::kSampling,
                   .value_name = "X",
                   .range = kCountPenaltyRange,
                   .help = "Subtract X from the logits of tokens that the answer has, -2 to 2.",
                   .field = field<&SamplingParams::adjustments, &AdjustmentRules::presence_penalty>()},
    SamplingOption{.name = "frequency-penalty",
                   .json_name = "frequency_penalty",
                   .section = OptionSection::kSampling,
                   .value_name = "X",
                   .range = kCountPenaltyRange,
                   .help = "Subtract X for each time that the answer has the token, -2 to 2.",
                   .field = field<&SamplingParams::adjustments, &AdjustmentRules::frequency_penalty>()},
    SamplingOption{.name = "no-repeat-ngram-size",
                   .json_name = "no_repeat_ngram_size",
                   .section = OptionSection::kSampling,
                   .value_name = "N",
                   .range = NumberRange::from_to(0, kMaxInt32),
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "Never repeat N tokens in a row of prompt and answer; 0 for no such rule.",
                   .field = field<&SamplingParams::adjustments, &AdjustmentRules::no_repeat_ngram_size>()},
    SamplingOption{.name = "logit-bias",
                   .json_name = "logit_bias",
                   .section = OptionSection::kSampling,
                   .value_name = "ID=X",
                   .range = kLogitBiasRange,
                   .help = "Add X, -100 to 100, to the logit of this token, as 15043=-2.5 or 15043-2.5. May be "
                           "repeated.",
                   .field = field<&SamplingParams::adjustments, &AdjustmentRules::logit_bias>()},
    SamplingOption{.name = "suppress-token",
                   .json_name = "suppress_tokens",
                   .section = OptionSection::kSampling,
                   .value_name = "ID",
                   .range = NumberRange::from_to(0, kMaxInt32),
                   .suggested_by = SuggestedBy::kCheckpoint,
                   .help = "Never choose this token. May be repeated.",
                   .field = field<&SamplingParams::adjustments, &AdjustmentRules::suppress_tokens>()},
    SamplingOption{.name = "seed",
                   .json_name = "seed",
                   .section = OptionSection::kSampling,
                   .value_name = "N",
                   .range = NumberRange::from_to(0, static_cast<double>(kMaxSeed)),
                   .default_text = "a fresh one; --json shows it",
                   .help = "The same seed gives the same answer on one machine, whatever else it is doing.",
                   .field = field<&SamplingParams::seed>()},
    SamplingOption{.name = "logprobs",
                   .json_name = "logprobs",
                   .section = OptionSection::kSampling,
                   .value_name = "N",
                   .range = NumberRange::from_to(0, kMaxAlternatives),
                   .default_text = "none",
                   .help = "Give each token's log-probability, and the N most likely ones beside it, up to 20.",
                   .field = field<&SamplingParams::logprobs>()},
    SamplingOption{.name = "stop",
                   .json_name = "stop",
                   .section = OptionSection::kSampling,
                   .value_name = "TEXT",
                   .help = "End the answer before this text; special tokens in it count. May be repeated.",
                   .field = field<&SamplingParams::stop>()},
    SamplingOption{.name = "stop-token-id",
                   .json_name = "stop_token_ids",
                   .section = OptionSection::kSampling,
                   .value_name = "ID",
                   .range = NumberRange::from_to(0, kMaxInt32),
                   .help = "End the answer at this token, as at the model's own end tokens. May be repeated.",
                   .field = field<&SamplingParams::stop_token_ids>()},
    SamplingOption{.name = "ignore-eos",
                   .json_name = "ignore_eos",
                   .section = OptionSection::kSampling,
                   .switch_value = "true",
                   .help = "Go on after the model's own end tokens.",
                   .field = field<&SamplingParams::ignore_eos>()},
    SamplingOption{.name = "mode",
                   .json_name = "mode",
                   .section = OptionSection::kDecoding,
                   .help = "streaming fills several positions of a window in one forward, for good; autoregressive "
                           "takes one token after the other; exact gives the text of autoregressive in fewer "
                           "forwards, by verifying its guesses; gated keeps guesses that are likely enough.",
                   .field = named_field<kDecodeModes, &SamplingParams::mode>()},
    SamplingOption{.name = "autoregressive",
                   .json_name = "mode",
                   .section = OptionSection::kDecoding,
                   .switch_value = "autoregressive",
                   .help = "The same as --mode autoregressive.",
                   .field = named_field<kDecodeModes, &SamplingParams::mode>()},
    SamplingOption{.name = "preset",
                   .json_name = "preset",
                   .section = OptionSection::kDecoding,
                   .help = "Sets the window's options below together; those that are given too win.",
                   .field = preset_field()},
    SamplingOption{
        .name = "window-size",
        .more_names = "-b,--window",
        .hidden_names = "--block-size",
        .json_name = "window_size",
        .original_name = "wedlm_window_size",
        .section = OptionSection::kDecoding,
        .value_name = "N",
        .absent_name = "auto",
        .range = NumberRange::from_to(1, kMaxWindowSize),
        .default_text = "16 for streaming; auto for exact and gated: what pays on this machine, step by step",
        .help = "Positions after the known text that are guessed in one forward, 1 to 256, or `auto`.",
        .field = field<&SamplingParams::window_size>()},
    SamplingOption{.name = "entropy-threshold",
                   .json_name = "entropy_threshold",
                   .original_name = "wedlm_entropy_threshold",
                   .section = OptionSection::kDecoding,
                   .value_name = "X",
                   .absent_name = "none",
                   .range = NumberRange::above(0),
                   .help = "Fill positions whose entropy, in nats, is below X; larger is faster and less careful. "
                           "`none` fills one position a forward.",
                   .field = field<&SamplingParams::entropy_threshold>()},
    SamplingOption{.name = "pos-penalty",
                   .json_name = "position_penalty",
                   .original_name = "wedlm_pos_penalty_factor",
                   .section = OptionSection::kDecoding,
                   .value_name = "X",
                   .help = "Entropy that is added for each position of distance from the known text.",
                   .field = field<&SamplingParams::position_penalty>()},
    SamplingOption{.name = "max-per-step",
                   .json_name = "max_per_step",
                   .section = OptionSection::kDecoding,
                   .value_name = "N",
                   .range = NumberRange::from_to(0, kMaxInt32),
                   .help = "Most positions to fill in one forward; 0 for no limit.",
                   .field = field<&SamplingParams::max_per_step>()},
    SamplingOption{.name = "fallback",
                   .json_name = "fallback",
                   .section = OptionSection::kDecoding,
                   .help = "streaming: what is filled where no position is certain enough: the most certain one, or "
                           "the leftmost, which computes fewer positions.",
                   .field = named_field<kFallbacks, &SamplingParams::fallback>()},
    SamplingOption{.name = "block-wise",
                   .json_name = "refill",
                   .section = OptionSection::kDecoding,
                   .switch_value = "block",
                   .help = "streaming: finish a window before the next begins, instead of letting it slide.",
                   .field = named_field<kWindowRefills, &SamplingParams::refill>()},
    SamplingOption{.name = "draft-threshold",
                   .json_name = "draft_threshold",
                   .section = OptionSection::kVerification,
                   .value_name = "X",
                   .range = NumberRange::from_to(0, 1),
                   .help = "Draft as long as the run of guesses is right with a probability above X, as measured so "
                           "far.",
                   .field = field<&SamplingParams::draft_threshold>()},
    SamplingOption{.name = "no-prompt-lookup",
                   .json_name = "prompt_lookup",
                   .section = OptionSection::kVerification,
                   .switch_value = "false",
                   .help = "Do not draft what followed when the last tokens occurred before. It changes no text of "
                           "exact.",
                   .field = field<&SamplingParams::prompt_lookup>()},
    SamplingOption{.name = "gate",
                   .json_name = "gate",
                   .section = OptionSection::kVerification,
                   .help = "gated: a guess becomes text where the next forward finds it likely enough, or only where "
                           "it is the model's own choice (the text of exact), or at once (streaming).",
                   .field = named_field<kGates, &SamplingParams::gate>()},
    SamplingOption{
        .name = "gate-epsilon",
        .json_name = "gate_epsilon",
        .section = OptionSection::kVerification,
        .value_name = "X",
        .range = NumberRange::above_up_to(0, 1),
        .help = "gated: a guess is likely enough at min(epsilon, delta * exp(-entropy)), by what a draw would do.",
        .field = field<&SamplingParams::gate_epsilon>()},
    SamplingOption{.name = "gate-delta",
                   .json_name = "gate_delta",
                   .section = OptionSection::kVerification,
                   .value_name = "X",
                   .range = NumberRange::above_up_to(0, 1),
                   .help = "See --gate-epsilon.",
                   .field = field<&SamplingParams::gate_delta>()},
    SamplingOption{.name = "joint-entropy",
                   .json_name = "joint_entropy",
                   .section = OptionSection::kVerification,
                   .value_name = "X",
                   .help = "gated: most that the entropies of a run of guesses may sum to beside the largest, in nats.",
                   .field = field<&SamplingParams::joint_entropy>()},
    SamplingOption{.name = "agreement",
                   .json_name = "agreement",
                   .section = OptionSection::kVerification,
                   .value_name = "X",
                   .range = NumberRange::between(0, 1),
                   .help = "gated: fill where guesses like this one agreed with the model's own choice in a share of "
                           "X, such as 0.95, as measured so far; instead of --entropy-threshold.",
                   .field = field<&SamplingParams::agreement>()},
};

/// Whether the list "-b,--window" has this name.
bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    std::string_view one = names.substr(0, names.find(','));
    names.remove_prefix(std::min(one.size() + 1, names.size()));
    one.remove_prefix(std::min(one.find_first_not_of('-'), one.size()));
    if (one == name) return true;
  }
  return false;
}

}  // namespace

std::span<const SamplingOption> sampling_options() {
  return kOptions;
}

const SamplingOption* find_command_line_option(std::string_view name) {
  const auto found = std::ranges::find_if(kOptions, [&](const SamplingOption& option) {
    return name == option.name || lists(option.more_names, name) || lists(option.hidden_names, name);
  });
  return found == kOptions.end() ? nullptr : &*found;
}

const SamplingOption* find_json_option(std::string_view name) {
  const auto found = std::ranges::find_if(kOptions, [&](const SamplingOption& option) {
    return name == option.json_name || (!name.empty() && name == option.original_name);
  });
  return found == kOptions.end() ? nullptr : &*found;
}

}  // namespace wedlm
