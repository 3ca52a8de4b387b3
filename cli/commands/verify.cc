// `wedlm verify`: is this checkpoint whole? Its files, its tensors, their values, and one forward.
#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>

#include "cli/commands/commands.h"
#include "cli/options/option_group.h"
#include "cli/options/session.h"
#include "cli/options/subcommand.h"
#include "wedlm/base/error.h"
#include "wedlm/base/mapped_file.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"
#include "wedlm/checkpoint/checkpoint.h"
#include "wedlm/eval/fidelity_report.h"
#include "wedlm/eval/recorded_logits.h"
#include "wedlm/frontend/read_result.h"
#include "wedlm/model/model_config.h"
#include "wedlm/model/weight_list.h"

namespace wedlm::cli {
namespace {

constexpr double kTolerance = 0.02;  // what bfloat16 arithmetic may cost; float32 stays a hundred times below

struct VerifyOptions {
  ModelOptions model;
  std::optional<std::string> logits;
  std::optional<double> tolerance;
  std::optional<std::string> text;
  OutputOptions output;
};

void report(const Console& console, std::string what, const std::string& found) {
  what.resize(11, ' ');
  if (!console.is_quiet()) console.print(what + "ok   " + found + "\n");
}

std::int64_t count_non_finite(const ConstTensor& tensor) {
  constexpr std::int64_t kChunk = 1 << 16;
  std::vector<float> values(static_cast<std::size_t>(kChunk));
  const std::int64_t num_elements = tensor.shape().num_elements();
  const auto* bytes = static_cast<const std::byte*>(tensor.data());
  std::int64_t num_found = 0;
  for (std::int64_t first = 0; first < num_elements; first += kChunk) {
    const auto count = static_cast<std::size_t>(std::min(kChunk, num_elements - first));
    to_f32(tensor.dtype(), bytes + static_cast<std::size_t>(first) * dtype_bytes(tensor.dtype()), values.data(), count);
    num_found += std::count_if(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count),
                               [](float value) { return !std::isfinite(value); });
  }
  return num_found;
}

void check_values(const Checkpoint& checkpoint) {
  constexpr std::size_t kMostNamed = 5;
  std::size_t num_tensors = 0;
  std::string names;
  for (const Checkpoint::Entry& entry : checkpoint.tensors()) {
    if (!entry.unusable.empty()) continue;             // no weight, or check_weights() would have refused it
    if (entry.tensor.dtype() == DType::kU8) continue;  // packed weights: loading them looks at their scales
    const std::int64_t num_found = count_non_finite(entry.tensor);
    if (num_found == 0) continue;
    if (++num_tensors > kMostNamed) continue;
    names += (names.empty() ? "" : ", ") + entry.name + " (" + std::to_string(num_found) + " of " +
             std::to_string(entry.tensor.shape().num_elements()) + ")";
  }
  if (num_tensors == 0) return;
  if (num_tensors > kMostNamed) names += " and " + std::to_string(num_tensors - kMostNamed) + " more";
  throw InvalidInput(checkpoint.folder().string() + ": expected finite weights, found NaN or infinity in " + names);
}

/// Any few tokens will do.
std::vector<TokenId> short_prompt(const LoadedModel& model) {
  if (model.tokenizer() != nullptr) {
    std::vector<TokenId> ids = model.tokenizer()->encode("Hello, world", SpecialTokens::kAsText);
    const bool are_inside =
        std::all_of(ids.begin(), ids.end(), [&](TokenId id) { return id < model.config().vocab_size; });
    if (!ids.empty() && are_inside) return ids;
  }
  std::vector<TokenId> ids;
  for (TokenId id = 0; id < std::min<std::int64_t>(4, model.config().vocab_size); ++id) ids.push_back(id);
  return ids;
}

/// Fails where a recorded logit is further away than the tolerance, as a share of its row's range.
void check_logits(const VerifyOptions& options, LoadedModel& model, const Console& console) {
  const std::string& path = *options.logits;
  const MappedFile file(path);
  const LogitsComparison comparison = compare_logits(model, parse_json(file.text(), path), path);
  std::ostringstream found;
  const LogitsRow& worst = comparison.worst;
  found << "largest error " << worst.error_share << " of a row's range, over " << comparison.num_rows
        << " rows: record " << worst.record << ", position " << worst.position << ", token " << worst.token << " has "
        << worst.got << ", recorded is " << worst.recorded;
  const double tolerance = options.tolerance.value_or(kTolerance);
  if (!(worst.error_share <= tolerance)) {
    found << "; expected at most " << tolerance;
    throw InvalidInput(path + ": " + found.str());
  }
  report(console, "logits", found.str());
}

/// Says how much the chosen weight formats, and a larger shape, change over a text.
void compare_formats(const VerifyOptions& options, LoadedModel& model, const Console& console) {
  if (model.config().quantization) {
    throw InvalidInput(
        "--text: this checkpoint is quantized and holds no other weights to compare with; "
        "`wedlm quantize --text` compares it with the one that it is made from");
  }
  LoadOptions stored = options.model.load_options();
  stored.formats = {};
  stored.inflate.reset();
  const auto truth = LoadedModel::load(options.model.folder(), stored);
  report(console, "text", fidelity_text(*truth, model, *options.text));
}

/// A template that cannot be used hinders no forward, but whoever asks whether a checkpoint is whole wants to know.
std::string template_text(const ChatTemplate* chat_template) {
  if (chat_template == nullptr) return "no chat template";
  const std::optional<std::string> fault = chat_template->fault();
  return fault ? "a chat template that cannot be used: " + on_one_line(*fault) : "a chat template";
}

void run_forward(const VerifyOptions& options, const Console& console) {
  const Console silent({.quiet = true});
  Session session = open_session(options.model, {.max_num_seqs = 1}, silent);
  report(console, "tokenizer",
         session.model->tokenizer() == nullptr ? "none: this model takes and gives token ids only"
                                               : std::to_string(session.model->tokenizer()->vocab_size()) +
                                                     " tokens, " + template_text(session.model->chat_template()));
  const bool has_mask = session.model->config().mask_token_id != kNoToken;
  SamplingParams params;
  params.mode = has_mask ? DecodeMode::kStreaming : DecodeMode::kAutoregressive;
  params.entropy_threshold.reset();  // one mask, filled whatever its entropy: a single forward
  params.fallback = Fallback::kLeftmost;
  params.temperature = 0;
  params.max_tokens = 1;
  const auto stream = session.engine->submit({.prompt = short_prompt(*session.model), .params = params});
  const Result& result = stream->wait();
  check_result(result, "forward");
  report(console, "forward",
         std::to_string(result.stats.rows()) + " rows on " + session.model->backend().description() +
             (has_mask ? "" : "; without a mask token, autoregressive only"));
  session.engine.reset();
  if (options.logits) check_logits(options, *session.model, console);
  if (options.text) compare_formats(options, *session.model, console);
}

int run_verify(const VerifyOptions& options) {
  const Console console(options.output);
  {
    const Checkpoint checkpoint = Checkpoint::open(options.model.folder());
    note_adapter(checkpoint.folder(), console);
    report(console, "files",
           std::to_string(checkpoint.files().size()) + " with weights, " +
               size_text(static_cast<double>(checkpoint.total_bytes())));
    const ModelConfig config = parse_model_config(checkpoint.config());
    parse_generation_config(checkpoint.generation_config(), config.vocab_size);
    report(console, "config", config.model_type + ", " + std::to_string(config.num_hidden_layers) + " layers");
    check_weights(checkpoint, config);
    report(console, "tensors",
           std::to_string(checkpoint.tensors().size()) + " with " +
               count_text(static_cast<double>(config.num_parameters())) +
               " parameters, none missing, extra or misshapen");
    check_values(checkpoint);
    report(console, "values", "no NaN and no infinity");
  }
  run_forward(options, console);
  console.print("ok\n");
  return 0;
}

}  // namespace

Command add_verify(CLI::App& program) {
  CLI::App* app = add_subcommand(
      program, "verify",
      "Check that a checkpoint is whole.\nEvery tensor is there in its shape, no value is NaN or infinite, and one "
      "forward runs. Prints `ok` and exits with 0, or says what is wrong.");
  const auto options = std::make_shared<VerifyOptions>();
  add_model_options(*app, options->model);
  OptionGroup(*app, "Model")
      .path({.names = "MODEL", .value = "MODEL", .text = "The same as --model."}, options->model.model);
  OptionGroup comparison(*app, "Comparison");
  comparison.path({.names = "--logits",
                   .value = "FILE",
                   .text = "Compare with recorded logits: a JSON array of objects with prompt_ids and "
                           "prompt_last_logits, and possibly window_ids, window_positions and window_logits, as "
                           "tools/record_logits.py writes it."},
                  options->logits);
  comparison.number({.names = "--tolerance",
                     .value = "X",
                     .text = "Largest difference that passes, as a share of the range of a row's logits.",
                     .default_text = "0.02"},
                    options->tolerance);
  comparison.path({.names = "--text",
                   .value = "FILE",
                   .text = "Say how much --weights changes: over this text, how often the most likely next token is "
                           "that of the stored weights, the KL divergence, and the perplexity of both."},
                  options->text);
  OptionGroup(*app, "Output")
      .flag({.names = "-q,--quiet", .text = "Print nothing but the last line."}, options->output.quiet);
  set_footer(
      *app,
      "Examples:\n  wedlm verify\n  wedlm verify ~/models/WeDLM-8B-Instruct\n  wedlm verify --weights int4 --text "
      "README.md");
  return {.app = app, .run = [options] { return run_verify(*options); }};
}

}  // namespace wedlm::cli
