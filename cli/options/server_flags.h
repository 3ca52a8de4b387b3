// Where the server listens, who may come in, how much it takes and what it writes down, as a person gives them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/options/option_group.h"
#include "wedlm/frontend/sampling_settings.h"
#include "wedlm/server/server.h"

namespace wedlm::cli {

struct ServerFlags {
  std::optional<std::string> host{};
  std::optional<std::int32_t> port{};
  std::vector<std::string> api_keys{};
  std::optional<std::string> api_key_file{};
  std::optional<std::string> tls_cert{};
  std::optional<std::string> tls_key{};
  std::vector<std::string> cors_origins{};
  std::vector<std::string> allowed_hosts{};
  std::optional<std::int32_t> max_queue{};
  std::optional<std::int32_t> max_connections{};
  std::optional<std::size_t> max_body{};
  std::optional<double> request_timeout{};
  std::optional<double> drain_seconds{};
  std::optional<std::int32_t> io_threads{};
  std::optional<std::string> model_name{};
  std::optional<std::string> reasoning_format{};
  std::vector<JsonMember> limits{};
  std::optional<std::string> log_format{};
  bool log_prompts = false;
  bool always_usage = false;

  /// Throws InvalidInput for values that no server could have, and ResourceError for a file that cannot be read.
  server::ServerOptions server_options(const SamplingSettings& settings) const;
  std::chrono::milliseconds drain_time() const;
};

void add_server_options(CLI::App& app, ServerFlags& flags);

}  // namespace wedlm::cli
