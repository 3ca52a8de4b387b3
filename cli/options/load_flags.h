// The options of `wedlm load`: which server, how it is asked, how often, and with what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/options/prompts.h"
#include "wedlm/load/http_client.h"
#include "wedlm/load/load_run.h"

namespace CLI {
class App;
}  // namespace CLI

namespace wedlm::cli {

struct LoadFlags {
  // Server
  std::optional<std::string> url{};
  std::optional<std::string> api_key{};
  bool is_insecure = false;
  std::optional<double> timeout{};
  // Load
  std::optional<std::int32_t> concurrency{};
  std::optional<double> rate{};
  std::optional<std::string> arrivals{};
  std::optional<std::int32_t> max_concurrency{};
  std::optional<std::int64_t> num_requests{};
  std::optional<double> duration{};
  std::optional<std::int64_t> num_warmup_requests{};
  // Prompt
  PromptOptions prompts{};
  std::optional<std::int64_t> prompt_tokens{};
  std::optional<std::int64_t> shared_prefix{};
  // Request
  std::optional<std::string> model{};
  bool is_completions = false;
  bool is_whole = false;  // --no-stream
  std::optional<std::int32_t> max_tokens{};
  std::optional<double> temperature{};
  std::optional<std::int64_t> seed{};
  bool ignore_eos = false;
  std::optional<std::string> extra_body{};

  /// Both throw InvalidInput that names the option.
  load::HttpOptions http_options() const;
  /// Reads the prompts. The model is empty where none is named.
  load::LoadPlan plan() const;
};

void add_load_options(CLI::App& app, LoadFlags& flags);

}  // namespace wedlm::cli
