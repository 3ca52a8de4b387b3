#include "cli/options/sampling_flags.h"

#include "cli/options/option_group.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_text.h"

namespace wedlm::cli {
namespace {

std::optional<float> threshold_of(const std::string& text) {
  if (text == "none") return std::nullopt;
  return static_cast<float>(parse_number(text));
}

std::optional<std::int32_t> window_size_of(const std::string& text) {
  if (text == "auto") return std::nullopt;
  return static_cast<std::int32_t>(parse_signed(text, 1, kMaxWindowSize));
}

std::string two_digits(float value) {
  return fixed(static_cast<double>(value), 2);
}

}  // namespace

SamplingParams SamplingFlags::sampling_params(const GenerationDefaults& defaults) const {
  if (autoregressive && mode && parse_mode(*mode) != DecodeMode::kAutoregressive) {
    throw InvalidInput("--autoregressive and --mode " + *mode + " contradict each other; give one of them");
  }
  SamplingParams params;
  set_if_given(params.temperature, defaults.temperature);
  set_if_given(params.top_p, defaults.top_p);
  set_if_given(params.top_k, defaults.top_k);
  if (preset) apply_preset(*preset, params);

  set_if_given(params.max_tokens, max_tokens);
  set_if_given(params.temperature, temperature);
  set_if_given(params.top_p, top_p);
  set_if_given(params.top_k, top_k);
  params.seed = seed;
  params.stop = stop;
  params.stop_token_ids = stop_token_ids;
  params.ignore_eos = ignore_eos;
  if (mode) params.mode = parse_mode(*mode);
  if (autoregressive) params.mode = DecodeMode::kAutoregressive;
  if (window_size) params.window_size = window_size_of(*window_size);
  if (entropy_threshold) params.entropy_threshold = threshold_of(*entropy_threshold);
  set_if_given(params.position_penalty, position_penalty);
  set_if_given(params.max_per_step, max_per_step);
  if (fallback) params.fallback = parse_fallback(*fallback);
  if (block_wise) params.refill = WindowRefill::kBlock;
  set_if_given(params.draft_threshold, draft_threshold);
  params.prompt_lookup = !no_prompt_lookup;
  if (gate) params.gate = parse_gate(*gate);
  set_if_given(params.gate_epsilon, gate_epsilon);
  set_if_given(params.gate_delta, gate_delta);
  set_if_given(params.joint_entropy, joint_entropy);
  if (agreement) params.agreement = static_cast<float>(*agreement);
  validate(params);
  return params;
}

void add_length_option(CLI::App& app, SamplingFlags& flags, std::int32_t default_value) {
  OptionGroup(app, "Sampling")
      .integer({.names = "-n,--max-tokens",
                .value = "N",
                .text = "Most tokens to generate.",
                .default_text = std::to_string(default_value)},
               flags.max_tokens);
}

void add_sampling_options(CLI::App& app, SamplingFlags& flags) {
  OptionGroup group(app, "Sampling");
  group.number({.names = "-t,--temperature",
                .value = "X",
                .text = "0 always takes the most likely token; larger is more varied.",
                .default_text = "the model's suggestion, else 0.2"},
               flags.temperature);
  group.number({.names = "--top-p",
                .value = "X",
                .text = "Sample from the smallest set of tokens whose probability reaches X.",
                .default_text = "the model's suggestion, else 1"},
               flags.top_p);
  group.integer({.names = "--top-k",
                 .value = "N",
                 .text = "Sample from the N most likely tokens; 0 from all.",
                 .default_text = "the model's suggestion, else 0"},
                flags.top_k);
  group.integer({.names = "--seed",
                 .value = "N",
                 .text = "The same seed gives the same answer on one machine, whatever else it is doing.",
                 .default_text = "a fresh one; --json shows it"},
                flags.seed);
  group.texts({.names = "--stop", .value = "TEXT", .text = "End the answer before this text. May be repeated."},
              flags.stop);
  group.integers({.names = "--stop-token-id",
                  .value = "ID",
                  .text = "End the answer at this token, as at the model's own end tokens. May be repeated."},
                 flags.stop_token_ids);
  group.flag({.names = "--ignore-eos", .text = "Go on behind the model's own end tokens."}, flags.ignore_eos);
}

namespace {

void add_filling_options(CLI::App& app, SamplingFlags& flags) {
  OptionGroup group(app, "Decoding");
  const SamplingParams defaults;
  group.add({.names = "-b,--window-size,--window,--block-size",
             .value = "N",
             .text = "Positions behind the known text that are guessed in one forward, 1 to " +
                     std::to_string(kMaxWindowSize) + ", or `auto`.",
             .default_text = std::to_string(kDefaultWindowSize) +
                             " for streaming; auto for exact and gated: what pays on this machine, step by step"},
            [&flags](std::string_view value) {
              window_size_of(std::string(value));
              flags.window_size = std::string(value);
            });
  group.add({.names = "--entropy-threshold",
             .value = "X",
             .text = "Fill positions whose entropy, in nats, is below X; larger is faster and less careful. `none` "
                     "fills one position a forward.",
             .default_text = "0.4"},
            [&flags](std::string_view value) {
              if (value != "none") parse_number(value);
              flags.entropy_threshold = std::string(value);
            });
  group.number({.names = "--pos-penalty",
                .value = "X",
                .text = "Entropy that is added for each position of distance from the known text.",
                .default_text = "0.02"},
               flags.position_penalty);
  group.integer({.names = "--max-per-step",
                 .value = "N",
                 .text = "Most positions to fill in one forward; 0 for no limit.",
                 .default_text = std::to_string(defaults.max_per_step)},
                flags.max_per_step);
  group.choice({.names = "--fallback",
                .value = "argmin|leftmost",
                .text = "streaming: what is filled where no position is certain enough: the most certain one, or the "
                        "leftmost, which computes fewer positions.",
                .default_text = std::string(fallback_name(defaults.fallback))},
               flags.fallback);
  group.flag({.names = "--block-wise",
              .text = "streaming: finish a window before the next begins, instead of letting it slide."},
             flags.block_wise);
}

void add_verification_options(CLI::App& app, SamplingFlags& flags) {
  OptionGroup group(app, "Verification (exact and gated)");
  const SamplingParams defaults;
  group.number({.names = "--draft-threshold",
                .value = "X",
                .text = "Draft as long as the run of guesses is right with a probability above X, as measured so far.",
                .default_text = two_digits(defaults.draft_threshold)},
               flags.draft_threshold);
  group.flag({.names = "--no-prompt-lookup",
              .text = "Do not draft what followed when the last tokens occurred before. It changes no text of exact."},
             flags.no_prompt_lookup);
  group.choice(
      {.names = "--gate",
       .value = "probability|equality|off",
       .text = "gated: a guess becomes text where the next forward finds it likely enough, or only where it is "
               "the model's own choice (the text of exact), or at once (streaming).",
       .default_text = std::string(gate_name(defaults.gate))},
      flags.gate);
  group.number(
      {.names = "--gate-epsilon",
       .value = "X",
       .text = "gated: a guess is likely enough at min(epsilon, delta * exp(-entropy)), by what a draw would do.",
       .default_text = two_digits(defaults.gate_epsilon)},
      flags.gate_epsilon);
  group.number({.names = "--gate-delta",
                .value = "X",
                .text = "See --gate-epsilon.",
                .default_text = two_digits(defaults.gate_delta)},
               flags.gate_delta);
  group.number({.names = "--joint-entropy",
                .value = "X",
                .text = "gated: most that the entropies of a run of guesses may sum to beside the largest, in nats.",
                .default_text = two_digits(defaults.joint_entropy)},
               flags.joint_entropy);
  group.number({.names = "--agreement",
                .value = "X",
                .text = "gated: fill where guesses like this one agreed with the model's own choice in a share of X, "
                        "such as 0.95, as measured so far; instead of --entropy-threshold."},
               flags.agreement);
}

}  // namespace

void add_window_options(CLI::App& app, SamplingFlags& flags) {
  OptionGroup group(app, "Decoding");
  group.choice({.names = "--mode",
                .value = "streaming|autoregressive|exact|gated",
                .text = "streaming fills several positions of a window in one forward, for good; autoregressive takes "
                        "one token after the other; exact gives the text of autoregressive in fewer forwards, by "
                        "verifying its guesses; gated keeps guesses that are likely enough.",
                .default_text = std::string(mode_name(SamplingParams().mode))},
               flags.mode);
  group.flag({.names = "--autoregressive", .text = "The same as --mode autoregressive."}, flags.autoregressive);
  group.choice({.names = "--preset",
                .value = "quality|balanced|fast",
                .text = "Sets the window's options below together; those that are given too win."},
               flags.preset);
  add_filling_options(app, flags);
  add_verification_options(app, flags);
}

}  // namespace wedlm::cli
