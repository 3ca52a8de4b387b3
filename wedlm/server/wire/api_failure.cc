#include "wedlm/server/wire/api_failure.h"

#include <string_view>

#include "wedlm/base/error.h"
#include "wedlm/base/json_values.h"

namespace wedlm::server {
namespace {

std::string_view anthropic_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

}  // namespace

void refuse(std::string param, std::string message) {
  throw ApiError({.message = std::move(message), .param = std::move(param)});
}

ApiFailure failure_of(const std::exception& error) {
  if (const auto* api = dynamic_cast<const ApiError*>(&error)) return api->failure();
  if (dynamic_cast<const InvalidInput*>(&error) != nullptr) return {.message = error.what()};
  if (dynamic_cast<const ResourceError*>(&error) != nullptr) {
    return {.status = 503, .message = error.what(), .type = "server_error", .retry_after_seconds = 1};
  }
  return {.status = 500, .message = "the server failed; its log says why", .type = "server_error"};
}

Json openai_error(const ApiFailure& failure) {
  return Json::object({{"error", Json::object({{"message", failure.message},
                                               {"type", failure.type},
                                               {"param", json_value::written(failure.param)},
                                               {"code", json_value::written(failure.code)}})}});
}

Json anthropic_error(const ApiFailure& failure) {
  return Json::object(
      {{"type", "error"},
       {"error", Json::object({{"type", std::string(anthropic_type(failure.status))}, {"message", failure.message}})}});
}

}  // namespace wedlm::server
