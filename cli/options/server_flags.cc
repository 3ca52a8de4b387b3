#include "cli/options/server_flags.h"

#include "wedlm/base/error.h"
#include "wedlm/base/named.h"
#include "wedlm/base/number_text.h"
#include "wedlm/base/quote.h"
#include "wedlm/decode/option_values.h"
#include "wedlm/frontend/text_input.h"

namespace wedlm::cli {
namespace {

constexpr double kDefaultDrainSeconds = 30;
constexpr double kMaxSeconds = 1e6;
constexpr std::string_view kNumAnswers = "n";

std::chrono::milliseconds time_of(const char* name, double seconds) {
  if (!(seconds >= 0) || seconds > kMaxSeconds) {
    throw InvalidInput(std::string(name) + ": expected seconds from 0 to " + shortest(kMaxSeconds) + ", got " +
                       shortest(seconds));
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

/// "max_tokens=1024" or, as on the command line, "max-tokens=1024".
JsonMember parse_limit(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) throw InvalidInput("expected NAME=VALUE, got " + quote(text));
  const std::string_view name = text.substr(0, equals);
  const double value = parse_number(text.substr(equals + 1));
  if (name == kNumAnswers) return {.key = std::string(name), .value = value};
  const SamplingOption* option = find_json_option(name);
  if (option == nullptr) option = find_command_line_option(name);
  const bool is_number =
      option != nullptr && (option->field.kind == OptionKind::kNumber || option->field.kind == OptionKind::kInteger);
  if (!is_number) {
    std::vector<std::string> known = {std::string(kNumAnswers)};
    for (const SamplingOption& one : sampling_options()) known.emplace_back(one.json_name);
    throw InvalidInput("expected the name of a number that requests may have, got " + quote(name) +
                       did_you_mean(name, known));
  }
  return {.key = std::string(option->json_name), .value = value};
}

std::vector<std::string> keys_of(const std::string& path) {
  std::vector<std::string> keys;
  for_each_line(read_input(path), [&keys](std::string_view line, const std::string&) {
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (!line.starts_with('#')) keys.emplace_back(line);
  });
  if (keys.empty()) throw InvalidInput("--api-key-file: expected a key in a line of " + path + ", found none");
  return keys;
}

void add_places(CLI::App& app, ServerFlags& flags) {
  OptionGroup group(app, "Server");
  const server::HttpOptions defaults;
  group.text({.names = "--host",
              .value = "ADDRESS",
              .text = "Address or name to listen on; 0.0.0.0 for every network, unix:PATH for a socket in the file "
                      "system.",
              .default_text = defaults.host},
             flags.host);
  group.integer({.names = "--port",
                 .value = "N",
                 .text = "Port to listen on; 0 takes any that is free.",
                 .default_text = std::to_string(defaults.port)},
                flags.port);
  group.text({.names = "--served-model-name",
              .value = "NAME",
              .text = "The model's name in requests and answers.",
              .default_text = "that of the folder"},
             flags.model_name);
  group.path({.names = "--tls-cert", .value = "FILE", .text = "Speak TLS, with this chain of certificates (PEM)."},
             flags.tls_cert);
  group.path({.names = "--tls-key", .value = "FILE", .text = "The certificate's key (PEM)."}, flags.tls_key);
  group.integer({.names = "--io-threads",
                 .value = "N",
                 .text = "Threads that read requests and write answers.",
                 .default_text = std::to_string(defaults.num_threads)},
                flags.io_threads);
}

void add_access(CLI::App& app, ServerFlags& flags) {
  OptionGroup group(app, "Access");
  group.texts({.names = "--api-key",
               .value = "KEY",
               .text = "Only answer requests with this key (Authorization: Bearer KEY); /health and /ready stay open. "
                       "May be repeated. Other users of the machine can see a command line: a file or the "
                       "environment is safer."},
              flags.api_keys);
  group.path({.names = "--api-key-file", .value = "FILE", .text = "Keys, one a line; # begins a comment."},
             flags.api_key_file);
  group.texts({.names = "--cors-origin",
               .value = "ORIGIN",
               .text = "Let web pages of this origin (https://example.org) read answers; * for all. May be repeated."},
              flags.cors_origins);
  group.texts({.names = "--allowed-host",
               .value = "NAME",
               .text = "On a loopback address: a name that Host may have besides localhost, as behind a proxy. May be "
                       "repeated."},
              flags.allowed_hosts);
}

void add_limits(CLI::App& app, ServerFlags& flags) {
  OptionGroup group(app, "Limits");
  const server::HttpOptions defaults;
  group.add_repeated({.names = "--limit",
                      .value = "NAME=VALUE",
                      .text = "The most that a request may ask for, as max_tokens=1024, window_size=32 or n=4. May be "
                              "repeated."},
                     [&flags](std::string_view value) { flags.limits.push_back(parse_limit(value)); });
  group.integer({.names = "--max-queue",
                 .value = "N",
                 .text = "Requests that may wait for a place; further ones are told to try again (429).",
                 .default_text = std::to_string(EngineOptions().max_waiting)},
                flags.max_queue);
  group.integer({.names = "--max-connections",
                 .value = "N",
                 .text = "Connections at once.",
                 .default_text = std::to_string(defaults.max_connections)},
                flags.max_connections);
  group.size({.names = "--max-body",
              .value = "SIZE",
              .text = "Largest body of a request.",
              .default_text = size_text(static_cast<double>(defaults.max_body_bytes))},
             flags.max_body);
  group.number({.names = "--request-timeout",
                .value = "SECONDS",
                .text = "End an answer that takes longer (504).",
                .default_text = "none"},
               flags.request_timeout);
  group.number({.names = "--drain-seconds",
                .value = "SECONDS",
                .text = "How long running requests may go on after SIGTERM or Ctrl-C.",
                .default_text = shortest(kDefaultDrainSeconds)},
               flags.drain_seconds);
}

void add_answers(CLI::App& app, ServerFlags& flags) {
  OptionGroup group(app, "Answers and log");
  group.choice({.names = "--reasoning-format",
                .value = "auto|none",
                .text = "auto gives what stands between <think> and </think> as reasoning_content; none leaves it in "
                        "the text.",
                .default_text = "auto"},
               flags.reasoning_format);
  group.flag({.names = "--always-usage", .text = "End every stream with its usage, for clients that forget to ask."},
             flags.always_usage);
  group.choice({.names = "--log-format",
                .value = joined(names_of(server::kLogFormats), "|"),
                .text = "A line on standard error for each request, for people or for programs.",
                .default_text = "text"},
               flags.log_format);
  group.flag({.names = "--log-prompts", .text = "Log what was asked, too: prompts as the model reads them."},
             flags.log_prompts);
}

}  // namespace

std::chrono::milliseconds ServerFlags::drain_time() const {
  return time_of("--drain-seconds", drain_seconds.value_or(kDefaultDrainSeconds));
}

server::ServerOptions ServerFlags::server_options(const SamplingSettings& settings) const {
  check_at_least("--max-queue", 1, max_queue);
  check_at_least("--max-connections", 1, max_connections);
  check_at_least("--io-threads", 1, io_threads);
  if (port && (*port < 0 || *port > 65535)) {
    throw InvalidInput("--port: expected 0 to 65535, got " + std::to_string(*port));
  }
  if (tls_cert.has_value() != tls_key.has_value()) {
    throw InvalidInput(tls_cert ? "--tls-cert: expected --tls-key beside it"
                                : "--tls-key: expected --tls-cert beside it");
  }
  server::ServerOptions options{.api_keys = api_keys, .cors_origins = cors_origins, .allowed_hosts = allowed_hosts};
  set_if_given(options.http.host, host);
  set_if_given(options.http.port, port);
  set_if_given(options.http.num_threads, io_threads);
  set_if_given(options.http.max_connections, max_connections);
  set_if_given(options.http.max_body_bytes, max_body);
  if (tls_cert) options.http.tls = {.certificate = *tls_cert, .key = *tls_key};
  for (const std::string& key : api_keys) {
    if (key.empty()) throw InvalidInput("--api-key: expected a key, got an empty one");
  }
  if (api_key_file) {
    const std::vector<std::string> more = keys_of(*api_key_file);
    options.api_keys.insert(options.api_keys.end(), more.begin(), more.end());
  }
  options.call.settings = settings;
  for (const JsonMember& limit : limits) {
    if (limit.key == kNumAnswers) {
      options.call.max_answers = static_cast<int>(std::clamp(limit.value.as_number(), 1.0, double{kMaxAnswers}));
      continue;
    }
    options.call.limits.push_back(limit);
    if (limit.key == "max_tokens" && limit.value.as_number() < settings.default_max_tokens()) {
      options.call.settings.set_default_max_tokens(static_cast<std::int32_t>(std::max(limit.value.as_number(), 1.0)));
    }
  }
  options.call.shows_usage = always_usage;
  options.splits_thinking = reasoning_format.value_or("auto") == "auto";
  options.logs_prompts = log_prompts;
  if (log_format) options.log_format = parse_named("--log-format", *log_format, server::kLogFormats);
  if (request_timeout) options.request_timeout = time_of("--request-timeout", *request_timeout);
  options.version = WEDLM_VERSION;
  return options;
}

void add_server_options(CLI::App& app, ServerFlags& flags) {
  add_places(app, flags);
  add_access(app, flags);
  add_limits(app, flags);
  add_answers(app, flags);
}

}  // namespace wedlm::cli
