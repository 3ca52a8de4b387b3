// One line for each request that has ended, as text for people or as JSON for programs.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "wedlm/base/named.h"
#include "wedlm/engine/request.h"

namespace wedlm::server {

enum class LogFormat { kText, kJson };
inline constexpr std::array kLogFormats = {Named{LogFormat::kText, "text"}, Named{LogFormat::kJson, "json"}};

struct RequestRecord {
  std::string id{};
  std::string client{};
  std::string method{};
  std::string path{};
  int status = 0;  // 499 where the client left before the answer
  double seconds = 0;
  std::optional<RequestStats> stats{};  // of its answers together
  std::string error{};                  // what the client was told, or for a fault of the server's what happened
  std::size_t num_unknown_members = 0;
  std::string prompt{};  // where the operator wants it logged
};

/// A status of nginx's, which has no meaning on the wire.
inline constexpr int kClientLeft = 499;

/// Without a line break. Times of the day are UTC.
std::string log_line(const RequestRecord& record, LogFormat format);

/// Takes one line. Called from several threads, one at a time.
using LogSink = std::function<void(const std::string& line)>;

}  // namespace wedlm::server
