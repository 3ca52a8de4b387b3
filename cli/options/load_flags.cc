#include "cli/options/load_flags.h"

#include <algorithm>
#include <cstdlib>

#include "cli/options/option_group.h"
#include "wedlm/base/error.h"
#include "wedlm/base/number_range.h"
#include "wedlm/base/number_text.h"

namespace wedlm::cli {
namespace {

constexpr const char* kDefaultUrl = "http://127.0.0.1:8080";
constexpr std::int32_t kDefaultClients = 8;
constexpr std::int32_t kMaxClients = 65536;
constexpr std::int64_t kDefaultRequests = 100;
constexpr std::int64_t kMaxRequests = 1'000'000'000;
constexpr std::int64_t kMaxPromptWords = 10'000'000;
constexpr std::int64_t kMaxSeed = std::int64_t{1} << 52;  // so that the number of a request can be added
constexpr double kMaxSeconds = 1e6;
constexpr std::int32_t kDefaultMaxTokens = 128;

template <class Integer>
void check_range(const char* name, std::int64_t low, std::int64_t high, const std::optional<Integer>& value) {
  if (!value || (*value >= low && *value <= high)) return;
  throw InvalidInput(std::string(name) + ": expected an integer from " + std::to_string(low) + " to " +
                     std::to_string(high) + ", got " + std::to_string(*value));
}

void check_range(const char* name, const NumberRange& range, const std::optional<double>& value) {
  if (!value || range.contains(*value)) return;
  throw InvalidInput(std::string(name) + ": expected " + range.text("a number") + ", got " + shortest(*value));
}

void check_not_both(const char* one, bool has_one, const char* other, bool has_other) {
  if (has_one && has_other) throw InvalidInput(std::string("give either ") + one + " or " + other + ", not both");
}

void check_needs(const char* one, bool has_one, const char* other, bool has_other) {
  if (has_one && !has_other) throw InvalidInput(std::string(one) + " goes with " + other + ", which was not given");
}

void check(const LoadFlags& flags) {
  const NumberRange seconds = NumberRange::above_up_to(0, kMaxSeconds);
  check_range("--concurrency", 1, kMaxClients, flags.concurrency);
  check_range("--max-concurrency", 1, kMaxClients, flags.max_concurrency);
  check_range("--rate", NumberRange::above_up_to(0, 1e5), flags.rate);
  check_range("--requests", 1, kMaxRequests, flags.num_requests);
  check_range("--duration", seconds, flags.duration);
  check_range("--warmup", 0, kMaxRequests, flags.num_warmup_requests);
  check_range("--prompt-tokens", 1, kMaxPromptWords, flags.prompt_tokens);
  check_range("--shared-prefix", 0, kMaxPromptWords, flags.shared_prefix);
  check_range("--max-tokens", 1, kMaxPromptWords, flags.max_tokens);
  check_range("--seed", 0, kMaxSeed, flags.seed);
  check_range("--temperature", NumberRange::at_least(0), flags.temperature);
  check_range("--timeout", seconds, flags.timeout);

  const bool has_rate = flags.rate.has_value();
  check_not_both("--concurrency", flags.concurrency.has_value(), "--rate", has_rate);
  check_needs("--max-concurrency", flags.max_concurrency.has_value(), "--rate", has_rate);
  check_needs("--arrivals", flags.arrivals.has_value(), "--rate", has_rate);
  const bool is_given = !flags.prompts.texts.empty() || flags.prompts.file;
  check_not_both("--prompt-tokens", flags.prompt_tokens.has_value(), "--prompt or --file", is_given);
  check_not_both("--shared-prefix", flags.shared_prefix.has_value(), "--prompt or --file", is_given);
  check_needs("--system", flags.prompts.system.has_value(), "--prompt or --file", is_given);
  check_not_both("--system", flags.prompts.system.has_value(), "--completions", flags.is_completions);
}

/// The members of a request that say what a prompt asks.
Json members_of(Prompt prompt, bool is_completion) {
  prompt.form = PromptForm::kChat;  // prompt_json() has no member for it: the endpoint says how a text is taken
  if (is_completion) {
    if (!prompt.messages.is_null())
      throw InvalidInput(prompt.source + ": messages are a chat; leave --completions out");
    prompt.template_arguments = {};
  } else {
    if (!prompt.token_ids.empty()) throw InvalidInput(prompt.source + ": token ids are no chat; give --completions");
    prompt.messages = messages_of(prompt);
  }
  return prompt_json(prompt);
}

load::LoadPrompts prompts_of(const LoadFlags& flags, std::size_t& num_given) {
  if (flags.prompts.texts.empty() && !flags.prompts.file) {
    load::MadePrompts made;
    set_if_given(made.num_words, flags.prompt_tokens);
    set_if_given(made.num_shared_words, flags.shared_prefix);
    set_if_given(made.seed, flags.seed);
    return load::LoadPrompts(made);
  }
  std::vector<Json> members;
  for (PromptLine& line : read_prompt_lines(flags.prompts)) {
    members.push_back(members_of(std::move(line.prompt), flags.is_completions));
  }
  num_given = members.size();
  return load::LoadPrompts(std::move(members));
}

void add_server_options(CLI::App& app, LoadFlags& flags) {
  OptionGroup group(app, "Server");
  group.text({.names = "URL",
              .value = "URL",
              .text = "http://HOST:PORT, https://HOST, with or without a path and /v1, or unix:PATH.",
              .default_text = kDefaultUrl},
             flags.url);
  group.text({.names = "--api-key",
              .value = "KEY",
              .text = "Sent as a bearer token. OPENAI_API_KEY is read too.",
              .environment = "WEDLM_API_KEY"},
             flags.api_key);
  group.text(
      {.names = "--model", .value = "NAME", .text = "The model to ask for.", .default_text = "the first it lists"},
      flags.model);
  group.number({.names = "--timeout",
                .value = "SECONDS",
                .text = "A request that takes longer has failed.",
                .default_text = "600"},
               flags.timeout);
  group.flag({.names = "--insecure", .text = "With https, do not check the server's certificate."}, flags.is_insecure);
}

void add_pace_options(CLI::App& app, LoadFlags& flags) {
  OptionGroup group(app, "Load");
  group.integer({.names = "-c,--concurrency",
                 .value = "N",
                 .text = "Clients that each ask one request after the other.",
                 .default_text = std::to_string(kDefaultClients)},
                flags.concurrency);
  group.number({.names = "--rate",
                .value = "N",
                .text = "Instead of clients: so many requests arrive each second, answered or not."},
               flags.rate);
  group.choice({.names = "--arrivals",
                .value = "poisson|even",
                .text = "With --rate: at random moments, or at equal distances.",
                .default_text = "poisson"},
               flags.arrivals);
  group.integer({.names = "--max-concurrency", .value = "N", .text = "With --rate: what is more than that waits."},
                flags.max_concurrency);
  group.integer({.names = "--requests",
                 .value = "N",
                 .text = "Requests in all.",
                 .default_text = "each prompt of --file once, else 100; no limit with --duration"},
                flags.num_requests);
  group.number({.names = "--duration", .value = "SECONDS", .text = "Send no more requests after that."},
               flags.duration);
  group.integer(
      {.names = "--warmup", .value = "N", .text = "Requests before those, which do not count.", .default_text = "0"},
      flags.num_warmup_requests);
}

void add_what_is_asked(CLI::App& app, LoadFlags& flags) {
  OptionGroup group(app, "Prompt");
  group.texts({.names = "-p,--prompt", .value = "TEXT", .text = "What to ask. May be repeated: they take turns."},
              flags.prompts.texts);
  group.path(
      {.names = "-f,--file",
       .value = "FILE",
       .text = "Prompts, which take turns: a .jsonl file, {\"prompt\": ...} or {\"messages\": [...]} a line, or a "
               "text file with a prompt a line, `-` for standard input."},
      flags.prompts.file);
  group.text({.names = "-s,--system", .value = "TEXT", .text = "The system message."}, flags.prompts.system);
  group.integer({.names = "--prompt-tokens",
                 .value = "N",
                 .text = "Instead of -p and -f: prompts of so many English words, about a token each, no two of which "
                         "begin alike.",
                 .default_text = std::to_string(load::MadePrompts().num_words)},
                flags.prompt_tokens);
  group.integer(
      {.names = "--shared-prefix", .value = "N", .text = "Words that all of these have in front.", .default_text = "0"},
      flags.shared_prefix);
}

void add_request_options(CLI::App& app, LoadFlags& flags) {
  OptionGroup group(app, "Request");
  group.flag({.names = "--completions", .text = "Ask /completions for a text's continuation, not /chat/completions."},
             flags.is_completions);
  group.integer({.names = "-n,--max-tokens",
                 .value = "N",
                 .text = "Length of an answer.",
                 .default_text = std::to_string(kDefaultMaxTokens)},
                flags.max_tokens);
  group.number({.names = "-t,--temperature", .value = "T", .text = "The server's own unless given."},
               flags.temperature);
  group.integer({.names = "--seed",
                 .value = "N",
                 .text = "For made prompts and arrivals, and sent where it is given, one more with each request."},
                flags.seed);
  group.flag({.names = "--ignore-eos", .text = "Answers go on to their full length, where the server can."},
             flags.ignore_eos);
  group.add_switch({.names = "--stream", .text = "Answers come as they grow (the default)."},
                   [&flags] { flags.is_whole = false; });
  group.flag({.names = "--no-stream", .text = "Answers come whole."}, flags.is_whole);
  group.text({.names = "--extra-body",
              .value = "JSON",
              .text = "An object whose members are added to each request, and win: '{\"mode\": \"exact\"}'."},
             flags.extra_body);
}

}  // namespace

load::HttpOptions LoadFlags::http_options() const {
  check(*this);
  load::HttpOptions options{.address = load::parse_server_address(url.value_or(kDefaultUrl))};
  const char* openai_key = std::getenv("OPENAI_API_KEY");
  options.api_key = api_key.value_or(openai_key != nullptr ? openai_key : "");
  set_if_given(options.timeout_seconds, timeout);
  if (is_insecure) options.certificate_check = load::CertificateCheck::kNone;
  return options;
}

load::LoadPlan LoadFlags::plan() const {
  check(*this);
  std::size_t num_given = 0;
  load::LoadPlan plan{
      .endpoint = is_completions ? load::Endpoint::kCompletions : load::Endpoint::kChat,
      .prompts = prompts_of(*this, num_given),
      .request = {.model = model.value_or(""),
                  .is_streamed = !is_whole,
                  .max_tokens = max_tokens.value_or(kDefaultMaxTokens),
                  .temperature = temperature,
                  .seed = seed,
                  .ignore_eos = ignore_eos},
      .max_running = rate ? max_concurrency.value_or(kMaxClients) : concurrency.value_or(kDefaultClients),
      .rate = rate,
      .arrivals = arrivals == "even" ? load::ArrivalProcess::kEven : load::ArrivalProcess::kPoisson,
      .arrival_seed = static_cast<std::uint64_t>(seed.value_or(0)),
      .num_requests = num_requests,
      .seconds = duration,
      .num_warmup_requests = num_warmup_requests.value_or(0)};
  if (!num_requests && !duration) {
    plan.num_requests = prompts.file ? static_cast<std::int64_t>(num_given) : kDefaultRequests;
  }
  if (extra_body) {
    plan.request.extra = parse_json(*extra_body, "--extra-body");
    if (!plan.request.extra.is_object()) {
      throw InvalidInput("--extra-body: expected an object, got " + std::string(plan.request.extra.kind()));
    }
  }
  return plan;
}

void add_load_options(CLI::App& app, LoadFlags& flags) {
  add_server_options(app, flags);
  add_pace_options(app, flags);
  add_what_is_asked(app, flags);
  add_request_options(app, flags);
}

}  // namespace wedlm::cli
