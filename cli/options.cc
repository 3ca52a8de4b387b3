#include "cli/options.h"

#include "wedlm/base/error.h"
#include "wedlm/checkpoint/model_path.h"
#include "wedlm/model/kv_cache.h"

namespace wedlm::cli {
namespace {

template <class Target, class Value>
void set_if_given(Target& target, const std::optional<Value>& value) {
  if (value) target = static_cast<Target>(*value);
}

std::optional<float> threshold_of(const std::string& text) {
  if (text == "none") return std::nullopt;
  return static_cast<float>(parse_number(text));
}

std::optional<std::int32_t> window_size_of(const std::string& text) {
  if (text == "auto") return std::nullopt;
  return static_cast<std::int32_t>(parse_signed(text, 1, kMaxWindowSize));
}

void check_at_least(const char* name, std::int64_t least, const std::optional<std::int32_t>& value) {
  if (value && *value < least) {
    throw InvalidInput(std::string(name) + ": expected at least " + std::to_string(least) + ", got " +
                       std::to_string(*value));
  }
}

std::string two_digits(float value) {
  return fixed(static_cast<double>(value), 2);
}

std::string backend_list() {
  std::string names;
  for (const std::string& name : backend_names()) names += (names.empty() ? "" : "|") + name;
  return names;
}

}  // namespace

std::filesystem::path ModelOptions::folder() const {
  return model ? resolve_model(*model) : default_model();
}

LoadOptions ModelOptions::load_options() const {
  check_at_least("--threads", 0, num_threads);
  check_at_least("--mask-token-id", 0, mask_token_id);
  LoadOptions options;
  set_if_given(options.backend.name, backend);
  set_if_given(options.backend.num_threads, num_threads);
  if (pin_threads) options.backend.thread_placement = ThreadPlacement::kPinned;
  options.mask_token_id = mask_token_id;
  options.formats = weights.formats();
  return options;
}

WeightFormats WeightFlags::formats() const {
  WeightFormats formats;
  if (weights) formats.layers.type = parse_weight_type(*weights);
  formats.head = formats.layers;
  if (formats.head.type == WeightType::kInt4) formats.head.type = WeightType::kInt8;
  if (head_bits) {
    formats.head.type = *head_bits == "16"  ? WeightType::kBF16
                        : *head_bits == "8" ? WeightType::kInt8
                                            : WeightType::kInt4;
  }
  if (group_size) {
    if (formats.layers.type != WeightType::kInt4 && formats.head.type != WeightType::kInt4) {
      throw InvalidInput("--group: only int4 weights have groups; give --weights int4 or --head-bits 4 with it");
    }
    formats.layers.group_size = formats.head.group_size = *group_size;
  }
  check_weight_format(formats.layers);
  check_weight_format(formats.head);
  return formats;
}

std::string describe(const WeightFormats& formats) {
  std::string layers = describe(formats.layers);
  const std::string head = describe(formats.head);
  if (layers == head) return layers;
  return (layers.empty() ? "as stored" : layers) + ", head " + (head.empty() ? "as stored" : head);
}

EngineOptions EngineFlags::engine_options() const {
  check_at_least("--max-num-seqs", 1, max_num_seqs);
  check_at_least("--max-num-batched-tokens", 1, max_num_batched_tokens);
  check_at_least("--max-model-len", 1, max_model_len);
  check_at_least("--kv-block-size", 1, kv_block_size);
  EngineOptions options;
  set_if_given(options.max_num_seqs, max_num_seqs);
  set_if_given(options.max_num_batched_tokens, max_num_batched_tokens);
  set_if_given(options.max_model_len, max_model_len);
  set_if_given(options.block_size, kv_block_size);
  set_if_given(options.cache_bytes, cache_bytes);
  options.kv_cache_type = kv_cache_type_of(kv_cache_type);
  options.enable_prefix_cache = !no_prefix_cache;
  return options;
}

SamplingParams SamplingFlags::sampling_params(const GenerationDefaults& defaults) const {
  if (autoregressive && mode && parse_mode(*mode) != DecodeMode::kAutoregressive) {
    throw InvalidInput("--autoregressive and --mode " + *mode + " contradict each other; give one of them");
  }
  SamplingParams params;
  params.max_tokens = kDefaultMaxTokens;
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

void add_model_option(CLI::App& app, ModelOptions& options) {
  OptionGroup group(app, "Model");
  group.path({.names = "-m,--model",
              .value = "MODEL",
              .text = "A checkpoint's folder, or organisation/name in the local Hugging Face cache.",
              .default_text = "the model that ships with wedlm",
              .environment = "WEDLM_MODEL"},
             options.model);
}

void add_weight_options(CLI::App& app, WeightFlags& flags) {
  OptionGroup group(app, "Model");
  group.choice({.names = "--weights",
                .value = "bf16|int8|int4",
                .text = "Round the weights to this while they are loaded: half or a quarter of the memory that a "
                        "token reads, and answers that differ a little. Embeddings and norms stay.",
                .default_text = "as the checkpoint has them"},
               flags.weights);
  group.integer({.names = "--group",
                 .value = "32|64|128",
                 .text = "int4: inputs that share a scale; smaller is truer and larger.",
                 .default_text = std::to_string(kDefaultGroupSize)},
                flags.group_size);
  group.choice({.names = "--head-bits",
                .value = "4|8|16",
                .text = "The same for the prediction head alone.",
                .default_text = "8 with int8 and int4"},
               flags.head_bits);
}

void add_model_options(CLI::App& app, ModelOptions& options) {
  add_model_option(app, options);
  add_weight_options(app, options.weights);
  OptionGroup group(app, "Model");
  group.choice({.names = "--backend",
                .value = backend_list(),
                .text = "What computes; reference is slow and the definition of correct.",
                .default_text = "cpu",
                .environment = "WEDLM_BACKEND"},
               options.backend);
  group.integer({.names = "--threads",
                 .value = "N",
                 .text = "Threads to compute with.",
                 .default_text = "one for each processor",
                 .environment = "WEDLM_THREADS"},
                options.num_threads);
  group.flag(
      {.names = "--pin-threads", .text = "Keep each thread on a processor of its own, where nothing else computes."},
      options.pin_threads);
  group.integer({.names = "--mask-token-id",
                 .value = "ID",
                 .text = "The token that stands for an empty position.",
                 .default_text = "the checkpoint's"},
                options.mask_token_id);
}

void add_kv_cache_type_option(OptionGroup& group, std::optional<std::string>& kv_cache_type) {
  group.choice({.names = "--kv-cache-type",
                .value = "bf16|f32|int8",
                .text = "The numbers of the K/V cache; bf16 takes half the memory of f32 and, behind long texts, half "
                        "the time to read; int8 takes half the memory of bf16 and rounds more.",
                .default_text = std::string(kv_cache_type_name(EngineOptions().kv_cache_type))},
               kv_cache_type);
}

DType kv_cache_type_of(const std::optional<std::string>& kv_cache_type) {
  return kv_cache_type ? parse_kv_cache_type(*kv_cache_type) : EngineOptions().kv_cache_type;
}

void add_engine_options(CLI::App& app, EngineFlags& flags) {
  OptionGroup group(app, "Engine");
  const EngineOptions defaults;
  group.integer({.names = "--max-model-len",
                 .value = "N",
                 .text = "Most tokens of a prompt and its answer together.",
                 .default_text = "the checkpoint's, at most 4096"},
                flags.max_model_len);
  group.size({.names = "--cache-size",
              .value = "SIZE",
              .text = "Memory of the K/V cache, such as 512M or 2G.",
              .default_text = "what the sequences need, at most a quarter of memory",
              .environment = "WEDLM_CACHE_SIZE"},
             flags.cache_bytes);
  add_kv_cache_type_option(group, flags.kv_cache_type);
  group.flag({.names = "--no-prefix-cache", .text = "Compute every prompt from its beginning."}, flags.no_prefix_cache);
  group.integer({.names = "--max-num-seqs",
                 .value = "N",
                 .text = "Most sequences in one forward.",
                 .default_text = std::to_string(defaults.max_num_seqs)},
                flags.max_num_seqs);
  group.integer({.names = "--max-num-batched-tokens",
                 .value = "N",
                 .text = "Most rows in one forward.",
                 .default_text = std::to_string(defaults.max_num_batched_tokens)},
                flags.max_num_batched_tokens);
  group.integer({.names = "--kv-block-size",
                 .value = "N",
                 .text = "Tokens in a page of the K/V cache.",
                 .default_text = std::to_string(defaults.block_size)},
                flags.kv_block_size);
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
                 .text = "The same seed gives the same answer.",
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
  group.number({.names = "--gate-epsilon",
                .value = "X",
                .text = "gated: a guess is likely enough at min(epsilon, delta * exp(-entropy)).",
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

void add_output_options(CLI::App& app, OutputOptions& options) {
  OptionGroup group(app, "Output");
  group.flag({.names = "-q,--quiet", .text = "Nothing on standard error but errors."}, options.quiet);
  group.flag({.names = "--no-color", .text = "No colours. The environment variable NO_COLOR says the same."},
             options.no_color);
}

}  // namespace wedlm::cli
