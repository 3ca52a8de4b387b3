// What a client is told when a call cannot be answered, before it is known in which API's shape. Sources: OpenAI's and
// Anthropic's API references, section "Errors", and RFC 9110 for the statuses.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "wedlm/base/json.h"

namespace wedlm::server {

struct ApiFailure {
  int status = 400;                              // of HTTP
  std::string message{};                         // what was wrong, what was expected and what came
  std::string type = "invalid_request_error";    // OpenAI's word
  std::optional<std::string> param{};            // the member that was wrong
  std::optional<std::string> code{};             // for programs: "context_length_exceeded"
  std::optional<int> retry_after_seconds{};      // where trying again later may help
  std::optional<std::string> allowed_methods{};  // of 405: "GET, HEAD"
};

class ApiError final : public std::exception {
 public:
  explicit ApiError(ApiFailure failure) : failure_(std::move(failure)) {}
  const char* what() const noexcept override { return failure_.message.c_str(); }
  const ApiFailure& failure() const { return failure_; }

 private:
  ApiFailure failure_;
};

/// A value of the caller's that is wrong: 400.
[[noreturn]] void refuse(std::string param, std::string message);

/// What an exception means for a client: that of an ApiError, 400 for InvalidInput, 503 for ResourceError, 500 for all
/// others, whose messages are for the log and not for clients.
ApiFailure failure_of(const std::exception& error);

/// {"error": {"message", "type", "param", "code"}}
Json openai_error(const ApiFailure& failure);
/// {"type": "error", "error": {"type", "message"}}
Json anthropic_error(const ApiFailure& failure);

}  // namespace wedlm::server
